"""
From an ASGI request to an operation of one of our own APIs and back: bearer token, problem+json for what is wrong.

The order of checks is fixed: route (404, 405), token (401), media type (415), size (413), then what the operation
finds.
"""

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

import orjson
import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from fallwerk.dialects.problem import ErrorTable, PointedFault, Problem, bad_request, from_error
from fallwerk.dialects.scr.router import Observed, TooLarge, observed, read_body
from fallwerk.domain.audit.model import Actor
from fallwerk.domain.errors import DomainError
from fallwerk.domain.idempotency import Answer, IdempotentCall, once
from fallwerk.domain.unit_of_work import Transactions, UnitOfWork
from fallwerk.kit import tracing
from fallwerk.kit.jsonio import JsonFault, is_blank, read_json
from fallwerk.kit.slowdown import Slowdown

log = structlog.get_logger()

JSON: Final = ("application/json", "application/merge-patch+json")
NDJSON: Final = ("application/x-ndjson",)
CHALLENGE: Final = "Bearer"
LONGEST_KEY: Final = 255
NEVER_STORED: Final = {"Cache-Control": "no-store"}
SYSTEM_TENANT: Final = 0


@dataclass(slots=True)
class Call:
    """One authenticated request."""

    name: str
    parameters: Mapping[str, str]
    headers: Sequence[tuple[bytes, bytes]]
    query: Mapping[str, str]
    actor: Actor
    body: bytes = b""

    def json(self) -> object:
        """
        Parse the body; an empty one is an object without members.

        Raises:
            Problem: 400, the body is no acceptable JSON.
        """
        if is_blank(self.body):
            return {}
        try:
            return read_json(self.body)
        except JsonFault as fault:
            raise bad_request([PointedFault("", fault.message)]) from None

    def idempotency(self, request: bytes | None = None) -> IdempotentCall | None:
        """
        Return this call under its `Idempotency-Key`, None if it came without one (C-11).

        Args:
            request: What must be equal for another call to be the same; otherwise path and body.

        Raises:
            Problem: 400, the key is empty, too long, not printable ASCII, or given twice.
        """
        values = [value for name, value in self.headers if name == b"idempotency-key"]
        if not values:
            return None
        key = values[0].decode("latin-1").strip()
        if len(values) > 1 or not 0 < len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
            detail = f"The key must be 1 to {LONGEST_KEY} printable ASCII characters, given once."
            raise bad_request([PointedFault("Idempotency-Key", detail)])
        path = orjson.dumps(dict(self.parameters))
        return IdempotentCall(SYSTEM_TENANT, self.name, key, path + b"\n" + self.body if request is None else request)


Handler = Callable[[Call], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation; `{name}` segments of the path become parameters, `takes` are the media types of its body."""

    name: str
    method: str
    path: str
    handle: Handler
    takes: tuple[str, ...] = ()
    max_body_bytes: int = 1024 * 1024


@dataclass(frozen=True, slots=True)
class OwnApi:
    """
    The ASGI application of one of our own APIs.

    Args:
        prefix: What all paths begin with, as `/admin/v1`.
        token: The bearer token; with an empty one nobody is let in.
        errors: How callers hear of domain errors.
    """

    prefix: str
    operations: Sequence[Operation]
    token: str
    slowdown: Slowdown
    errors: ErrorTable = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; whatever goes wrong, as a problem."""
        try:
            response = await self._answer(scope, receive)
        except Problem as problem:
            response = problem.response()
        except TooLarge:
            response = Problem(413, "The request body is too large.").response()
        except Exception as error:  # noqa: BLE001 - an unexpected failure is answered without detail and logged with it
            response = self._failed(error, observed(scope))
        response.headers.update(NEVER_STORED)
        await response(scope, receive, send)

    def _failed(self, error: Exception, notes: Observed | None) -> Response:
        known = from_error(error, self.errors) if isinstance(error, DomainError) else None
        if known is not None:
            return known.response()
        log.error("own_api.failed", operation=notes.operation if notes else "", exc_info=error)
        return Problem(500, "The request failed unexpectedly.").response()

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        operation, parameters = self._find(scope)
        notes = observed(scope)
        if notes is not None:
            notes.operation, notes.account = operation.name, "admin"
            notes.case_id = parameters.get("caseId", "")
        address = scope["client"][0] if scope.get("client") else ""
        await self._let_in(scope["headers"], address)
        _check_media_type(scope["headers"], operation)
        call = Call(
            name=operation.name,
            parameters=parameters,
            headers=scope["headers"],
            query=_query(scope["query_string"]),
            actor=Actor("admin", address),
        )
        call.body = await read_body(scope, receive, operation.max_body_bytes)
        with tracing.span("service", operation=operation.name):
            return await operation.handle(call)

    def _find(self, scope: Scope) -> tuple[Operation, dict[str, str]]:
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        # Segments are split before they are decoded, so that `%2F` in an id does not make two of it.
        segments = [_decoded(segment) for segment in raw.decode("latin-1").removesuffix("/").split("/")]
        found: dict[str, tuple[Operation, dict[str, str]]] = {}
        for operation in self.operations:
            parameters = match(f"{self.prefix}/{operation.path}".split("/"), segments)
            if parameters is not None:
                found.setdefault(operation.method, (operation, parameters))
        if not found:
            raise Problem(404, "There is no such resource.")
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        if method not in found:
            allowed = sorted({*found, "HEAD"} if "GET" in found else found)
            raise Problem(405, "The resource has no such method.", headers={"Allow": ", ".join(allowed)})
        return found[method]

    async def _let_in(self, headers: Sequence[tuple[bytes, bytes]], address: str) -> None:
        values = [value for name, value in headers if name == b"authorization"]
        scheme, _, presented = (values[0] if len(values) == 1 else b"").partition(b" ")
        # Digests have one length, so that comparing them tells nothing of the token's.
        matches = hmac.compare_digest(_digest(presented.strip()), _digest(self.token.encode()))
        if not matches or scheme.lower() != b"bearer" or not self.token:
            await self.slowdown.failed(("bearer", address))
            raise Problem(401, "The bearer token is missing or wrong.", headers={"WWW-Authenticate": CHALLENGE})


def match(pattern: Sequence[str], segments: Sequence[str]) -> dict[str, str] | None:
    """Return the parameters of a path that fits a pattern, None if it does not."""
    if len(pattern) != len(segments):
        return None
    parameters: dict[str, str] = {}
    for wanted, segment in zip(pattern, segments, strict=True):
        if wanted.startswith("{"):
            if not segment:
                return None
            parameters[wanted[1:-1]] = segment
        elif wanted != segment:
            return None
    return parameters


def json_answer(value: Any, status: int = 200) -> Response:  # noqa: ANN401 - anything that JSON can say
    """Answer with JSON."""
    return Response(orjson.dumps(value), status, media_type="application/json")


async def answer_once(store: Transactions, call: Call, make: Callable[[UnitOfWork], Answer], now_us: int) -> Response:
    """Run a creating use case, once per idempotency key (C-11)."""
    repeated = call.idempotency()
    if repeated is None:
        return kept_answer(await store.write(make))
    return kept_answer(await store.write(lambda uow: once(uow, repeated, now_us=now_us, make=lambda: make(uow))))


def kept_answer(answer: Answer) -> Response:
    """Answer with what a call under an idempotency key led to, now or before."""
    return Response(answer.body, answer.status, media_type="application/json")


def _decoded(segment: str) -> str:
    # No database takes a NUL, and no name of ours holds a replacement character.
    return unquote(segment).replace("\0", "\ufffd")


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()


def _query(query: bytes) -> dict[str, str]:
    """Parse parameters; one given twice is refused, unknown ones are ignored by the operations."""
    parameters: dict[str, str] = {}
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        if name in parameters:
            raise bad_request([PointedFault(name, "The parameter is given more than once.")])
        parameters[name] = value.replace("\0", "\ufffd")
    return parameters


def _check_media_type(headers: Sequence[tuple[bytes, bytes]], operation: Operation) -> None:
    if not operation.takes:
        return
    values = [value for name, value in headers if name == b"content-type"]
    length = [value for name, value in headers if name == b"content-length"]
    if not values and (not length or length == [b"0"]) and not _is_chunked(headers):
        return
    media_type, *parameters = (values[0] if len(values) == 1 else b"").decode("latin-1").split(";")
    charsets = [value for name, _, value in (p.strip().lower().partition("=") for p in parameters) if name == "charset"]
    if media_type.strip().lower() not in operation.takes or any(
        c.strip('"') not in {"utf-8", "utf8"} for c in charsets
    ):
        raise Problem(
            415, f"The content type must be {operation.takes[0]} in UTF-8.", headers={"Accept": operation.takes[0]}
        )


def _is_chunked(headers: Sequence[tuple[bytes, bytes]]) -> bool:
    return any(name == b"transfer-encoding" for name, _ in headers)
