"""The console of a production server: nobody's demo user, a cookie for this host and https alone, no sandbox bar."""

import re

import httpx
import pytest

from tests.api.conftest import deploy
from tests.support.console import TOKEN

ADMIN_TOKEN = "a-token-of-one-s-own-with-forty-characters"
ENVIRONMENT = {
    "FALLWERK_MODE": "production",
    "FALLWERK_ADMIN_TOKEN": ADMIN_TOKEN,
    "FALLWERK_PUBLIC_BASE_URL": "https://fallwerk.example",
    "FALLWERK_BEHIND_PROXY": "true",
    "FALLWERK_TRUSTED_PROXIES": "127.0.0.1",
}


def sign_in(url, username, password):
    """Sign in as a browser behind the proxy does; the tests' connection is none that would send such a cookie back."""
    page = httpx.get(f"{url}/console/sign-in")
    cookie = page.headers["set-cookie"]
    fields = {"form_token": TOKEN.search(page.text)[1], "username": username, "password": password}
    headers = {"Cookie": cookie.partition(";")[0]}
    return page, httpx.post(f"{url}/console/sign-in", data=fields, headers=headers)


@pytest.mark.req("W-04")
def test_production_has_no_demo_user_and_keeps_its_cookie_to_https_and_this_host(databases, tmp_path_factory):
    with deploy(databases, tmp_path_factory, "sqlite", ENVIRONMENT) as server:
        bearer = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        assert server.admin("GET", "/staff-users", headers=bearer).json() == []
        page, answer = sign_in(server.url, "admin", "demo-admin-password")
        assert answer.status_code == 422
        assert 'class="sandbox"' not in page.text
        assert "demo-admin-password" not in page.text
        body = {"username": "first", "name": "Erste", "roles": ["admin"]}
        made = server.admin("POST", "/staff-users", json=body, headers=bearer).json()
        _, answer = sign_in(server.url, "first", made["password"])
        assert answer.status_code == 303
        cookie = answer.headers["set-cookie"]
        assert re.fullmatch(r"__Host-fallwerk=[\w-]{32}; HttpOnly; Path=/; SameSite=strict; Secure", cookie)
        assert "max-age" in answer.headers["strict-transport-security"]
