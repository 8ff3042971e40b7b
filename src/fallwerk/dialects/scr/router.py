"""
From an ASGI request to an operation of an SCR API and back.

The order of checks is fixed (decisions.md "SCR in general"): route (404, 405), authentication, size, header and body
form, then what the operation itself finds.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from fallwerk.dialects.scr.auth import Caller, Unauthenticated
from fallwerk.dialects.scr.envelope import (
    FAILED,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    TOO_LARGE,
    TOO_LARGE_WIRE,
    ErrorTable,
    bad_request,
    refusal,
    render,
    unauthorized,
)
from fallwerk.dialects.scr.faults import BadRequest, Fault
from fallwerk.dialects.scr.target import decode_encoded_target
from fallwerk.domain.audit.model import Actor
from fallwerk.domain.errors import DomainError, StoreUnavailable
from fallwerk.kit import tracing
from fallwerk.kit.jsonio import is_blank

log = structlog.get_logger()

PREFIX: Final = "/api/scr"
VERSION: Final = "v1"


FAR_TOO_LARGE: Final = 8
"""How many times the size taken a body may announce and still be refused as an order that is too long."""


class TooLarge(Exception):
    """
    The body is larger than the API takes; noticed while it is read.

    Args:
        hopeless: It announced a size that no order has.
    """

    def __init__(self, *, hopeless: bool = False) -> None:
        super().__init__()
        self.hopeless = hopeless


@dataclass(slots=True)
class Call:
    """One authenticated request."""

    caller: Caller
    headers: Sequence[tuple[bytes, bytes]]
    query: bytes
    parameters: Mapping[str, str]
    address: str
    body: bytes = b""

    @property
    def actor(self) -> Actor:
        """Who is named in the audit log."""
        return Actor(f"scr:{self.caller.client.client_id}/{self.caller.username}", self.address)

    def header(self, name: bytes) -> str | None:
        """Return a header's value, None if it is missing."""
        for found, value in self.headers:
            if found == name:
                return value.decode("latin-1")
        return None


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a document; `{name}` segments of the path become parameters."""

    name: str
    method: str
    path: str
    handle: Callable[[Call], Awaitable[Response]]
    errors: ErrorTable = field(default_factory=dict)
    takes_body: bool = False
    alive_only_allowed: bool = False
    permit: Callable[[Caller], None] | None = None
    """Refuses callers whose account does not have this operation; asked before the body is looked at."""
    when_store_away: Callable[[], Response] | None = None
    """The answer of an operation that must answer even when nobody can tell who calls (S-80)."""


class Accounts(Protocol):
    """Verifies callers."""

    async def authenticate(self, client_id: str, authorization: str | None, address: str) -> Caller:
        """
        Return who calls.

        Raises:
            Unauthenticated: after a delay that grows with failures (C-10).
            StoreUnavailable: nobody can tell.
        """


class Observed(Protocol):
    """What the request's log line and journal entry want to know of it."""

    operation: str
    account: str
    tenant_id: int
    case_id: str


def observed(scope: Scope) -> Any:  # noqa: ANN401 - see `Observed`; absent outside the application
    """Return the notes that the outer layer keeps of this request, if it keeps any."""
    return scope.get("fallwerk.observed")


class ScrApi:
    """
    The ASGI application of all SCR operations.

    Args:
        max_body_bytes: Larger bodies are refused while they are read.
    """

    def __init__(self, operations: Sequence[Operation], accounts: Accounts, *, max_body_bytes: int) -> None:
        self._accounts = accounts
        self._max_body_bytes = max_body_bytes
        self._routes: dict[int, list[tuple[tuple[str, ...], dict[str, Operation]]]] = {}
        for operation in operations:
            self._add(operation)

    def _add(self, operation: Operation) -> None:
        pattern = tuple(operation.path.strip("/").split("/"))
        routes = self._routes.setdefault(len(pattern), [])
        for known, methods in routes:
            if known == pattern:
                methods[operation.method] = operation
                return
        routes.append((pattern, {operation.method: operation}))
        # A literal segment wins over a parameter: `cases/delivery` is not a case named so.
        routes.sort(key=lambda route: [segment.startswith("{") for segment in route[0]])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; whatever goes wrong, in this dialect."""
        try:
            response = await self._answer(scope, receive)
        except BadRequest as error:
            response = bad_request(error.faults)
        except TooLarge as error:
            # S-05 makes it a fault of the body; S-36's 413 is left for what cannot have been meant as one.
            response = refusal(TOO_LARGE_WIRE) if error.hopeless else bad_request([Fault("body", TOO_LARGE)])
        except Unauthenticated:
            response = unauthorized()
        except Exception:
            # Never the path: what strangers put into it may be anything (C-04).
            notes = observed(scope)
            log.exception("scr.failed", operation=notes.operation if notes is not None else "")
            response = refusal(FAILED)
        await response(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        path, query = decode_encoded_target(scope.get("raw_path") or scope["path"].encode(), scope["query_string"])
        found = self._find(path)
        if found is None:
            return refusal(NOT_FOUND)
        methods, parameters = found
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        operation = methods.get(method)
        if operation is None:
            return _not_allowed(methods)
        notes = observed(scope)
        if notes is not None:
            notes.operation, notes.account = operation.name, parameters["clientId"]
            notes.case_id = parameters.get("caseId", "")
        try:
            return await self._perform(operation, parameters, query, scope, receive)
        except DomainError as error:
            return render(error, operation.errors)

    async def _perform(
        self, operation: Operation, parameters: dict[str, str], query: bytes, scope: Scope, receive: Receive
    ) -> Response:
        headers = scope["headers"]
        address = scope["client"][0] if scope.get("client") else ""
        authorization = _header(headers, b"authorization")
        try:
            caller = await self._accounts.authenticate(parameters["clientId"], authorization, address)
        except StoreUnavailable:
            if operation.when_store_away is None:
                raise
            return operation.when_store_away()
        if caller.alive_only and not operation.alive_only_allowed:
            raise Unauthenticated
        notes = observed(scope)
        if notes is not None:
            notes.tenant_id = caller.client.tenant_id
        if operation.permit is not None:
            operation.permit(caller)
        call = Call(caller, headers, query, parameters, address)
        call.body = await read_body(scope, receive, self._max_body_bytes)
        _check_content_type(headers, call.body, takes_body=operation.takes_body)
        with tracing.span("service", operation=operation.name):
            return await operation.handle(call)

    def _find(self, path: str) -> tuple[dict[str, Operation], dict[str, str]] | None:
        if not path.startswith(PREFIX + "/"):
            return None
        segments = path[len(PREFIX) + 1 :].removesuffix("/").split("/")
        if segments[0] != VERSION:
            return None
        for pattern, methods in self._routes.get(len(segments) - 1, ()):
            parameters = _match(pattern, segments[1:])
            if parameters is not None:
                return methods, parameters
        return None


def _match(pattern: tuple[str, ...], segments: Sequence[str]) -> dict[str, str] | None:
    parameters: dict[str, str] = {}
    for wanted, segment in zip(pattern, segments, strict=True):
        if wanted[0] == "{":
            if not segment:
                return None
            parameters[wanted[1:-1]] = segment
        elif wanted != segment:
            return None
    return parameters


def _not_allowed(methods: Mapping[str, Operation]) -> Response:
    allowed = sorted({*methods, "HEAD"} if "GET" in methods else methods)
    return refusal(METHOD_NOT_ALLOWED, headers={"Allow": ", ".join(allowed)})


def _header(headers: Sequence[tuple[bytes, bytes]], name: bytes) -> str | None:
    values = [value for found, value in headers if found == name]
    # Two of a header that must be one are treated as none: no reading of them can be right.
    return values[0].decode("latin-1") if len(values) == 1 else None


async def read_body(scope: Scope, receive: Receive, maximum: int) -> bytes:
    """
    Read a body, refusing it as soon as it is too large.

    Raises:
        TooLarge: declared or found larger than `maximum` bytes.
    """
    declared = _header(scope["headers"], b"content-length")
    if declared is not None and declared.isdigit() and int(declared) > maximum:
        raise TooLarge(hopeless=int(declared) > FAR_TOO_LARGE * maximum)
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        if len(body) > maximum:
            raise TooLarge
        return body
    parts, size = [body], len(body)
    while message.get("more_body"):
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        if size > maximum:
            raise TooLarge
        parts.append(part)
    return b"".join(parts)


def _check_content_type(headers: Sequence[tuple[bytes, bytes]], body: bytes, *, takes_body: bool) -> None:
    """
    Refuse a body that is not declared as JSON in UTF-8 (S-04, decision 19).

    Without a body no header is needed; a wrong one is refused all the same, on GET too (decisions.md "SCR in general").
    """
    values = [value for name, value in headers if name == b"content-type"]
    if not values:
        if takes_body and not is_blank(body):
            raise BadRequest(Fault("Content-Type", "The header Content-Type is missing; use application/json."))
        return
    media_type, *parameters = values[0].decode("latin-1").split(";")
    if len(values) > 1 or media_type.strip().lower() != "application/json":
        raise BadRequest(Fault("Content-Type", "The content type must be application/json."))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip().strip('"').lower() not in {"utf-8", "utf8"}:
            raise BadRequest(Fault("Content-Type", "The charset must be UTF-8."))
