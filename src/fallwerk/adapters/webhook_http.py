"""
Sending notifications: one POST, limited from connecting to the last byte, to the address that was judged.

Only httpcore's HTTP/1.1 is used. Nothing of a browser is wanted here (redirects, cookies, proxies from the
environment), and the pool of httpcore compares every request with every connection: with it a sixth as many
notifications went out, with httpx around it a tenth.
"""

import asyncio
import base64
import ssl
from collections import deque
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

import certifi
import httpcore

from fallwerk.adapters.addresses import AddressPolicy
from fallwerk.adapters.pinned import AddressRefused, Connector, Resolver, Stream, SystemResolver, TlsFailed
from fallwerk.domain.notification.model import Outcome
from fallwerk.domain.notification.rules import target_allowed
from fallwerk.domain.notification.target import Target, parse_target

LARGEST_ANSWER: Final = 1024 * 1024
"""Bytes of an answer's body that are read and thrown away; a longer one is an error."""
CONNECTIONS: Final = 128
KEPT_CONNECTIONS: Final = 64
KEPT_S: Final = 4
"""Shorter than the five seconds after which many servers close an idle connection."""
FIRST_ADDRESSES: Final = 0.3
"""Share of the time that an address gets while another one could be tried."""

TIMEOUT: Final = "timeout"
CONNECT_FAILED: Final = "connect failed"
CONNECTION_CLOSED: Final = "connection closed"
BAD_RESPONSE: Final = "bad response"
TOO_LARGE: Final = "response too large"
NOT_A_URL: Final = "refused: not a webhook URL"
HTTP_REFUSED: Final = "refused: http"
NOT_ON_LIST: Final = "refused: host not on allow-list"
PRIVATE_ADDRESS: Final = "refused: private address"


def _trusting(ca_file: Path | None) -> ssl.SSLContext:
    """Read the well-known certificate authorities, and those of a file."""
    context = ssl.create_default_context(cafile=certifi.where())
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context


class WebhookSender:
    """
    Sends notifications over kept connections; belongs to one event loop.

    Args:
        timeout_s: From connecting to the last byte of the answer (D-64).
        ca_file: Further certificate authorities besides the well-known ones. A certificate that is its own authority
            is not accepted (D-63).
        resolve: In place of the system's name resolution.

    Raises:
        OSError: `ca_file` cannot be read or holds no certificate.
    """

    def __init__(
        self,
        *,
        policy: AddressPolicy,
        timeout_s: float = 3.5,
        ca_file: Path | None = None,
        resolve: Resolver | None = None,
    ) -> None:
        self._timeout_s = timeout_s
        self._system = SystemResolver()
        self._user_agent = f"Fallwerk/{version('fallwerk')}".encode()
        # The well-known authorities are read when one is needed: it takes longer than much else of a start.
        self._context = None if ca_file is None else _trusting(ca_file)
        step_s = timeout_s * FIRST_ADDRESSES
        self._connector = Connector(policy, resolve or self._system, self._trust, step_s=step_s)
        self._kept: deque[_Line] = deque()
        """Idle connections, the one that was used last at the end."""
        self._closed = False
        # Waiting for a place happens before the time of an attempt begins.
        self._places = asyncio.Semaphore(CONNECTIONS)

    async def _trust(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = await asyncio.to_thread(_trusting, None)
        return self._context

    async def close(self) -> None:
        """Close the kept connections; those in use are closed after their exchange."""
        self._closed = True
        while self._kept:
            await self._kept.popleft().connection.aclose()
        self._system.close()

    async def send(
        self,
        url: str,
        body: bytes,
        *,
        username: str,
        password: str,
        allowed_hosts: tuple[str, ...],
        http_allowed: bool,
    ) -> Outcome:
        """
        Send one notification and return what came of it; never raises for anything that the receiver does.

        Source: D-61 to D-65, D-67. A refused target is final. Redirects are not followed, they are simply not a 200.
        A status code is returned only with a complete answer. Errors name neither host nor credentials.

        Args:
            username: Empty means without authentication.
        """
        target = parse_target(url)
        if target is None:
            return Outcome(error=NOT_A_URL, final=True)
        if target.scheme == "http" and not http_allowed:
            return Outcome(error=HTTP_REFUSED, final=True)
        if not target_allowed(target, allowed_hosts):
            return Outcome(error=NOT_ON_LIST, final=True)
        headers = self._headers(target, body, username, password)
        async with self._places:
            try:
                async with asyncio.timeout(self._timeout_s):
                    return await self._post(target, headers, body)
            except AddressRefused:
                return Outcome(error=PRIVATE_ADDRESS, final=True)
            except (TimeoutError, TlsFailed, httpcore.NetworkError, httpcore.ProtocolError) as failed:
                return Outcome(error=_words(failed))

    def _headers(self, target: Target, body: bytes, username: str, password: str) -> list[tuple[bytes, bytes]]:
        headers = [
            (b"Host", target.authority.encode()),
            (b"User-Agent", self._user_agent),
            (b"Accept", b"*/*"),
            (b"Content-Type", b"application/json"),
            (b"Content-Length", str(len(body)).encode()),
        ]
        if username:
            headers.append((b"Authorization", b"Basic " + base64.b64encode(f"{username}:{password}".encode())))
        return headers

    async def _post(self, target: Target, headers: list[tuple[bytes, bytes]], body: bytes) -> Outcome:
        request = httpcore.Request(b"POST", _address(target), headers=headers, content=body)
        line = self._take_kept(target)
        if line is not None:
            try:
                return await self._exchange(line, request)
            except httpcore.ReadError:
                if line.stream.received:
                    raise
            # The receiver closed a kept connection at the moment it was used again: that is no answer to this
            # notification, so it goes out over a new connection, within the same time.
        stream = await self._connector.open(target)
        origin = httpcore.Origin(target.scheme.encode(), target.host.encode(), target.port)
        connection = httpcore.AsyncHTTP11Connection(origin, stream, keepalive_expiry=KEPT_S)
        return await self._exchange(_Line(target.origin, connection, stream), request)

    async def _exchange(self, line: "_Line", request: httpcore.Request) -> Outcome:
        line.stream.received = 0
        try:
            response = await line.connection.handle_async_request(request)
            try:
                return await _read(response)
            finally:
                await response.aclose()
        except httpcore.RemoteProtocolError as failed:
            raise failed if line.stream.received else httpcore.ReadError("closed without an answer") from failed
        finally:
            await self._keep(line)

    def _take_kept(self, target: Target) -> "_Line | None":
        for line in reversed(self._kept):
            if line.origin == target.origin and not line.connection.has_expired():
                self._kept.remove(line)
                return line
        return None

    async def _keep(self, line: "_Line") -> None:
        """Keep a connection whose exchange is complete, close any other; never suspends."""
        if self._closed or not line.connection.is_idle():
            await line.connection.aclose()
            return
        self._kept.append(line)
        while self._kept and (len(self._kept) > KEPT_CONNECTIONS or self._kept[0].connection.has_expired()):
            await self._kept.popleft().connection.aclose()


@dataclass(frozen=True, slots=True)
class _Line:
    """A connection to one origin."""

    origin: tuple[str, str, int]
    connection: httpcore.AsyncHTTP11Connection
    stream: Stream


def _address(target: Target) -> httpcore.URL:
    return httpcore.URL(
        scheme=target.scheme.encode(), host=target.host.encode(), port=target.port, target=target.path.encode()
    )


async def _read(response: httpcore.Response) -> Outcome:
    """Throw the body away; only a complete answer counts."""
    size = 0
    async for chunk in response.aiter_stream():
        size += len(chunk)
        if size > LARGEST_ANSWER:
            return Outcome(error=TOO_LARGE)
    return Outcome(response.status)


def _words(failed: Exception) -> str:
    """Short, stable, and without anything of the URL."""
    match failed:
        case TimeoutError():
            return TIMEOUT
        case TlsFailed():
            return str(failed)
        case httpcore.ConnectError():
            return CONNECT_FAILED
        case httpcore.ProtocolError():
            return BAD_RESPONSE
        case _:
            return CONNECTION_CLOSED
