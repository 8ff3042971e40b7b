"""Connections that lead only to addresses that were judged."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, cast

import httpcore

from fallwerk.adapters.addresses import AddressPolicy
from fallwerk.domain.notification.target import Target

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host name and port to addresses in the order to try; raises OSError if there are none."""

Trust = Callable[[], Awaitable[ssl.SSLContext]]
"""Gives the context that says which authorities are trusted."""

MOST_BUFFERED: Final = 256 * 1024
"""Bytes of an answer that wait to be read before the receiver is slowed down."""
RESOLVING_AT_ONCE: Final = 16

_TLS_ERRORS: Final = {
    10: "tls failed: certificate expired",
    18: "tls failed: self-signed certificate",
    19: "tls failed: self-signed certificate",
    20: "tls failed: unknown issuer",
    21: "tls failed: unknown issuer",
    62: "tls failed: wrong host name",
    64: "tls failed: wrong host name",
}
"""OpenSSL's verification codes; its messages would repeat names out of URL and certificate."""


class AddressRefused(Exception):
    """The host leads to an address that must not be reached (D-67)."""


class TlsFailed(Exception):
    """No trusted connection came about; the message is short and names no host."""


class SystemResolver:
    """
    The system's name resolution, in threads of its own.

    A name server that does not answer holds a thread for many seconds, longer than any attempt waits for it; in the
    event loop's own threads it would stop other work.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(RESOLVING_AT_ONCE, thread_name_prefix="resolve")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Return the name's addresses, each once."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, _look_up, host, port)
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))

    def close(self) -> None:
        """Take no more names; does not wait for those under way."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _look_up(host: str, port: int) -> list[Any]:
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as failed:
        # Labels that are too long fail in the codec, before any name server is asked.
        raise OSError("not a host name") from failed


class Connector:
    """
    Resolves a name once, judges every address, and connects to exactly those.

    Source: D-67. What the name server answers a moment later changes nothing. One refused address among several
    refuses the name: an attacker who mixes public and private answers would otherwise choose by luck.

    Args:
        step_s: Seconds for one address while there is another one to try; the caller limits the whole.
    """

    def __init__(self, policy: AddressPolicy, resolve: Resolver, trust: Trust, *, step_s: float) -> None:
        self._policy = policy
        self._resolve = resolve
        self._trust = trust
        self._step_s = step_s

    async def open(self, target: Target) -> "Stream":
        """
        Connect to the first address that takes the connection, and shake hands if the target speaks TLS.

        Raises:
            AddressRefused: One of the addresses must not be reached; none was contacted.
            httpcore.ConnectError: The name does not resolve, or no address took the connection.
            TlsFailed: Not trusted, or not TLS at all.
        """
        stream = await self._connect_to_any(await self._judged(target), target.port)
        if target.scheme == "https":
            await stream.start_tls(await self._trust(), target.host)
        return stream

    async def _connect_to_any(self, addresses: Sequence[str], port: int) -> "Stream":
        for address in addresses[:-1]:
            try:
                async with asyncio.timeout(self._step_s):
                    return await _connect(address, port)
            except OSError:  # TimeoutError is one: the next address may be better.
                continue
        try:
            return await _connect(addresses[-1], port)
        except OSError as failed:
            raise httpcore.ConnectError("no address took the connection") from failed

    async def _judged(self, target: Target) -> Sequence[str]:
        try:
            addresses = [target.host] if _is_address(target.host) else await self._resolve(target.host, target.port)
        except OSError as failed:
            raise httpcore.ConnectError("the name does not resolve") from failed
        if not addresses:
            raise httpcore.ConnectError("the name has no address")
        if not all(self._policy.allows(address) for address in addresses):
            raise AddressRefused
        return addresses


async def _connect(address: str, port: int) -> "Stream":
    # A numeric address is not resolved again: the socket goes where the policy looked.
    _, stream = await asyncio.get_running_loop().create_connection(Stream, address, port)
    return stream


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


class Stream(asyncio.Protocol, httpcore.AsyncNetworkStream):
    """
    One connection as httpcore's HTTP/1.1 wants it.

    The event loop reads on its own, so that it shows without a system call that a kept connection was closed. Requests
    are small, so writing never waits.
    """

    def __init__(self) -> None:
        self._transport: asyncio.Transport
        self.received = 0
        """Bytes read since the sender last set it to zero: whether an exchange had an answer at all."""
        self._buffer = bytearray()
        self._ended = False
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Keep what came, and hold the receiver off while too much is unread."""
        self._buffer += data
        if len(self._buffer) > MOST_BUFFERED:
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """Note that no more comes; the transport closes itself."""
        self._ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end, and why."""
        self._ended = True
        self._error = exc
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def read(
        self,
        max_bytes: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's interface; the sender limits the whole
    ) -> bytes:
        """Return what is there, waiting for a first byte; empty at the end."""
        del timeout
        while not self._buffer:
            if isinstance(self._error, ssl.SSLError):
                raise _tls_failed(self._error)
            if self._error is not None:
                raise httpcore.ReadError("connection lost") from self._error
            if self._ended:
                return b""
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        data = bytes(self._buffer[:max_bytes])
        was_full = len(self._buffer) > MOST_BUFFERED
        del self._buffer[:max_bytes]
        if was_full and len(self._buffer) <= MOST_BUFFERED and not self._ended:
            self._transport.resume_reading()
        self.received += len(data)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - see read
        """Hand over to the transport; a lost connection shows at the next read."""
        del timeout
        if not self._ended:
            self._transport.write(buffer)

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - see read
    ) -> httpcore.AsyncNetworkStream:
        """
        Shake hands; the certificate must be the host's, not the address's.

        Raises:
            TlsFailed: Not trusted, or not TLS at all.
        """
        del timeout
        plain, loop = self._transport, asyncio.get_running_loop()
        try:
            transport = await loop.start_tls(plain, self, ssl_context, server_hostname=server_hostname)
        except BaseException as failed:
            plain.abort()
            if isinstance(failed, OSError):  # ssl.SSLError is one.
                raise _tls_failed(failed) from failed
            raise
        if transport is None:
            raise TlsFailed("tls failed")
        self._transport = transport
        return self

    async def aclose(self) -> None:
        """Close at once; never suspends, so that a cancelled caller still gets it done."""
        self._transport.abort()

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - httpcore's interface
        """Answer what the pool asks: `is_readable` on a kept connection means closed or out of step."""
        if info == "is_readable":
            return self._ended or bool(self._buffer)
        return self._transport.get_extra_info(info)


def _tls_failed(failed: OSError) -> TlsFailed:
    code = failed.verify_code if isinstance(failed, ssl.SSLCertVerificationError) else 0
    return TlsFailed(_TLS_ERRORS.get(code, "tls failed"))
