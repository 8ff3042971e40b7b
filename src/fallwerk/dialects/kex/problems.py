"""Errors of the KEX APIs: problems (RFC 9457) with the trace id (U-05, decision 23); challenges of RFC 6750."""

from collections.abc import Mapping
from typing import Final

import structlog
from starlette.responses import Response

from fallwerk.dialects.problem import ErrorTable, PointedFault, Problem, Wire, bad_request, from_error
from fallwerk.domain.errors import DomainError, StoreUnavailable
from fallwerk.domain.idempotency import IdempotencyKeyReused

REALM: Final = "KEX"
UNAUTHORIZED: Final = 401
FORBIDDEN: Final = 403
_FOR_NOW: Final = frozenset({429, 503})
TRACE_ID: Final = "traceId"

NO_TOKEN: Final = "A bearer token is needed."  # noqa: S105 - a sentence
BAD_TOKEN: Final = "The bearer token is malformed, expired, revoked or not ours."  # noqa: S105 - a sentence
NO_SCOPE: Final = "The token lacks the scope {scope}."
NO_RESOURCE: Final = "There is no such resource."
NO_METHOD: Final = "The resource has no such method."
TOO_LARGE: Final = "The request body is too large."
FAILED: Final = "The request failed unexpectedly."
UNAVAILABLE: Final = "The store is not available right now; nothing was changed."
MEDIA_TYPE: Final = "The content type must be application/json."
CHARSET: Final = "The charset named by the content type is not known."

COMMON: Final[ErrorTable] = {
    StoreUnavailable: Wire(503, UNAVAILABLE, retry_after_s=1),
    IdempotencyKeyReused: Wire(422, "The idempotency key was used with another request."),
}
"""What every operation can meet."""


def challenge(error: str = "", description: str = "", scope: str = "") -> dict[str, str]:
    """Return the `WWW-Authenticate` header (RFC 6750 §3); without an error if no token was presented."""
    parts = {"realm": REALM, "error": error, "error_description": description, "scope": scope}
    values = ", ".join(f'{name}="{value}"' for name, value in parts.items() if value)
    return {"WWW-Authenticate": f"Bearer {values}"}


def unauthorized(*, presented: bool) -> Problem:
    """Return the 401 for a request without a token, or with one that is no good (U-02)."""
    if not presented:
        return Problem(UNAUTHORIZED, NO_TOKEN, headers=challenge())
    return Problem(UNAUTHORIZED, BAD_TOKEN, headers=challenge("invalid_token", BAD_TOKEN))


def insufficient_scope(scope: str) -> Problem:
    """Return the 403 for a token without a scope (U-02)."""
    detail = NO_SCOPE.format(scope=scope)
    return Problem(FORBIDDEN, detail, headers=challenge("insufficient_scope", detail, scope))


def body_fault(message: str) -> Problem:
    """Return the 400 for a body that is unusable as a whole."""
    return bad_request([PointedFault("", message)])


def known_problem(error: DomainError, table: ErrorTable) -> Problem | None:
    """Return how callers hear of a domain error, None if neither the API's table nor the common one has it."""
    return from_error(error, table) or from_error(error, COMMON)


def render(found: Problem, trace_id: str) -> Response:
    """Render a problem with the trace id of its request."""
    members: Mapping[str, str] = {TRACE_ID: trace_id} if trace_id else {}
    found.members = {**members, **found.members}
    return found.response()


def by_status(status: int) -> Response:
    """Answer an ordered fault of the sandbox, or an unexpected failure, for a status."""
    trace_id = str(structlog.contextvars.get_contextvars().get("trace_id", ""))
    if status == UNAUTHORIZED:
        return render(unauthorized(presented=True), trace_id)
    # Whoever is sent away for now is told when to come back, as at a failure that nobody ordered.
    headers = {"Retry-After": "1"} if status in _FOR_NOW else {}
    return render(Problem(status, FAILED if status == 500 else "Ordered by the sandbox.", headers=headers), trace_id)  # noqa: PLR2004
