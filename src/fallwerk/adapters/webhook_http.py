"""
Sending notifications: one POST, limited from connecting to the last byte, to the address that was judged.

httpcore is used without httpx around it: nothing of a browser is wanted here (redirects, cookies, proxies from the
environment), and one request costs half.
"""

import asyncio
import base64
import ssl
from importlib.metadata import version
from pathlib import Path
from typing import Final

import certifi
import httpcore

from fallwerk.adapters.addresses import AddressPolicy
from fallwerk.adapters.pinned import (
    AddressRefused,
    Exchange,
    PinnedBackend,
    Resolver,
    SystemResolver,
    TlsFailed,
    exchange,
)
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
        context = ssl.create_default_context(cafile=certifi.where())
        if ca_file is not None:
            context.load_verify_locations(ca_file)
        backend = PinnedBackend(policy, resolve or self._system, step_s=timeout_s * FIRST_ADDRESSES)
        self._kept = _pool(context, backend, KEPT_CONNECTIONS)
        self._fresh = _pool(context, backend, 0)
        # The pools never make anybody wait: waiting happens here, before the time of an attempt begins.
        self._places = asyncio.Semaphore(CONNECTIONS)

    async def close(self) -> None:
        """Close all connections."""
        await self._kept.aclose()
        await self._fresh.aclose()
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
        request = self._request(target, body, username, password)
        async with self._places:
            try:
                async with asyncio.timeout(self._timeout_s):
                    return await self._post(request)
            except AddressRefused:
                return Outcome(error=PRIVATE_ADDRESS, final=True)
            except (TimeoutError, TlsFailed, httpcore.NetworkError, httpcore.ProtocolError) as failed:
                return Outcome(error=_words(failed))

    def _request(self, target: Target, body: bytes, username: str, password: str) -> httpcore.Request:
        headers = [
            (b"Host", target.authority.encode()),
            (b"User-Agent", self._user_agent),
            (b"Accept", b"*/*"),
            (b"Content-Type", b"application/json"),
            (b"Content-Length", str(len(body)).encode()),
        ]
        if username:
            headers.append((b"Authorization", b"Basic " + base64.b64encode(f"{username}:{password}".encode())))
        address = httpcore.URL(
            scheme=target.scheme.encode(), host=target.host.encode(), port=target.port, target=target.path.encode()
        )
        return httpcore.Request(b"POST", address, headers=headers, content=body)

    async def _post(self, request: httpcore.Request) -> Outcome:
        try:
            return await _exchange(self._kept, request)
        except (httpcore.ReadError, httpcore.RemoteProtocolError):
            went = exchange.get()
            if went.connected or went.received:
                raise
        # The receiver closed a kept connection at the moment it was used again: that is no answer to this
        # notification, so it goes out over a new connection, within the same time.
        return await _exchange(self._fresh, request)


def _pool(context: ssl.SSLContext, backend: PinnedBackend, kept: int) -> httpcore.AsyncConnectionPool:
    return httpcore.AsyncConnectionPool(
        ssl_context=context,
        max_connections=CONNECTIONS,
        max_keepalive_connections=kept,
        keepalive_expiry=KEPT_S,
        network_backend=backend,
    )


async def _exchange(pool: httpcore.AsyncConnectionPool, request: httpcore.Request) -> Outcome:
    exchange.set(Exchange())
    response = await pool.handle_async_request(request)
    try:
        size = 0
        async for chunk in response.aiter_stream():
            size += len(chunk)
            if size > LARGEST_ANSWER:
                return Outcome(error=TOO_LARGE)
    finally:
        await response.aclose()
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
        case httpcore.ProtocolError() if exchange.get().received:
            return BAD_RESPONSE
        case _:
            return CONNECTION_CLOSED
