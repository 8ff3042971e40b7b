"""What the tests of the KEX interfaces ask of an answer, and what they look up behind its back."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import httpx

from tests.support.oauth import OAuthAccount, oauth_account
from tests.support.scr import rows

if TYPE_CHECKING:
    from tests.api.conftest import Running

TITLES: Final = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    410: "Gone",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    503: "Service Unavailable",
}
MISSING: Final = "The value is missing or empty."
NOT_A_STRING: Final = "The value must be a string."
NOT_BASE64: Final = "The value must be base64 (standard alphabet, RFC 4648 section 4)."
UNKNOWN: Final = "There is no Vorgang with this number."
GONE: Final = "The Vorgang is deleted."
FOREIGN: Final = "The Vorgang belongs to a partner that yours does not reach."
JSON: Final = {"Content-Type": "application/json"}
STATUS: Final = "/kreditsmart/kex/antraege/status"
TABLES: Final = ("loan_case", "loan_application", "loan_status_change", "loan_comment", "loan_document", "blob")
"""Where anything that a call stores would show."""

Fault = tuple[str, str]
"""Pointer and detail."""


@dataclass
class Kex:
    """An OAuth client with a token, and ways to call as it."""

    account: OAuthAccount
    headers: dict[str, str]

    @property
    def server(self) -> "Running":
        return self.account.server

    @property
    def partner_id(self) -> str:
        return self.account.partner_id

    def post(self, path: str, **options: Any) -> httpx.Response:
        """Call with the token."""
        options["headers"] = {**self.headers, **options.get("headers", {})}
        return self.server.http.post(path, **options)

    def comment(self, number: str, texts: Any, **options: Any) -> httpx.Response:
        """Send comments."""
        return self.post(f"/kreditsmart/kex/vorgang/{number}/kommentare", json=texts, **options)

    def upload(self, number: str, name: Any, content: bytes | str, **options: Any) -> httpx.Response:
        """Send a document; a text is sent as it is."""
        encoded = content if isinstance(content, str) else base64.b64encode(content).decode()
        body = {"filename": name, "base64Content": encoded}
        return self.post(f"/kreditsmart/kex/vorgang/{number}/dokument", json=body, **options)

    def status(self, body: Any, **options: Any) -> httpx.Response:
        """Change a status."""
        return self.post(STATUS, json=body, **options)

    def case(self, **settings: Any) -> str:
        """Make a Vorgang of the client's partner."""
        response = self.server.admin("POST", "/vorgaenge", json={"partnerId": self.partner_id, **settings})
        assert response.status_code == 201, response.text
        return str(response.json()["vorgangsnummer"])

    def application(self, case: str, provider_number: str | None = None) -> str:
        """Make an Antrag."""
        body = {} if provider_number is None else {"produktanbieterantragsnummer": provider_number}
        response = self.server.admin("POST", f"/vorgaenge/{case}/antraege", json=body)
        assert response.status_code == 201, response.text
        return str(response.json()["antragsnummer"])

    def delete(self, case: str) -> None:
        """Delete a Vorgang."""
        assert self.server.admin("DELETE", f"/vorgaenge/{case}").status_code == 204

    def record(self, case: str) -> dict[str, Any]:
        """Show a Vorgang as staff see it."""
        response = self.server.admin("GET", f"/vorgaenge/{case}")
        assert response.status_code == 200, response.text
        return dict(response.json())

    def texts(self, case: str) -> list[str]:
        """The comments of a Vorgang."""
        return [comment["text"] for comment in self.record(case)["comments"]]

    def history(self, case: str, index: int = 0) -> list[dict[str, Any]]:
        """The history of an Antrag, without its times."""
        entries = self.record(case)["antraege"][index]["history"]
        return [{name: value for name, value in entry.items() if name != "at"} for entry in entries]


def kex(server: "Running", **settings: Any) -> Kex:
    """Make an OAuth client, of a new partner unless the settings name one."""
    account = oauth_account(server, **settings)
    return Kex(account, account.bearer())


def problem(response: httpx.Response, status: int, *expected: str | Fault) -> None:
    """Assert that an answer is a problem with the trace id (decision 23); a 400 has exactly these faults."""
    assert response.status_code == status, f"{response.status_code}: {response.text[:500]}"
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert (body["type"], body["title"], body["status"]) == ("about:blank", TITLES[status], status)
    assert body["traceId"] == response.headers["x-traceid"]
    if status == 400:
        assert body["detail"] == "The request has faults."
        assert [(fault["pointer"], fault["detail"]) for fault in body["errors"]] == list(expected)
    else:
        assert "errors" not in body
        assert expected in ((), (body["detail"],)), body["detail"]


def stored(server: "Running") -> dict[str, int]:
    """How many rows there are of everything that belongs to a Vorgang."""
    counted = " UNION ALL ".join(f"SELECT '{table}' AS name, count(*) AS amount FROM {table}" for table in TABLES)
    return {row["name"]: row["amount"] for row in rows(server, counted)}


@contextmanager
def nothing_stored(client: Kex, *cases: str) -> Iterator[None]:
    """Assert that what happens inside leaves no row and no change of these Vorgänge."""
    before = stored(client.server), [client.record(case) for case in cases]
    yield
    assert (stored(client.server), [client.record(case) for case in cases]) == before
