"""
Errors of our own APIs: `application/problem+json` (RFC 9457).

`type` is `about:blank`, so `title` is the status' own; `detail` says what happened in one sentence and repeats neither
a credential nor a personal datum. A 400 lists every fault in `errors`, each with the JSON Pointer (RFC 6901) of the
value.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

MEDIA_TYPE: Final = "application/problem+json"
BAD_REQUEST: Final = 400

TITLES: Final[Mapping[int, str]] = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    410: "Gone",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
"""The statuses' registered names; Python's own differ between its versions."""


@dataclass(frozen=True, slots=True)
class PointedFault:
    """One entry of `errors`; the pointer `""` is the body as a whole, a bare name is a header or parameter."""

    pointer: str
    detail: str


class Problem(Exception):
    """The request ends with this answer; raised by whoever finds out, rendered at the edge."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: Sequence[PointedFault] = (),
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{status} {detail}")
        self.status = status
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.members = dict(members or {})

    def response(self) -> Response:
        """Render it."""
        return problem(self.status, self.detail, errors=self.errors, headers=self.headers, members=self.members)


@dataclass(frozen=True, slots=True)
class Wire:
    """How callers hear of a domain error; `{name}` in the detail and `members` name attributes of the error."""

    status: int
    detail: str
    members: Mapping[str, str] = field(default_factory=dict)
    """Extension member → the error's attribute."""
    retry_after_s: int | None = None


def bad_request(faults: Sequence[PointedFault]) -> Problem:
    """Return the 400 with all faults of a request."""
    return Problem(BAD_REQUEST, "The request has faults.", errors=faults)


ErrorTable = Mapping[type[Exception], Wire | Callable[[Any], Problem]]
"""Domain error → how callers hear of it, or what makes a problem of it."""


def from_error(error: Exception, table: ErrorTable) -> Problem | None:
    """Return the problem that a table has for an error or one of its bases, None if it has none."""
    for kind in type(error).__mro__:
        wire = table.get(kind)
        if isinstance(wire, Wire):
            members = {name: getattr(error, attribute) for name, attribute in wire.members.items()}
            headers = {} if wire.retry_after_s is None else {"Retry-After": str(wire.retry_after_s)}
            return Problem(wire.status, wire.detail, headers=headers, members=members)
        if wire is not None:
            return wire(error)
    return None


def problem(
    status: int,
    detail: str,
    *,
    errors: Sequence[PointedFault] = (),
    headers: Mapping[str, str] | None = None,
    members: Mapping[str, Any] | None = None,
) -> Response:
    """Answer a problem; `members` are further ones of its object."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
    }
    if errors:
        body["errors"] = [{"pointer": fault.pointer, "detail": fault.detail} for fault in errors]
    body.update(members or {})
    return Response(orjson.dumps(body), status, headers, MEDIA_TYPE)


async def unserved(_request: Request, error: Exception) -> Response:
    """Answer what no interface answers: an unknown path, a method that a page does not take."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = error.headers if isinstance(error, HTTPException) else None
    response = problem(status, {404: "There is nothing here.", 405: "The method is not allowed here."}.get(status, ""))
    response.headers.update(headers or {})
    return response
