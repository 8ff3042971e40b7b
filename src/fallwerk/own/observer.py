"""
The outermost layer around every request: trace id, ordered faults, security headers, journal, log line, metrics, span.

Nothing gets past it: refused credentials, unknown paths and unexpected failures are recorded and dressed as well.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import structlog
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fallwerk.dialects.kex.problems import by_status as kex_by_status
from fallwerk.dialects.policenwerk.envelope import by_status as policenwerk_by_status
from fallwerk.dialects.problem import problem
from fallwerk.dialects.scr.envelope import by_status
from fallwerk.kit import tracing
from fallwerk.kit.clock import Clock, monotonic_s
from fallwerk.kit.journal import MAX_BODY_BYTES, Journal, JournalEntry
from fallwerk.kit.logs import RequestLog
from fallwerk.kit.metrics import Metrics
from fallwerk.kit.pages import failed_page
from fallwerk.kit.randomness import random_bytes
from fallwerk.own.token.errors import by_status as token_by_status

log = structlog.get_logger()

Headers = tuple[tuple[bytes, bytes], ...]

TRACE_HEADER: Final = b"x-traceid"
LONGEST_TRACE_ID: Final = 128
UNMATCHED: Final = "unmatched"
"""Operation of a request that met none."""
FAILED: Final = 500
CREATED: Final = 201

_TRACE_ID: Final = re.compile(rb"[\x21-\x7e](?:[\x20-\x7e]{0,126}[\x21-\x7e])?")
_CASE_ID: Final = re.compile(r"[0-9A-Z]{12}")
_NEW_CASE: Final = re.compile(rb'"caseId":"([0-9A-Z]{12})"')
_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
"""What every answer carries unless it says otherwise itself."""
_HSTS: Final = (b"strict-transport-security", b"max-age=31536000")
_NAMES: Final = frozenset(name for name, _ in (*_HEADERS, _HSTS))


class Faults(Protocol):
    """Ordered faults (`own.sandbox.faults.FaultBook`)."""

    def quiet(self) -> bool:
        """Tell that nothing is ordered, at the cost of a comparison."""

    async def strike(self, method: str, path: str) -> int | None:
        """Delay a call as ordered and return the status to answer with; None lets it pass."""


@dataclass(frozen=True, slots=True)
class Surface:
    """One of the interfaces as seen from outside: its paths, and its answer to what it does not answer itself."""

    prefix: str
    name: str
    """Label of the metrics."""
    render: Callable[[int], Response]
    """Makes an error of this interface's dialect for a status."""
    faultable: bool = True
    recorded: bool = True
    """The journal is about callers' requests, not about reading the journal."""
    anywhere: bool = False
    """The prefix may stand further in: a target that was encoded as a whole (decision 11)."""

    def owns(self, path: str) -> bool:
        """Tell whether a path belongs to this interface."""
        return path.startswith(self.prefix) or (self.anywhere and self.prefix in path)


def problem_by_status(status: int) -> Response:
    """Answer a status as a problem."""
    return problem(status, "The request failed unexpectedly." if status == FAILED else "Ordered by the sandbox.")


SURFACES: Final = (
    Surface("/api/scr/", "scr", by_status, anywhere=True),
    Surface("/kreditsmart/", "kex", kex_by_status),
    Surface("/vorgang", "kex", kex_by_status),
    Surface("/auth/token", "token", token_by_status),
    Surface("/.well-known/jwks.json", "token", token_by_status),
    Surface("/.well-known/oauth-authorization-server", "token", token_by_status),
    Surface("/api/customer", "policenwerk", policenwerk_by_status),
    Surface("/sandbox", "sandbox", problem_by_status, faultable=False, recorded=False),
    Surface("/admin", "admin", problem_by_status, faultable=False),
    Surface("/healthz", "health", problem_by_status, faultable=False, recorded=False),
    Surface("/readyz", "health", problem_by_status, faultable=False, recorded=False),
    Surface("/metrics", "health", problem_by_status, faultable=False, recorded=False),
    # What people type at their desks, passwords among it, is nothing for the callers' journal.
    Surface("/console", "console", failed_page, recorded=False),
    # Pages of one's own data: what a person types and sees is nothing for a journal of callers.
    Surface("/identportal", "portal", problem_by_status, recorded=False),
    Surface("/", "web", problem_by_status),
)
"""Busiest first; the last one takes what is left."""
_OPERATORS: Final = frozenset({"admin", "sandbox"})
"""Interfaces whose only account is ours."""


class Notes:
    """What the interfaces note of a request while they answer it; stands in the scope as `fallwerk.observed`."""

    __slots__ = ("account", "case_id", "operation", "tenant_id", "trace_id")

    def __init__(self, trace_id: str) -> None:
        self.trace_id = trace_id
        self.operation = ""
        self.account = ""
        self.tenant_id = 0
        self.case_id = ""


class _Kept:
    """The beginning of a body, and how large all of it was; parts are kept by reference, not copied."""

    __slots__ = ("_kept", "_parts", "size")

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._kept = 0
        self.size = 0

    def add(self, part: bytes) -> None:
        self.size += len(part)
        if self._kept < MAX_BODY_BYTES:
            self._parts.append(part)
            self._kept += len(part)

    def content(self) -> bytes:
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)


class _Exchange:
    """One request and its answer, while they pass."""

    __slots__ = ("_receive", "_send", "_usual", "at_us", "notes", "request", "response", "status")

    def __init__(self, notes: Notes, usual: Headers, receive: Receive, send: Send, at_us: int) -> None:
        self.notes = notes
        self._usual = usual
        self._receive = receive
        self._send = send
        self.at_us = at_us
        self.request = _Kept()
        self.response = _Kept()
        self.status = 0

    async def receive(self) -> Message:
        message = await self._receive()
        body = message.get("body")
        if body:
            self.request.add(body)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = self._dressed(message.get("headers", ()))
        elif body := message.get("body"):
            self.response.add(body)
        await self._send(message)

    def _dressed(self, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        # A new list: the answer's own may belong to an object that is sent again.
        dressed = [*headers, (TRACE_HEADER, self.notes.trace_id.encode())]
        own = [name for name, _ in dressed if name in _NAMES]
        dressed.extend([usual for usual in self._usual if usual[0] not in own] if own else self._usual)
        return dressed

    async def drain(self) -> None:
        """Read what the journal would keep of a body that no interface is going to read."""
        while self.request.size < MAX_BODY_BYTES:
            message = await self.receive()
            if not message.get("more_body"):
                return


class Observer:
    """
    ASGI middleware around the whole application.

    Args:
        faults: None where nothing can be ordered (production).
        https: The public address is encrypted: browsers are told to stay with that.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        clock: Clock,
        journal: Journal,
        metrics: Metrics,
        request_log: RequestLog,
        faults: Faults | None,
        https: bool,
        surfaces: Sequence[Surface] = SURFACES,
    ) -> None:
        self._app = app
        self._clock = clock
        self._journal = journal
        self._metrics = metrics
        self._request_log = request_log
        self._faults = faults
        self._headers = (*_HEADERS, _HSTS) if https else _HEADERS
        self._surfaces = surfaces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and record what became of it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began_s = monotonic_s()
        notes = Notes(_trace_id(scope["headers"]))
        scope["fallwerk.observed"] = notes
        structlog.contextvars.bind_contextvars(trace_id=notes.trace_id)
        surface = self._surface(scope["path"])
        exchange = _Exchange(notes, self._headers, receive, send, self._clock.now_us())
        try:
            if tracing.enabled():
                await self._traced(surface, scope, exchange)
            else:
                await self._serve(surface, scope, exchange)
        finally:
            if exchange.status:
                self._record(surface, scope, exchange, monotonic_s() - began_s)

    async def _traced(self, surface: Surface, scope: Scope, exchange: _Exchange) -> None:
        parent = next((value for name, value in scope["headers"] if name == b"traceparent"), b"").decode("latin-1")
        with tracing.span("http", parent=tracing.remote(parent), method=scope["method"], api=surface.name):
            await self._serve(surface, scope, exchange)

    async def _serve(self, surface: Surface, scope: Scope, exchange: _Exchange) -> None:
        if self._faults is not None and surface.faultable and not self._faults.quiet():
            status = await self._faults.strike(scope["method"], scope["path"])
            if status is not None:
                await exchange.drain()
                await surface.render(status)(scope, exchange.receive, exchange.send)
                return
        try:
            await self._app(scope, exchange.receive, exchange.send)
        except Exception:
            # An answer that has begun cannot be taken back: the server cuts the connection.
            if exchange.status:
                raise
            log.exception("http.failed", api=surface.name)
        if not exchange.status:
            await surface.render(FAILED)(scope, exchange.receive, exchange.send)

    def _surface(self, path: str) -> Surface:
        for surface in self._surfaces:
            if surface.owns(path):
                return surface
        return self._surfaces[-1]

    def _record(self, surface: Surface, scope: Scope, exchange: _Exchange, duration_s: float) -> None:
        notes = exchange.notes
        duration_us = int(duration_s * 1_000_000)
        operation = notes.operation or UNMATCHED
        self._metrics.observe(surface.name, operation, exchange.status, duration_s)
        # A name that a stranger put into a path may be anything; only a verified one goes into the log (C-04).
        known = notes.tenant_id or surface.name in _OPERATORS
        self._request_log.write(
            method=scope["method"],
            route=operation,
            status=exchange.status,
            duration_us=duration_us,
            trace_id=notes.trace_id,
            account=notes.account if known else "",
            bytes_out=exchange.response.size,
        )
        if not surface.recorded:
            return
        response = exchange.response.content()
        self._journal.add(
            JournalEntry(
                exchange.at_us,
                scope["method"],
                scope["path"],
                scope["query_string"].decode("latin-1"),
                exchange.status,
                notes.trace_id,
                notes.account,
                _case_id(notes.case_id, exchange.status, response),
                notes.tenant_id,
                exchange.request.content(),
                response,
                duration_us,
                exchange.request.size,
                exchange.response.size,
            )
        )


def _trace_id(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the caller's trace id, or a new one if there is none that can be repeated safely."""
    found = [value for name, value in headers if name == TRACE_HEADER]
    if len(found) == 1 and _TRACE_ID.fullmatch(found[0]):
        return found[0].decode()
    return random_bytes(16).hex()


def _case_id(noted: str, status: int, response: bytes) -> str:
    """Return the case that a request was about: the one in its path, or the one that it made."""
    if noted:
        return noted if _CASE_ID.fullmatch(noted) else ""
    found = _NEW_CASE.search(response) if status == CREATED else None
    return found[1].decode() if found else ""
