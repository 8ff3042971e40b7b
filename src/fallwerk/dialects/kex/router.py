"""
From an ASGI request to an operation of a KEX API and back.

The order of checks is fixed (decisions.md "KEX."): route (404, 405), token (401), scope (403), media type (415), size
(413), then what the operation finds: form (400), 404, 410, reach (403).
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol
from urllib.parse import unquote

import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from fallwerk.dialects.kex import problems
from fallwerk.dialects.kex.bearer import Caller, Unauthenticated
from fallwerk.dialects.kex.body import Body
from fallwerk.dialects.kex.charset import UTF_8, CharsetUnknown, find_codec
from fallwerk.dialects.problem import ErrorTable, PointedFault, Problem, bad_request
from fallwerk.dialects.scr.router import TooLarge, observed
from fallwerk.domain.audit.model import Actor
from fallwerk.domain.errors import DomainError
from fallwerk.domain.idempotency import IdempotentCall
from fallwerk.domain.partner.model import OAuthClient
from fallwerk.kit import tracing

log = structlog.get_logger()

JSON: Final = "application/json"
LONGEST_KEY: Final = 255
DEFAULT_MAX_BODY_BYTES: Final = 1024 * 1024


@dataclass(slots=True)
class Call:
    """
    One authenticated request with the scope that its operation asks for.

    Attributes:
        body: Not read yet; `read`, `json` and `parts` hold the operation's limit while they read.
    """

    operation: str
    caller: Caller
    parameters: Mapping[str, str]
    headers: Sequence[tuple[bytes, bytes]]
    query: bytes
    trace_id: str
    address: str
    body: Body

    @property
    def client(self) -> OAuthClient:
        """Who calls."""
        return self.caller.client

    @property
    def reach(self) -> frozenset[int]:
        """Tenants whose loan cases the caller may touch (decision 43)."""
        return self.caller.reach

    @property
    def actor(self) -> Actor:
        """Who is named in the audit log."""
        return Actor(f"oauth:{self.client.client_id}", self.address)

    def idempotency(self, request: bytes) -> IdempotentCall | None:
        """
        Return this call under its `Idempotency-Key`, None if it came without one (C-11).

        Args:
            request: What must be equal, besides the path, for another call to be the same.

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
        path = "\0".join(self.parameters.values()).encode()
        return IdempotentCall(self.client.tenant_id, self.operation, key, path + b"\0" + request)


@dataclass(frozen=True, slots=True)
class Operation:
    """
    One operation of a document.

    Attributes:
        path: In full, as `kreditsmart/kex/vorgang/{vorgangsnummer}/dokument`; `{name}` segments become parameters.
        scope: What the token must have.
        takes_body: It is JSON, and its Content-Type must say so.
        max_body_bytes: On the wire.
    """

    name: str
    method: str
    path: str
    handle: Callable[[Call], Awaitable[Response]]
    scope: str
    errors: ErrorTable = field(default_factory=dict)
    takes_body: bool = True
    max_body_bytes: int = DEFAULT_MAX_BODY_BYTES


class Callers(Protocol):
    """Verifies callers (`bearer.Bearer`)."""

    async def authenticate(self, headers: Sequence[tuple[bytes, bytes]], address: str) -> Caller:
        """
        Return who calls.

        Raises:
            Unauthenticated: no token, or one that is no good.
            StoreUnavailable: nobody can tell.
        """


class KexApi:
    """The ASGI application of KEX operations."""

    def __init__(self, operations: Sequence[Operation], callers: Callers) -> None:
        self._callers = callers
        self._routes: dict[tuple[str, ...], dict[str, Operation]] = {}
        for operation in operations:
            methods = self._routes.setdefault(tuple(operation.path.strip("/").split("/")), {})
            methods[operation.method] = operation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; whatever goes wrong, as a problem with its trace id."""
        notes = observed(scope)
        trace_id = notes.trace_id if notes is not None else ""
        try:
            response = await self._answer(scope, receive, trace_id)
        except Problem as problem:
            response = problems.render(problem, trace_id)
        except TooLarge:
            response = problems.render(Problem(413, problems.TOO_LARGE), trace_id)
        except Exception:
            # Never the path: what strangers put into it may be anything (C-04).
            log.exception("kex.failed", operation=notes.operation if notes is not None else "")
            response = problems.render(Problem(500, problems.FAILED), trace_id)
        await response(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, trace_id: str) -> Response:
        operation, parameters = self._find(scope)
        notes = observed(scope)
        if notes is not None:
            notes.operation = operation.name
        try:
            caller = await self._let_in(operation, scope)
            if notes is not None:
                notes.account, notes.tenant_id = caller.client.client_id, caller.client.tenant_id
            body = _body(operation, scope, receive)
            headers, query = scope["headers"], scope["query_string"]
            call = Call(operation.name, caller, parameters, headers, query, trace_id, _address(scope), body)
            with tracing.span("service", operation=operation.name):
                return await operation.handle(call)
        except DomainError as error:
            found = problems.known_problem(error, operation.errors)
            if found is None:
                raise
            return problems.render(found, trace_id)

    async def _let_in(self, operation: Operation, scope: Scope) -> Caller:
        try:
            caller = await self._callers.authenticate(scope["headers"], _address(scope))
        except Unauthenticated as refused:
            raise problems.unauthorized(presented=refused.presented) from None
        if operation.scope not in caller.scopes:
            raise problems.insufficient_scope(operation.scope)
        return caller

    def _find(self, scope: Scope) -> tuple[Operation, dict[str, str]]:
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        # Segments are split before they are decoded, so that `%2F` in a number does not make two of it.
        segments = tuple(_decoded(part) for part in raw.decode("latin-1").removesuffix("/").lstrip("/").split("/"))
        methods = self._routes.get(segments)
        parameters: dict[str, str] = {}
        if methods is None:
            for pattern, known in self._routes.items():
                found = _match(pattern, segments)
                if found is not None:
                    methods, parameters = known, found
                    break
        if methods is None:
            raise Problem(404, problems.NO_RESOURCE)
        operation = methods.get("GET" if scope["method"] == "HEAD" else scope["method"])
        if operation is None:
            allowed = sorted({*methods, "HEAD"} if "GET" in methods else methods)
            raise Problem(405, problems.NO_METHOD, headers={"Allow": ", ".join(allowed)})
        return operation, parameters


def _address(scope: Scope) -> str:
    return scope["client"][0] if scope.get("client") else ""


def _body(operation: Operation, scope: Scope, receive: Receive) -> Body:
    codec = read_charset(scope["headers"]) if operation.takes_body else UTF_8
    body = Body(scope, receive, codec, operation.max_body_bytes)
    body.refuse_announced()
    return body


def _match(pattern: Sequence[str], segments: Sequence[str]) -> dict[str, str] | None:
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


def _decoded(segment: str) -> str:
    # No database takes a NUL, and no number of ours holds a replacement character.
    return unquote(segment).replace("\0", "\ufffd")


def read_charset(headers: Sequence[tuple[bytes, bytes]]) -> str:
    """
    Return the codec of a JSON body (U-04).

    Raises:
        Problem: 415, the type is missing, given twice, not JSON, or names a charset that is not known.
    """
    values = [value for name, value in headers if name == b"content-type"]
    media_type, *parameters = (values[0] if len(values) == 1 else b"").decode("latin-1").split(";")
    if media_type.strip().lower() != JSON:
        raise Problem(415, problems.MEDIA_TYPE, headers={"Accept": JSON})
    named = [value.strip() for name, _, value in (part.partition("=") for part in parameters) if _is_charset(name)]
    if len(named) > 1:
        raise Problem(415, problems.CHARSET, headers={"Accept": JSON})
    if not named:
        return UTF_8
    try:
        return find_codec(named[0].strip('"'))
    except CharsetUnknown:
        raise Problem(415, problems.CHARSET, headers={"Accept": JSON}) from None


def _is_charset(name: str) -> bool:
    return name.strip().lower() == "charset"
