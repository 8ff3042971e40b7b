"""
From an ASGI request to an operation of a Policenwerk API and back.

The order of checks is fixed: route (404, 405), content type, size (413), JSON, login (401), then what the operation
finds. Before the login nothing of the content is evaluated (P-02).
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from fallwerk.dialects.policenwerk.accounts import Caller, LoginRefused, read_user_id
from fallwerk.dialects.policenwerk.envelope import (
    BAD_KEY,
    EXPECTED_JSON,
    FAILED,
    MALFORMED_JSON,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    TOO_LARGE,
    ErrorTable,
    Login,
    Wire,
    field_faults,
    refusal,
    render,
)
from fallwerk.dialects.scr.router import TooLarge, observed, read_body
from fallwerk.domain.errors import DomainError
from fallwerk.domain.idempotency import IdempotentCall
from fallwerk.kit import tracing
from fallwerk.kit.jsonio import JsonFault, read_json

log = structlog.get_logger()

PREFIX: Final = "/api/customer"
HEADER: Final = "Idempotency-Key"
LONGEST_KEY: Final = 255

Headers = Sequence[tuple[bytes, bytes]]


class Refused(Exception):
    """The call is answered with this error."""

    def __init__(self, wire: Wire) -> None:
        super().__init__(wire.error)
        self.wire = wire


class FieldFaults(Exception):
    """Some fields cannot be used: field → messages, in the order of the document's table."""

    def __init__(self, faults: Mapping[str, Sequence[str]]) -> None:
        super().__init__(", ".join(faults))
        self.faults = faults


@dataclass(slots=True)
class Call:
    """One authenticated request."""

    caller: Caller
    headers: Headers
    body: bytes
    content: Mapping[str, object]
    """The body's members; every number is a `NumberText`."""

    def idempotency(self, operation: str) -> IdempotentCall | None:
        """
        Return this call under its `Idempotency-Key`, None if it came without one (C-11).

        Raises:
            Refused: the key is empty, too long, not printable ASCII, or given twice.
        """
        values = [value for name, value in self.headers if name == b"idempotency-key"]
        if not values:
            return None
        key = values[0].decode("latin-1").strip()
        if len(values) > 1 or not 0 < len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
            raise Refused(BAD_KEY)
        return IdempotentCall(self.caller.broker.tenant_id, operation, key, self.body)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a document."""

    name: str
    path: str
    handle: Callable[[Call], Awaitable[Response]]
    errors: ErrorTable = field(default_factory=dict)


class Accounts(Protocol):
    """Verifies callers."""

    async def authenticate(self, body: Mapping[str, object], address: str) -> Caller:
        """
        Return who calls.

        Raises:
            LoginRefused: after a delay that grows with failures (C-10).
            StoreUnavailable: nobody can tell.
        """


class PolicenwerkApi:
    """
    The ASGI application of all Policenwerk operations; all are POST (P-01).

    Args:
        max_body_bytes: Larger bodies are refused while they are read.
    """

    def __init__(self, operations: Sequence[Operation], accounts: Accounts, *, max_body_bytes: int) -> None:
        self._operations = {operation.path: operation for operation in operations}
        self._accounts = accounts
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; whatever goes wrong, in this dialect."""
        try:
            response = await self._answer(scope, receive)
        except Refused as error:
            response = refusal(error.wire)
        except TooLarge:
            response = refusal(TOO_LARGE)
        except LoginRefused as error:
            response = refusal(error.wire)
        except Exception as error:  # noqa: BLE001 - an unexpected failure is answered without detail and logged with it
            response = _failed(error, scope, {}, None)
        await response(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        operation = self._operations.get(scope["path"].removesuffix("/"))
        if operation is None:
            return refusal(NOT_FOUND)
        notes = observed(scope)
        if notes is not None:
            notes.operation = operation.name
        if scope["method"] != "POST":
            return refusal(METHOD_NOT_ALLOWED, headers={"Allow": "POST"})
        _check_content_type(scope["headers"])
        body = await read_body(scope, receive, self._max_body_bytes)
        content = _members(body)
        if notes is not None:
            notes.account = str(read_user_id(content.get("user_id")) or "")
        caller = await self._accounts.authenticate(content, scope["client"][0] if scope.get("client") else "")
        if notes is not None:
            notes.tenant_id = caller.broker.tenant_id
        try:
            with tracing.span("service", operation=operation.name):
                return await operation.handle(Call(caller, scope["headers"], body, content))
        except FieldFaults as error:
            return field_faults(error.faults, caller.login)
        except Refused as error:
            return refusal(error.wire, caller.login)
        except Exception as error:  # noqa: BLE001 - as above, to a caller whose login was right
            return _failed(error, scope, operation.errors, caller.login)


def _failed(error: Exception, scope: Scope, table: ErrorTable, login: Login | None) -> Response:
    """Answer a domain error as the table says, anything else without detail."""
    known = render(error, table, login) if isinstance(error, DomainError) else None
    if known is not None:
        return known
    notes = observed(scope)
    log.error("policenwerk.failed", operation=notes.operation if notes is not None else "", exc_info=error)
    return refusal(FAILED, login)


def _members(body: bytes) -> Mapping[str, object]:
    """Parse a body; everything that is no JSON object in UTF-8 with unique names is malformed (P-01)."""
    try:
        content = read_json(body, numbers_as_text=True)
    except JsonFault:
        raise Refused(MALFORMED_JSON) from None
    if not isinstance(content, dict):
        raise Refused(MALFORMED_JSON)
    return content


def _check_content_type(headers: Headers) -> None:
    """Refuse what is not declared as JSON in UTF-8, the header being there once."""
    values = [value for name, value in headers if name == b"content-type"]
    media_type, *parameters = (values[0] if len(values) == 1 else b"").decode("latin-1").split(";")
    if media_type.strip().lower() != "application/json":
        raise Refused(EXPECTED_JSON)
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip().strip('"').lower() not in {"utf-8", "utf8"}:
            raise Refused(EXPECTED_JSON)
