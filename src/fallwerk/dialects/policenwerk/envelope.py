r"""
The JSON that every answer of the Policenwerk APIs is made of.

Every answer says in `login` whether the caller was let in; one that was is told its token's end and a warning besides,
whatever else became of the call. Anything beyond ASCII leaves as `\u00fc` (public-facts.md).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response

from fallwerk.domain.errors import DomainError, StoreOverloaded, StoreUnavailable
from fallwerk.domain.idempotency import IdempotencyKeyReused
from fallwerk.kit.clock import BERLIN, from_us

JSON: Final = "application/json"
BAD_REQUEST: Final = 400
ABOUT_TO_EXPIRE: Final = "Login-Token is about to expire in less than 14 days"
WARNED_US: Final = 14 * 24 * 3600 * 1_000_000
SECONDS: Final = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True, slots=True)
class Login:
    """A successful login: what every answer to it begins with."""

    valid_until_us: int
    now_us: int

    def members(self) -> dict[str, Any]:
        """Return the members (P-05, P-07, P-09; decision 15)."""
        soon = self.valid_until_us - self.now_us < WARNED_US
        return {
            "login": True,
            "token_valid_until": berlin_text(self.valid_until_us),
            "warning": ABOUT_TO_EXPIRE if soon else "",
        }


@dataclass(frozen=True, slots=True)
class Wire:
    """How callers hear of a fact: status and the text of `error`."""

    status: int
    error: str
    retry_after_s: int | None = None


ErrorTable = Mapping[type[DomainError], Wire]

EXPECTED_JSON: Final = Wire(400, "Invalid Content-Type - Expected application/json")
MALFORMED_JSON: Final = Wire(400, "Invalid Content-Type - Malformed JSON")
NOT_SET: Final = Wire(401, "Invalid credentials - User-ID or Login-Token is not set")
USER_ID_INVALID: Final = Wire(401, "Invalid credentials - User-ID invalid")
TOKEN_INVALID: Final = Wire(401, "Invalid credentials - Login-Token invalid")
TOKEN_EXPIRED: Final = Wire(401, "Invalid credentials - Login-Token expired")
NO_MATCH: Final = Wire(401, "Invalid credentials - User-ID does not match Login-Token")
# The provider documents no others; these follow its manner (docs/decisions, "Policenwerk beyond its document").
NOT_FOUND: Final = Wire(404, "Invalid request - Resource not found")
METHOD_NOT_ALLOWED: Final = Wire(405, "Invalid request - Expected POST")
TOO_LARGE: Final = Wire(413, "Invalid request - Body too large")
BAD_KEY: Final = Wire(400, "Invalid request - Idempotency-Key must be 1 to 255 printable ASCII characters, given once")
KEY_REUSED: Final = Wire(422, "Invalid request - Idempotency-Key was used with another body")
FAILED: Final = Wire(500, "Server error - Unexpected failure")
UNAVAILABLE: Final = Wire(503, "Server error - Temporarily unavailable", retry_after_s=1)
CREDENTIALS: Final = (NOT_SET, USER_ID_INVALID, TOKEN_INVALID, NO_MATCH, TOKEN_EXPIRED)
"""In the order of the checks."""

COMMON: Final[ErrorTable] = {
    StoreUnavailable: UNAVAILABLE,
    StoreOverloaded: UNAVAILABLE,
    IdempotencyKeyReused: KEY_REUSED,
}
"""What every operation can meet."""


def berlin_text(microseconds: int) -> str:
    """Render an instant as the provider does: `YYYY-MM-DD HH:MM:SS`, Europe/Berlin (P-07)."""
    return from_us(microseconds).astimezone(BERLIN).strftime(SECONDS)


def rendered(body: Mapping[str, Any]) -> bytes:
    r"""Render a body; everything beyond ASCII becomes `\u…`, as in the provider's examples."""
    return json.dumps(body, separators=(",", ":")).encode()


def json_response(content: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with JSON that is rendered already."""
    return Response(content, status, headers, JSON)


def field_faults(faults: Mapping[str, Sequence[str]], login: Login) -> Response:
    """Answer 400 with every fault of every field (P-05)."""
    return json_response(rendered({**login.members(), "error": faults}), BAD_REQUEST)


def refusal(wire: Wire, login: Login | None = None, headers: Mapping[str, str] | None = None) -> Response:
    """Answer an error that concerns the call as a whole."""
    more = dict(headers or {})
    if wire.retry_after_s is not None:
        more["Retry-After"] = str(wire.retry_after_s)
    members = {"login": False} if login is None else login.members()
    return json_response(rendered({**members, "error": wire.error}), wire.status, more)


def render(error: DomainError, table: ErrorTable, login: Login | None) -> Response | None:
    """Answer a domain error as the API's table says; None if it lacks it, which is an unexpected failure."""
    for kind in type(error).__mro__:
        wire = table.get(kind) or COMMON.get(kind)
        if wire is not None:
            return refusal(wire, login)
    return None


def by_status(status: int) -> Response:
    """Answer an ordered fault of the sandbox, or a failure outside the API, in this dialect."""
    known = (MALFORMED_JSON, TOKEN_INVALID, NOT_FOUND, METHOD_NOT_ALLOWED, TOO_LARGE, KEY_REUSED, FAILED, UNAVAILABLE)
    wires = {wire.status: wire for wire in known}
    return refusal(wires.get(status) or Wire(status, "Server error - Ordered by the sandbox"))
