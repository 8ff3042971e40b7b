"""How the server's processes are to run, without importing what runs them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fallwerk.kit.logs import LogLevel
from fallwerk.kit.shared import SharedState

AsgiApp = Callable[..., Any]
MakeApp = Callable[[int, SharedState], AsgiApp]
"""Gets the port that was bound; called in the process that serves, after forking."""


class StartRefused(Exception):
    """The server cannot start; the message is one sentence for its operator and says what to do."""


@dataclass(frozen=True, slots=True)
class ServerPlan:
    """What `settings` say about processes, sockets and logs."""

    host: str
    port: int
    """0 takes a free one."""
    processes: int = 1
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    trusted_proxies: tuple[str, ...] = ()
    """Only these may set the client's address and scheme (`X-Forwarded-For`, `X-Forwarded-Proto`); empty: nobody."""
    keep_alive_s: int = 75
    grace_s: int = 10
    """How long requests in flight may take after a stop was asked for."""
    stay_on_processor: bool = True
    """Whether the threads of a process that take turns share one processor (`kit.affinity`)."""
    journal_bytes: int = 8 * 1024 * 1024
    log_level: LogLevel = "info"
    log_readable: bool = False
    log_messages: bool = False

    @property
    def scheme(self) -> str:
        """Scheme of the addresses served."""
        return "https" if self.tls_certificate else "http"

    def run(self, make_app: MakeApp, *, announce: Callable[[int], str]) -> int:
        """
        Serve until a signal says stop; return the exit code of the command.

        Args:
            announce: Text to print once the port is known, before anything is started.
        """
        from fallwerk.kit.serving import run_server  # noqa: PLC0415 - other commands need no HTTP server

        return run_server(self, make_app, announce=announce)
