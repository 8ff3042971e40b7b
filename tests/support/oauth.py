"""OAuth clients and their tokens, for every test that calls a KEX API or the token server."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import httpx

if TYPE_CHECKING:
    from tests.api.conftest import Running

WRITE: Final = "privatkredit:vorgang:schreiben"
READ: Final = "privatkredit:vorgang:lesen"
APPLY: Final = "privatkredit:antrag:schreiben"
SCOPES: Final = (WRITE, READ, APPLY)
GRANT: Final = {"grant_type": "client_credentials"}
REFUSED: Final = "Client authentication failed: Client id unknown / deactivated or client secret invalid / expired."


@dataclass
class OAuthAccount:
    """An OAuth client made for one test."""

    server: "Running"
    client_id: str
    secret: str
    partner_id: str

    @property
    def auth(self) -> tuple[str, str]:
        """Basic credentials."""
        return self.client_id, self.secret

    def ask(self, form: dict[str, str] | None = None, **options: Any) -> httpx.Response:
        """Ask for a token."""
        options.setdefault("auth", self.auth)
        return self.server.http.post("/auth/token", data={**GRANT, **(form or {})}, **options)

    def token(self, scope: str | None = None) -> str:
        """Return a fresh token."""
        response = self.ask({} if scope is None else {"scope": scope})
        assert response.status_code == 200, response.text
        return str(response.json()["access_token"])

    def bearer(self, scope: str | None = None) -> dict[str, str]:
        """Return the header of a call with a fresh token."""
        return {"Authorization": f"Bearer {self.token(scope)}"}


def oauth_account(server: "Running", **settings: Any) -> OAuthAccount:
    """Make an OAuth client with every scope, of a new partner unless the settings name one."""
    body: dict[str, Any] = {"scopes": list(SCOPES), **settings}
    if "partnerId" not in body:
        made = server.admin("POST", "/partners", json={})
        assert made.status_code == 201, made.text
        body["partnerId"] = made.json()["partnerId"]
    response = server.admin("POST", "/oauth-clients", json=body)
    assert response.status_code == 201, response.text
    shown = response.json()
    return OAuthAccount(server, shown["clientId"], shown["clientSecret"], shown["partnerId"])


def refused(response: httpx.Response, status: int, error: str, description: str) -> None:
    """Assert that an answer is an error as RFC 6749 shapes it."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    assert response.json() == {"error": error, "error_description": description}


def log_after(server: "Running", response: httpx.Response) -> str:
    """Return the server's log once it holds the line of an answer; lines are written a moment later."""
    trace_id = response.headers["x-traceid"]
    for _ in range(2000):
        log = server.process.log()
        if trace_id in log:
            return log
        server.http.get("/healthz")
    raise AssertionError(f"{trace_id} is not in the log")
