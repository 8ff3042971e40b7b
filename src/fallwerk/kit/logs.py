"""
Structured logs on standard error: JSON lines, or readable ones on a terminal. No personal data, no secrets (C-04).

Modules log with `get_logger()`; what libraries write through `logging` takes the same way. Requests have a fast path of
their own (`RequestLog`), because there is one line for each.
"""

import asyncio
import logging
import os
import sys
import threading
import traceback
from types import TracebackType
from typing import Any, Final, Literal

import orjson

from fallwerk.kit.clock import Clock, from_us

_RICH_UNSEEN: Final = "rich" not in sys.modules
if _RICH_UNSEEN:
    # structlog imports rich for pretty tracebacks, which are never drawn here: 60 ms of the start and 5 MB. `settings`
    # imports this module (for `LogLevel`) before anything else can import structlog.
    sys.modules["rich"] = None  # type: ignore[assignment]
import structlog  # noqa: E402 - see above

if _RICH_UNSEEN:
    del sys.modules["rich"]

LogLevel = Literal["debug", "info", "warning", "error"]

_FLUSH_S: Final = 0.2
_CHUNK_BYTES: Final = 4096
"""What a pipe takes in one piece, so that lines of several processes never mix."""
_SECRET_ENDINGS: Final = ("password", "secret", "token", "authorization", "key")
_QUIET_LIBRARIES: Final = ("httpx", "httpcore", "alembic", "sqlalchemy", "asyncio")
_clock: Final = Clock()

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


class LineWriter:
    """
    Collect lines and write them together: at once outside an event loop and for `urgent` ones, else within 0.2 s.

    A killed process loses at most that much of its log.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lines: list[bytes] = []
        self._size = 0
        self._lock = threading.Lock()

    def write(self, line: bytes, *, urgent: bool = False) -> None:
        """Take one line, its end included."""
        with self._lock:
            first = not self._lines
            self._lines.append(line)
            self._size += len(line)
            full = self._size >= _CHUNK_BYTES
        if urgent or full:
            self.flush()
        elif first:
            try:
                asyncio.get_running_loop().call_later(_FLUSH_S, self.flush)
            except RuntimeError:
                # No loop in this thread will come back to it.
                self.flush()

    def flush(self) -> None:
        """Write what is collected. A closed or full standard error loses lines and never stops the server."""
        with self._lock:
            lines, self._lines, self._size = self._lines, [], 0
            try:
                for piece in _pieces(lines):
                    os.write(self._descriptor, piece)
            except OSError:
                return


def _pieces(lines: list[bytes]) -> list[bytes]:
    """Join whole lines to pieces of at most 4 KiB; a longer line is a piece alone."""
    pieces: list[bytes] = []
    piece = b""
    for line in lines:
        if piece and len(piece) + len(line) > _CHUNK_BYTES:
            pieces.append(piece)
            piece = b""
        piece += line
    return [*pieces, piece] if piece else pieces


class RequestLog:
    """One line per answered request."""

    def __init__(self, writer: LineWriter, *, enabled: bool, readable: bool) -> None:
        self._writer = writer
        self._enabled = enabled
        self._readable = readable

    def write(
        self, *, method: str, route: str, status: int, duration_us: int, trace_id: str, account: str, bytes_out: int = 0
    ) -> None:
        """
        Record one answer.

        Args:
            route: The template that matched (`/api/scr/{version}/…`), never the path that was sent: what strangers put
                into unknown paths may be anything.
            account: Client id or user name, empty if nobody was authenticated.
        """
        if not self._enabled:
            return
        at = _timestamp()
        if self._readable:
            line = f"{at} {status} {method} {route} {duration_us / 1000:.1f} ms {account} {trace_id}\n".encode()
        else:
            line = orjson.dumps(
                {
                    "at": at, "level": "info", "event": "request", "method": method, "route": route, "status": status,
                    "duration_ms": duration_us / 1000, "bytes": bytes_out, "account": account, "trace_id": trace_id,
                },
                option=orjson.OPT_APPEND_NEWLINE,
            )  # fmt: skip
        self._writer.write(line)

    def flush(self) -> None:
        """Write what is collected; the last thing before a process ends."""
        self._writer.flush()


class _Sink:
    """What structlog calls a logger: the end of the processor chain."""

    def __init__(self, writer: LineWriter) -> None:
        self._writer = writer

    def msg(self, line: bytes) -> None:
        """Write a finished line of any level."""
        self._writer.write(line, urgent=True)

    debug = info = warning = error = critical = exception = fatal = log = msg


class _Renderer:
    """Event dictionaries to lines; the last processor."""

    def __init__(self, *, readable: bool, messages: bool) -> None:
        self._readable = readable
        self._messages = messages

    def __call__(self, _logger: object, method: str, event: structlog.typing.EventDict) -> bytes:
        return self.line(method, dict(event))

    def line(self, level: str, event: dict[str, Any]) -> bytes:
        """Render one event."""
        error = _exc_info(event.pop("exc_info", None))
        if error:
            event["exception"] = _described(error, messages=self._messages)
        level = "error" if level == "exception" else level
        whole = {"at": _timestamp(), "level": level, "event": event.pop("event", ""), **_without_secrets(event)}
        if not self._readable:
            return orjson.dumps(whole, default=str, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS)
        shown = "".join(f" {name}={value}" for name, value in event.items() if name != "exception")
        trace = "\n" + event["exception"] if error else ""
        return f"{whole['at']} {level} {whole['event']}{shown}{trace}\n".encode("utf-8", "replace")


class _Handler(logging.Handler):
    """Brings records of the standard library's logging into the same form."""

    def __init__(self, writer: LineWriter, renderer: _Renderer) -> None:
        super().__init__()
        self._writer = writer
        self._renderer = renderer

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        try:
            event = {"event": record.getMessage(), "module": record.name, "exc_info": record.exc_info}
            line = self._renderer.line(record.levelname.lower(), event)
        except Exception:  # noqa: BLE001 - a malformed record must not fail who logged it
            self.handleError(record)
            return
        self._writer.write(line, urgent=True)


_request_log = RequestLog(LineWriter(2), enabled=False, readable=False)


def request_log() -> RequestLog:
    """Return the log that `configure` made; before that, one that drops everything."""
    return _request_log


def configure(*, level: LogLevel, readable: bool, messages: bool, descriptor: int = 2) -> RequestLog:
    """
    Send all logs to the descriptor and return the log of requests. Call once per process, after forking.

    Args:
        level: Above `info` no requests are logged.
        messages: Keep the messages of exceptions, which may quote what was sent: in the sandbox only.
    """
    writer = LineWriter(descriptor)
    renderer = _Renderer(readable=readable, messages=messages)
    number = getattr(logging, level.upper())
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=lambda *_: _Sink(writer),
        cache_logger_on_first_use=False,
    )
    global _request_log  # noqa: PLW0603 - standard error is one per process, and so is this
    _request_log = RequestLog(writer, enabled=number <= logging.INFO, readable=readable)
    root = logging.getLogger()
    root.handlers = [_Handler(writer, renderer)]
    root.setLevel(number)
    for name in _QUIET_LIBRARIES:
        # httpx would log the URL of every webhook, and SQLAlchemy the values of every row.
        logging.getLogger(name).setLevel(max(number, logging.WARNING))
    return _request_log


def get_logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """Return a logger: `get_logger(__name__).warning("webhook_failed", delivery_id=…)`."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(module=name)
    return logger


def _timestamp() -> str:
    return from_us(_clock.system_now_us()).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _without_secrets(event: dict[str, Any]) -> dict[str, Any]:
    return {name: "•••" if name.lower().endswith(_SECRET_ENDINGS) else value for name, value in event.items()}


def _exc_info(value: object) -> ExcInfo | None:
    """Normalise the three things that `exc_info` may be."""
    if isinstance(value, BaseException):
        return type(value), value, value.__traceback__
    found = sys.exc_info() if value is True else value
    return found if isinstance(found, tuple) and found[0] is not None else None


def _described(error: ExcInfo, *, messages: bool) -> str:
    """Type and place of an exception and of its causes; their messages may hold what a person typed."""
    if messages:
        return "".join(traceback.format_exception(*error)).rstrip()
    lines: list[str] = []
    cause: BaseException | None = error[1]
    while cause is not None and len(lines) < 200:  # noqa: PLR2004 - a bound, should causes form a ring
        lines.append(f"{type(cause).__module__}.{type(cause).__qualname__}")
        lines += [f"  {f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(cause.__traceback__)]
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return "\n".join(lines)
