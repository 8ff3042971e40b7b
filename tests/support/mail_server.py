"""A mail server on this machine: takes mails over SMTP with TLS and sign-in, or refuses them as it is told."""

import asyncio
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult

from fallwerk.kit.clock import monotonic_s
from tests.support.listening import close

WAIT_S = 20


@dataclass
class MailServer:
    """
    Listens on a free port of the loopback.

    Args:
        tls: Certificate to show; None: the server knows no TLS.
        implicit: TLS from the first byte instead of STARTTLS.
        account: User and password without which nothing is taken.
    """

    tls: ssl.SSLContext | None = None
    implicit: bool = False
    account: tuple[str, str] | None = None
    refusals: list[str] = field(default_factory=list)
    """Answers to the next recipients, used up one by one."""
    received: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    holding: bool = False
    """Mails are read and never answered."""
    held: threading.Event = field(default_factory=threading.Event)
    port: int = 0
    _sessions: list[SMTP] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self._thread.start()
        assert ready.wait(WAIT_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(WAIT_S)

    def _run(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        context = self.tls if self.implicit else None
        starting = self._loop.create_server(self._session, "127.0.0.1", 0, ssl=context)
        server = self._loop.run_until_complete(starting)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(close(server, self._transports))
        self._loop.close()

    def _transports(self) -> list[Any]:
        return [end for session in self._sessions for end in (session.transport, session._original_transport)]

    def _session(self) -> SMTP:
        starttls = None if self.implicit else self.tls
        session = SMTP(
            self,
            loop=self._loop,
            hostname="mail.test",
            tls_context=starttls,
            require_starttls=starttls is not None,
            auth_required=self.account is not None,
            auth_require_tls=starttls is not None,
            authenticator=self._sign_in,
        )
        self._sessions.append(session)
        return session

    def _sign_in(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        pair = (given.login.decode(), given.password.decode())
        return AuthResult(success=pair == self.account, handled=False)

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        if self.refusals:
            return self.refusals.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        if self.holding:
            self.held.set()
            await asyncio.get_running_loop().create_future()
        found = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(found, EmailMessage)
        self.received.append(found)
        self.recipients.extend(envelope.rcpt_tos)
        return "250 OK"

    def wait_for(self, number: int) -> None:
        """Wait until so many mails have come."""
        until(lambda: len(self.received) >= number)


def until(is_so: Callable[[], bool]) -> None:
    """Look again and again until something is so."""
    deadline = monotonic_s() + WAIT_S
    pause = threading.Event()
    while not is_so():
        assert monotonic_s() < deadline
        pause.wait(0.02)
