"""
The HTTP server of one process: sockets, TLS, limits of the protocol, and a stop that lets requests finish.

Several processes are `processes.py`'s; each of them runs what stands here.
"""

import asyncio
import contextlib
import gc
import os
import signal
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, Final

import uvicorn
from uvicorn.lifespan.on import LifespanOn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from fallwerk.kit import logs, metrics
from fallwerk.kit.affinity import Affinity, let_default_threads_roam
from fallwerk.kit.processes import Supervisor
from fallwerk.kit.server_plan import AsgiApp, MakeApp, ServerPlan, StartRefused
from fallwerk.kit.shared import SharedState

MAX_HEAD_BYTES: Final = 64 * 1024
"""Request line and headers together; more is answered 431."""
MAX_MESSAGE_BYTES: Final = 64 * 1024
"""A longer message ends its WebSocket."""
_SWITCH_S: Final = 0.0003
"""
The store's threads hand over to the event loop at every step of a statement; with Python's 5 ms a busy loop would keep
an open transaction waiting that long, many times over. With much less the threads would do little but hand over.
"""
HEAD_S: Final = 30.0
"""How long a connection may take to send a complete head; who sends a byte now and then would hold it for ever."""
BACKLOG: Final = 2048

_OK: Final = 0
_FAILED: Final = 1
_STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_TICKS_PER_CHECK: Final = 10
_HEAD_TOO_LARGE: Final = b"The request's headers are too large.\n"


def run_server(plan: ServerPlan, make_app: MakeApp, *, announce: Callable[[int], str]) -> int:
    """Bind, announce, serve in one or more processes until told to stop; return the command's exit code."""
    try:
        sockets = bind(plan)
    except OSError as error:
        reason = error.strerror or str(error)
        return _refused(f"cannot listen on {plan.host}:{plan.port}: {reason}")
    port = sockets[0][0].getsockname()[1]
    shared = SharedState(plan.processes, ring_bytes=plan.journal_bytes)
    _say(announce(port))
    address = f"{plan.scheme}://{_shown_host(plan.host)}:{port}"

    def serve(slot: int, report: Callable[[], None], parent: int | None = None) -> None:
        for others in sockets[:slot] + sockets[slot + 1 :]:
            _close(others)
        logs.configure(level=plan.log_level, readable=plan.log_readable, messages=plan.log_messages)
        serve_here(plan, make_app(port, shared), sockets[slot], report, parent=parent)

    def ready() -> None:
        _say(f"Ready: {address}")

    def stopping() -> None:
        # Otherwise the kernel would go on accepting connections that nobody serves.
        for each in sockets:
            _close(each)

    try:
        if plan.processes > 1:
            with metrics.shared_between_processes():
                return Supervisor(shared, serve, ready, stopping, grace_s=plan.grace_s).run()
        serve(0, ready)
    except StartRefused as error:
        return _refused(str(error))
    finally:
        logs.request_log().flush()
    return _OK


def bind(plan: ServerPlan) -> list[list[socket.socket]]:
    """
    Return the sockets of each process, bound and not yet listening.

    On Linux each process gets sockets of its own on the shared port and the kernel spreads connections evenly; the
    parent keeps them open, so what waits in the queue of a crashed process is answered by its successor.

    Raises:
        OSError: the port is in use or not ours, or the name is unknown.
    """
    spread = plan.processes > 1 and sys.platform == "linux"
    infos = socket.getaddrinfo(plan.host or None, plan.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    targets = [(info[0], info[4][0]) for info in dict.fromkeys(infos)]
    first = [_bound(family, str(host), plan.port, share=False) for family, host in targets[:1]]
    port = first[0].getsockname()[1]
    if not spread:
        first += [_bound(family, str(host), port, share=False) for family, host in targets[1:]]
        return [first, *([found.dup() for found in first] for _ in range(plan.processes - 1))]
    # Only a socket that does not share tells that another server, maybe one of ours, has the port.
    first[0].close()
    return [[_bound(family, str(host), port, share=True) for family, host in targets] for _ in range(plan.processes)]


def _bound(family: int, host: str, port: int, *, share: bool) -> socket.socket:
    found = socket.socket(family, socket.SOCK_STREAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if share:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            found.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        found.bind((host, port))
    except OSError:
        found.close()
        raise
    return found


def serve_here(
    plan: ServerPlan,
    app: AsgiApp,
    sockets: list[socket.socket],
    ready: Callable[[], None],
    *,
    parent: int | None = None,
) -> None:
    """
    Serve in this process until SIGINT or SIGTERM; requests in flight are finished.

    Args:
        ready: Called once, when the application's lifespan has started and the sockets listen.

    Raises:
        StartRefused: also when the application's start failed; its traceback is in the log.
    """
    sys.setswitchinterval(_SWITCH_S)
    affinity = Affinity()
    if plan.stay_on_processor:
        affinity.settle()
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=BoundedProtocol,
        # Decides by itself when bytes come and go, as our HTTP protocol does; what a call signals is small.
        ws="websockets-sansio",
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_per_message_deflate=False,
        lifespan="on",
        interface="asgi3",
        log_config=None,
        # Starting and stopping are announced on standard output; only what goes wrong is worth a line.
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=bool(plan.trusted_proxies),
        forwarded_allow_ips=list(plan.trusted_proxies),
        backlog=BACKLOG,
        timeout_keep_alive=plan.keep_alive_s,
        timeout_graceful_shutdown=plan.grace_s,
        ssl_certfile=plan.tls_certificate,
        ssl_keyfile=plan.tls_key,
    )
    try:
        config.load()
    except (ssl.SSLError, OSError) as error:
        raise StartRefused(f"cannot use the TLS certificate {plan.tls_certificate}: {error}") from error
    config.lifespan_class = _Lifespan
    server = Server(config, ready, affinity, parent=parent)
    try:
        server.run(sockets=sockets)
    except SystemExit as error:
        raise server.refusal() or StartRefused("the application did not start; the log says why") from error


class Server(uvicorn.Server):
    """
    Uvicorn's server: says when it is ready and returns after a stop instead of dying by the signal.

    Args:
        affinity: Where this process runs.
        parent: Process that this one must not outlive.
    """

    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None], affinity: Affinity, *, parent: int | None = None
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._affinity = affinity
        self._parent = parent

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, listen, then report."""
        let_default_threads_roam(asyncio.get_running_loop())
        await super().startup(sockets)
        # What exists now lives as long as the process: later collections need not walk it, and forked memory stays
        # shared.
        gc.collect()
        gc.freeze()
        gc.enable()
        self._ready()

    async def on_tick(self, counter: int) -> bool:
        """Stop when the process that started this one is gone and nothing else told us so; keep to a calm processor."""
        if counter % _TICKS_PER_CHECK == 0:
            self._affinity.look()
            if self._parent not in {None, os.getppid()}:
                self.should_exit = True
        return await super().on_tick(counter)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Turn the first signal into a graceful stop and the second into a quick one; raise neither again."""
        before = {number: signal.signal(number, self.handle_exit) for number in _STOP_SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Note the signal; the main loop looks ten times a second."""
        del frame
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self.should_exit = True

    def refusal(self) -> StartRefused | None:
        """Return why the application refused to start, if it said so."""
        lifespan = getattr(self, "lifespan", None)
        return lifespan.refusal if isinstance(lifespan, _Lifespan) else None


class _Lifespan(LifespanOn):
    """Keeps an expected refusal out of the log: its one sentence is for the terminal."""

    refusal: StartRefused | None = None

    async def startup(self) -> None:
        """Run the application's start; whether it worked stands in `should_exit`."""
        self._main = asyncio.create_task(self.main())
        await self.receive_queue.put({"type": "lifespan.startup"})
        await self.startup_event.wait()
        self.should_exit = self.startup_failed or self.error_occurred

    async def main(self) -> None:
        scope: dict[str, Any] = {
            "type": "lifespan",
            "asgi": {"version": self.config.asgi_version, "spec_version": "2.0"},
            "state": self.state,
        }
        try:
            await self.config.loaded_app(scope, self.receive, self._send_quietly)
        except StartRefused as error:
            self.refusal = error
            self.error_occurred = True
        except Exception:
            self.error_occurred = True
            self.logger.exception("The application's start or stop failed")
        finally:
            self.startup_event.set()
            self.shutdown_event.set()

    async def _send_quietly(self, message: Any) -> None:  # noqa: ANN401 - uvicorn's union of messages
        # Starlette sends the whole traceback along and raises the exception afterwards, where it is handled.
        await self.send({"type": message["type"]})


class BoundedProtocol(HttpToolsProtocol):
    """HTTP/1.1 whose heads are limited in size and time; the parser alone would collect and wait without end."""

    def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - handed on
        super().__init__(*arguments, **named)
        self._in_head = True
        self._head_bytes = 0
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, which has to say something soon."""
        super().connection_made(transport)
        self._patience = self.loop.call_later(HEAD_S, self._lose_patience)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a connection."""
        self._be_content()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what came, and count it while the headers are not complete."""
        super().data_received(data)
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
                self._refuse()
            elif self._patience is None:
                self._patience = self.loop.call_later(HEAD_S, self._lose_patience)

    def on_message_begin(self) -> None:
        """A request begins."""
        self._in_head = True
        self._head_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Its head is complete; the body's size is the application's affair."""
        self._in_head = False
        self._be_content()
        super().on_headers_complete()

    def _be_content(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _lose_patience(self) -> None:
        self._patience = None
        if self._in_head and not self.transport.is_closing():
            self.transport.close()

    def _unsupported_upgrade_warning(self) -> None:
        """An offer to speak another protocol is declined by answering in HTTP/1.1; that is nobody's mistake."""

    def _refuse(self) -> None:
        size = str(len(_HEAD_TOO_LARGE)).encode()
        self.transport.write(
            b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain\r\ncontent-length: "
            + size
            + b"\r\nconnection: close\r\n\r\n"
            + _HEAD_TOO_LARGE
        )
        self.transport.close()


def _close(sockets: list[socket.socket]) -> None:
    for found in sockets:
        found.close()


def _shown_host(host: str) -> str:
    """The host as a browser on this machine can use it."""
    host = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - shown, not bound
    return f"[{host}]" if ":" in host else host


def _say(text: str) -> None:
    if text:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


def _refused(message: str) -> int:
    sys.stderr.write(f"fallwerk: {message}\n")
    return _FAILED
