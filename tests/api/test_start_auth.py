"""Who may call the SCR interfaces (S-02, S-03, S-81, C-10)."""

import base64

import pytest

from tests.api.conftest import basic
from tests.support.scr import UNAUTHORIZED, nothing_stored, refused, started

CHALLENGE = 'Basic realm="POSTIDENT SCR", charset="UTF-8"'
OPERATIONS = (
    ("POST", "/cases"),
    ("GET", "/alive"),
    ("GET", "/cases/delivery"),
    ("GET", "/cases/delivery/ABCDEFGHIJKL"),
    ("PATCH", "/cases/archive"),
    ("PATCH", "/cases/delivery/archive"),
)
NOT_COMPARED = {"date", "x-request-id", "x-trace-id", "x-traceid", "server-timing"}


def encoded(credentials: bytes) -> str:
    return "Basic " + base64.b64encode(credentials).decode()


def looks(response) -> tuple:
    """Everything by which a caller could tell two answers apart."""
    kept = {name: value for name, value in response.headers.items() if name not in NOT_COMPARED}
    return response.status_code, kept, response.content


@pytest.mark.req("S-02")
def test_another_version_is_not_found_whoever_asks(account):
    for version in ("v2", "V1", "v0", "v1.0", "1", ""):
        for auth in (None, account.auth):
            response = account.server.http.post(f"/api/scr/{version}/{account.client_id}/cases", json={}, auth=auth)
            (entry,) = refused(response, 404)
            assert entry == {"key": "not found", "message": "Resource not found."}
            assert "www-authenticate" not in response.headers


@pytest.mark.req("S-02")
def test_client_ids_have_eight_characters_and_their_case_matters(server):
    account = server.account()
    assert len(account.client_id) == 8
    assert all(character in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" for character in account.client_id)
    started(account)
    lower = server.account(clientId="ABCDEFGH" + account.client_id[:4])
    assert lower.client_id.startswith("ABCDEFGH")
    for wrong in (lower.client_id.lower(), lower.client_id.capitalize(), lower.client_id + "A", lower.client_id[:-1]):
        response = server.http.post(f"/api/scr/v1/{wrong}/cases", json={}, auth=lower.auth)
        assert response.content == UNAUTHORIZED


WAYS_TO_FAIL = (
    lambda account, other: None,
    lambda account, other: "",
    lambda account, other: "Basic",
    lambda account, other: "Basic !!!",
    lambda account, other: "Bearer demo-admin-token",
    lambda account, other: encoded(b"no colon"),
    lambda account, other: encoded(b"\xff\xfe:\xff"),
    lambda account, other: basic(*account.auth)[:-4],
    lambda account, other: basic(account.username, account.password + "x"),
    lambda account, other: basic(account.username, ""),
    lambda account, other: basic(account.username.upper(), account.password),
    lambda account, other: basic("nobody", account.password),
    lambda account, other: basic("", ""),
    lambda account, other: basic(*other.auth),
    lambda account, other: basic(account.username, other.password),
    lambda account, other: basic(account.alive_username, account.password),
    lambda account, other: basic(account.alive_username, account.alive_password),
    lambda account, other: basic("demo-scr", "demo-scr-password"),
)
"""`Authorization` headers with which nobody may start a case."""
FREE_FAILURES = 4


@pytest.mark.req("S-03", "C-10")
def test_every_way_to_fail_looks_the_same(account, server):
    other, seen = server.account(), []
    with nothing_stored(account, other):
        for number, way in enumerate(WAYS_TO_FAIL):
            if number % FREE_FAILURES == 0:
                # Further failures of one account would be slowed down.
                victim = server.account()
            authorization = way(victim, other)
            headers = {} if authorization is None else {"Authorization": authorization}
            seen.append(looks(victim.request("POST", "/cases", auth=None, headers=headers)))
        for number, (method, path) in enumerate(OPERATIONS):
            for authorization in (None, basic("nobody", "nothing"), basic(*other.auth)):
                headers = {} if authorization is None else {"Authorization": authorization}
                fresh = server.account()
                seen.append(looks(fresh.request(method, path, auth=None, headers=headers)))
            unknown_client = f"/api/scr/v1/ZZZ{number}{account.client_id[:4]}"
            seen.append(looks(server.http.request(method, unknown_client + path, auth=account.auth)))
    assert seen[0][0] == 401
    assert seen[0][1]["www-authenticate"] == CHALLENGE
    assert seen[0][2] == UNAUTHORIZED
    assert all(answer == seen[0] for answer in seen)
    started(account)


@pytest.mark.req("S-03")
def test_two_authorization_headers_are_none(account):
    headers = [("Authorization", basic(*account.auth)), ("Authorization", basic("x", "y"))]
    assert account.request("GET", "/alive", auth=None, headers=headers).content == UNAUTHORIZED


@pytest.mark.req("S-03")
def test_the_scheme_s_case_does_not_matter(account):
    good = basic(*account.auth)
    for scheme in ("basic", "BASIC", "Basic"):
        response = account.request("GET", "/alive", auth=None, headers={"Authorization": scheme + good[5:]})
        assert response.status_code == 200


@pytest.mark.req("S-03")
def test_authentication_comes_before_anything_the_request_says(account):
    with nothing_stored(account):
        for content, media_type in ((b"{", "application/json"), (b"{}", "text/plain"), (b"x" * 2**21, "text/plain")):
            response = account.start(content=content, headers={"Content-Type": media_type}, auth=("x", "y"))
            assert (response.status_code, response.content) == (401, UNAUTHORIZED)


@pytest.mark.req("S-81")
def test_the_alive_account_opens_the_availability_check_and_nothing_else(account):
    alive = (account.alive_username, account.alive_password)
    assert account.get("/alive", auth=alive).json() == {"status": "OK"}
    with nothing_stored(account):
        for method, path in OPERATIONS:
            if path != "/alive":
                response = account.request(method, path, auth=alive)
                assert (response.status_code, response.content) == (401, UNAUTHORIZED)
                assert response.headers["www-authenticate"] == CHALLENGE


@pytest.mark.req("C-01", "S-03")
def test_rotated_credentials_end_at_once_or_after_their_overlap(own_server):
    account = own_server.account()
    old = account.auth

    def rotate(**body: int) -> tuple[str, str]:
        response = own_server.admin("POST", f"/scr-clients/{account.client_id}/rotate", json=body)
        assert response.status_code == 200, response.text
        return response.json()["username"], response.json()["password"]

    def works(auth: tuple[str, str]) -> bool:
        return account.get("/alive", auth=auth).status_code == 200

    second = rotate(overlapSeconds=3600)
    assert works(old)
    assert works(second)
    own_server.advance(3601)
    assert not works(old)
    assert works(second)
    third = rotate()
    assert not works(second)
    assert works(third)


@pytest.mark.req("C-10")
def test_right_credentials_are_not_delayed_by_somebody_else_s_failures(account):
    for _ in range(7):
        assert account.get("/alive", auth=(account.username, "wrong")).status_code == 401
    response = account.get("/alive")
    assert response.status_code == 200
    # Eight failures of one account and address make the next one wait 0.4 s and more; a success never waits.
    assert response.elapsed.total_seconds() < 0.35


@pytest.mark.req("C-10")
def test_failures_are_slowed_down_more_and_more_also_for_accounts_that_do_not_exist(own_server):
    for client_id in (own_server.account().client_id, "ZZZZZZZZ"):
        path = f"/api/scr/v1/{client_id}/alive"
        spent = [own_server.http.get(path, auth=("x", "y")).elapsed.total_seconds() for _ in range(9)]
        assert spent[8] > 0.4
        assert spent[7] > 0.2
