"""Connections that lead only to addresses that were judged, for httpcore's pool."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, cast

import httpcore

from fallwerk.adapters.addresses import AddressPolicy

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host name and port to addresses in the order to try; raises OSError if there are none."""

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


@dataclass(slots=True)
class Exchange:
    """What happened on the network for one request, for whoever has to tell one failure from another."""

    connected: bool = False
    """A connection was made for it; otherwise it went over one that was kept."""
    received: int = 0
    """Bytes that came back."""


exchange: Final[ContextVar[Exchange]] = ContextVar("exchange")
"""The exchange of the running task; the pool connects, writes and reads in its caller's task."""


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


class PinnedBackend(httpcore.AsyncNetworkBackend):
    """
    Resolves a name once, judges every address, and connects to exactly those.

    Source: D-67. What the name server answers a moment later changes nothing. One refused address among several
    refuses the name: an attacker who mixes public and private answers would otherwise choose by luck.

    Args:
        step_s: Seconds for one address while there is another one to try; the caller limits the whole.
    """

    def __init__(self, policy: AddressPolicy, resolve: Resolver, *, step_s: float) -> None:
        self._policy = policy
        self._resolve = resolve
        self._step_s = step_s

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109, ARG002 - httpcore's interface; the sender limits the whole
        local_address: str | None = None,  # noqa: ARG002 - httpcore's interface
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002 - httpcore's interface
    ) -> httpcore.AsyncNetworkStream:
        """
        Connect to the first address that takes the connection.

        Raises:
            AddressRefused: One of the addresses must not be reached; none was contacted.
            httpcore.ConnectError: The name does not resolve, or no address took the connection.
        """
        exchange.get().connected = True
        addresses = await self._judged(host, port)
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

    async def _judged(self, host: str, port: int) -> Sequence[str]:
        try:
            addresses = [host] if _is_address(host) else await self._resolve(host, port)
        except OSError as failed:
            raise httpcore.ConnectError("the name does not resolve") from failed
        if not addresses:
            raise httpcore.ConnectError("the name has no address")
        if not all(self._policy.allows(address) for address in addresses):
            raise AddressRefused
        return addresses

    async def connect_unix_socket(self, *_: object, **__: object) -> httpcore.AsyncNetworkStream:
        """Refuse: notifications never go to a local socket."""
        raise AddressRefused

    async def sleep(self, seconds: float) -> None:
        """Wait, as the pool asks."""
        await asyncio.sleep(seconds)


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
    One connection as httpcore wants it.

    The event loop reads on its own, so that the pool learns without a system call that a kept connection was closed.
    Requests are small, so writing never waits.
    """

    def __init__(self) -> None:
        self._transport: asyncio.Transport
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

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - see connect_tcp
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
        exchange.get().received += len(data)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - see connect_tcp
        """Hand over to the transport; a lost connection shows at the next read."""
        del timeout
        if not self._ended:
            self._transport.write(buffer)

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - see connect_tcp
    ) -> httpcore.AsyncNetworkStream:
        """
        Shake hands; the certificate must be the host's, not the address's.

        Raises:
            TlsFailed: Not trusted, or not TLS at all.
        """
        del timeout
        loop = asyncio.get_running_loop()
        try:
            transport = await loop.start_tls(self._transport, self, ssl_context, server_hostname=server_hostname)
        except ssl.SSLError as failed:
            raise _tls_failed(failed) from failed
        except OSError as failed:
            raise TlsFailed("tls failed") from failed
        except BaseException:
            self._transport.abort()
            raise
        if transport is None:
            raise TlsFailed("tls failed")
        self._transport = transport
        return self

    async def aclose(self) -> None:
        """Close at once; never suspends, so that a cancelled caller still gets it done."""
        self._transport.abort()

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - httpcore's interface
        """Answer what the pool asks: `is_readable` on a kept connection means that it was closed or is out of step."""
        if info == "is_readable":
            return self._ended or bool(self._buffer)
        return self._transport.get_extra_info(info)


def _tls_failed(failed: ssl.SSLError) -> TlsFailed:
    code = failed.verify_code if isinstance(failed, ssl.SSLCertVerificationError) else None
    return TlsFailed(_TLS_ERRORS.get(code or 0, "tls failed"))
