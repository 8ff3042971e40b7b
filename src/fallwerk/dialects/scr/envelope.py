"""
The JSON that every answer of the SCR APIs is made of (S-36).

400 has the envelope of START's examples 1 and 2, every other error that of examples 3 and 4 (decision 2).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from starlette.responses import Response

from fallwerk.dialects.scr.faults import Fault
from fallwerk.domain.errors import DomainError, StoreOverloaded, StoreUnavailable
from fallwerk.domain.idempotency import IdempotencyKeyReused

JSON: Final = "application/json"
CHALLENGE: Final = 'Basic realm="POSTIDENT SCR", charset="UTF-8"'


@dataclass(frozen=True, slots=True)
class Wire:
    """How callers hear of a fact: status and the entry of `errors[]`; `extra` maps body names to the fact's own."""

    status: int
    key: str
    message: str
    reason: str | None = None
    errorcode: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)


ErrorTable = Mapping[type[DomainError], Wire]

NOT_FOUND: Final = Wire(404, "not found", "Resource not found.")
METHOD_NOT_ALLOWED: Final = Wire(405, "method", "Method not allowed.", "method not allowed")
UNAUTHORIZED: Final = Wire(401, "Authorization", "Authorization failed.", "unauthorized", "90114")
TOO_LARGE: Final = "The request body is too large."
TOO_LARGE_WIRE: Final = Wire(413, "body", TOO_LARGE, "request entity too large")
FAILED: Final = Wire(500, "system", "Internal server error.", "internal server error")
UNAVAILABLE: Final = Wire(503, "system", "Service unavailable.", "service unavailable")
COMMON: Final[ErrorTable] = {
    StoreUnavailable: UNAVAILABLE,
    StoreOverloaded: UNAVAILABLE,
    IdempotencyKeyReused: Wire(
        409, "Idempotency-Key", "The idempotency key was used with another request.", "idempotency key not unique"
    ),
}
"""What every operation can meet."""


_HEADERS: Final[Mapping[int, Mapping[str, str]]] = {
    UNAUTHORIZED.status: {"WWW-Authenticate": CHALLENGE},
    UNAVAILABLE.status: {"Retry-After": "1"},
}


def json_response(content: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with JSON that is rendered already."""
    return Response(content, status, headers, JSON)


def bad_request(faults: Sequence[Fault]) -> Response:
    """Answer 400 with all faults of a request (S-34)."""
    errors = [
        {"reason": fault.reason, "errorcode": fault.errorcode, "key": fault.key, "message": fault.message}
        for fault in faults
    ]
    body = {"apiVersion": "v1", "error": {"code": 400, "message": "Bad Request", "errors": errors}}
    return json_response(orjson.dumps(body), 400)


def refusal(wire: Wire, error: DomainError | None = None, headers: Mapping[str, str] | None = None) -> Response:
    """Answer an error other than 400 (S-03, S-16, S-36)."""
    facts = {name: str(getattr(error, name)) for name in wire.extra.values()}
    entry: dict[str, Any] = {}
    if wire.errorcode is not None:
        entry["errorcode"] = wire.errorcode
    if wire.reason is not None:
        entry["reason"] = wire.reason
    entry["key"] = wire.key
    entry["message"] = wire.message.format(**facts)
    body: dict[str, Any] = {"apiversion": "v1", "errors": [entry]}
    body.update({name: facts[fact] for name, fact in wire.extra.items()})
    return json_response(orjson.dumps(body), wire.status, headers)


def unauthorized() -> Response:
    """Answer 401; the caller cannot tell why (S-03)."""
    return refusal(UNAUTHORIZED, headers=_HEADERS[UNAUTHORIZED.status])


def render(error: DomainError, table: ErrorTable) -> Response:
    """Answer a domain error as the API's table says; one that it lacks is an unexpected failure."""
    for kind in type(error).__mro__:
        wire = table.get(kind) or COMMON.get(kind)
        if wire is not None:
            return refusal(wire, error, _HEADERS.get(wire.status))
    raise error


def by_status(status: int) -> Response:
    """Answer an ordered fault of the sandbox with this dialect's envelope for its status."""
    if status == 400:  # noqa: PLR2004 - the one status with its own envelope
        return bad_request([Fault("body")])
    known = {wire.status: wire for wire in (NOT_FOUND, METHOD_NOT_ALLOWED, UNAUTHORIZED, FAILED, UNAVAILABLE)}
    if status == UNAUTHORIZED.status:
        return unauthorized()
    return refusal(known.get(status) or Wire(status, "system", "Ordered by the sandbox.", "fault"))
