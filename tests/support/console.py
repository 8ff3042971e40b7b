"""A browser without scripts at the console, and people to sign in with."""

import html
import re
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import httpx

if TYPE_CHECKING:
    from tests.api.conftest import Running

CHOSEN: Final = "korrekt pferd batterie klammer"
TOKEN: Final = re.compile(r'name="form_token" value="([0-9a-f]{64})"')


class Desk:
    """Somebody's browser: keeps cookies, sends forms with the token of the last page."""

    def __init__(self, server: "Running", username: str = "", password: str = "") -> None:
        self.server = server
        self.username, self.password = username, password
        self.http = httpx.Client(base_url=server.url, timeout=30, headers={"Accept-Language": "de"})
        # Tests make many of these; each closes its connections when nobody holds it any more.
        weakref.finalize(self, self.http.close)
        self.page: httpx.Response | None = None

    def get(self, path: str, **options: Any) -> httpx.Response:
        """Open a page and follow where it leads."""
        self.page = self.http.get("/console" + path, follow_redirects=True, **options)
        return self.page

    def post(self, path: str, fields: Any = None, *, token: str | None = None, **options: Any) -> httpx.Response:
        """Send a form with the token of the page that is open, and stay where the answer is."""
        if token is None:
            found = TOKEN.search(self.page.text if self.page is not None else "")
            token = found[1] if found else ""
        answer = self.http.post("/console" + path, data={"form_token": token, **(fields or {})}, **options)
        if answer.status_code != 303:
            self.page = answer
        return answer

    def follow(self, answer: httpx.Response) -> httpx.Response:
        """Go where an answer leads."""
        assert answer.status_code == 303, f"{answer.status_code}: {text_of(answer)}"
        self.page = self.http.get(answer.headers["location"], follow_redirects=True)
        return self.page

    def sign_in(self, password: str | None = None, username: str | None = None) -> httpx.Response:
        """Sign in and return the form's answer."""
        self.get("/sign-in")
        fields = {"username": username or self.username, "password": password or self.password}
        return self.post("/sign-in", fields)


def make_user(server: "Running", roles: Sequence[str], **more: Any) -> dict[str, Any]:
    """Make a user with a generated password."""
    body = {"username": f"u-{uuid4().hex[:12]}", "name": "Erika Beispiel", "roles": list(roles), **more}
    answer = server.admin("POST", "/staff-users", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def staff(server: "Running", *roles: str, **more: Any) -> Desk:
    """Make a user, sign in, and choose a password."""
    made = make_user(server, roles, **more)
    desk = Desk(server, made["username"], made["password"])
    desk.follow(desk.sign_in())
    fields = {"present": made["password"], "new": CHOSEN, "repeat": CHOSEN}
    desk.follow(desk.post("/password", fields))
    desk.password = CHOSEN
    return desk


def text_of(answer: httpx.Response) -> str:
    """Render a page as the text that a person reads."""
    body = re.sub(r"<(script|style).*?</\1>", " ", answer.text, flags=re.DOTALL)
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))).strip()


DOCUMENT: Final = {
    "type": "1",
    "number": "L01X00T47",
    "country_of_document": "DEU",
    "first_name": "Erika",
    "last_name": "Mustermann",
    "birth_date": "12.8.1964",
    "birth_place": "Berlin",
    "nationality": "DEU",
    "date_issued": "1.11.2021",
    "date_of_expiry": "31.10.2031",
    "authority": "Stadt Köln",
}
"""What somebody reads off a document, as they type it."""


def seen(desk: Desk) -> str:
    """Return what the form of the open page says it was made of."""
    found = re.search(r'name="seen" value="(\d+)"', desk.page.text if desk.page is not None else "")
    assert found, "the page has no form"
    return found[1]


def play(server: "Running", case_id: str, method: str, *statuses: str, **more: Any) -> None:
    """Let the sandbox take steps of a method."""
    for status in statuses:
        body = {"method": method, "status": status, **more}
        answer = server.sandbox("POST", f"/cases/{case_id}/simulate", json=body)
        assert answer.status_code == 200, answer.text
