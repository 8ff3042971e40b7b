"""
Sending webhooks: one POST, 3.5 seconds from connecting to the last byte, to the address that was checked.

The name is resolved here, every address it leads to is judged, and the connection goes to one of exactly those: an
answer of the name server that changes in between changes nothing. TLS still verifies the name in the URL.
"""

import asyncio
import base64
import socket
import ssl
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import httpcore
import httpx

from fallwerk.adapters.addresses import AddressPolicy
from fallwerk.domain.notification.model import Outcome
from fallwerk.domain.notification.rules import host_allowed

LARGEST_ANSWER: Final = 1024 * 1024
"""Bytes of an answer's body that are read and thrown away; a longer one is an error."""
CONNECTIONS: Final = 64

TIMEOUT: Final = "timeout"
CONNECT_FAILED: Final = "connect failed"
BAD_RESPONSE: Final = "bad response"
PRIVATE_ADDRESS: Final = "refused: private address"
NOT_ON_LIST: Final = "refused: host not on allow-list"
HTTP_REFUSED: Final = "refused: http"


class AddressRefused(Exception):  # noqa: N818
    """The host leads to an address that must not be reached."""


class PinnedBackend(httpcore.AsyncNetworkBackend):
    """Resolves, judges, and connects to what was judged."""

    def __init__(self, policy: AddressPolicy) -> None:
        self._policy = policy
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface's own
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address that answers; one refused address refuses the name."""
        addresses = await self._resolve(host, port)
        if not all(self._policy.allows(address) for address in addresses):
            raise AddressRefused
        error: Exception = httpcore.ConnectError("no address")
        for address in addresses:
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed
        raise error

    async def _resolve(self, host: str, port: int) -> list[str]:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as failed:
            raise httpcore.ConnectError("the name does not resolve") from failed
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))

    async def connect_unix_socket(self, *_: object, **__: object) -> httpcore.AsyncNetworkStream:
        """Webhooks never go to a local socket."""
        raise AddressRefused

    async def sleep(self, seconds: float) -> None:
        """Wait, as the pool asks."""
        await asyncio.sleep(seconds)


class WebhookSender:
    """
    Sends notifications over pooled connections.

    Args:
        timeout_s: From connecting to the last byte of the answer.
        ca_file: Further certificate authorities to trust besides the system's; self-signed ones never are (D-63).
    """

    def __init__(self, *, policy: AddressPolicy, timeout_s: float = 3.5, ca_file: Path | None = None) -> None:
        self._timeout_s = timeout_s
        context = httpx.create_ssl_context()
        if ca_file is not None:
            context.load_verify_locations(ca_file)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=CONNECTIONS,
            max_keepalive_connections=CONNECTIONS,
            keepalive_expiry=15,
            network_backend=PinnedBackend(policy),
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.aclose()

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
        Send one notification.

        Source: D-61 to D-65, D-67. A refused target is final; redirects are not followed, they are simply not a 200.
        """
        if not host_allowed(url, allowed_hosts):
            return Outcome(error=NOT_ON_LIST, final=True)
        if not http_allowed and not url.lower().startswith("https:"):
            return Outcome(error=HTTP_REFUSED, final=True)
        headers = [("Host", httpx.URL(url).netloc.decode()), ("Content-Type", "application/json")]
        headers += [("Content-Length", str(len(body))), ("User-Agent", "Fallwerk"), ("Accept", "*/*")]
        if username:
            token = base64.b64encode(f"{username}:{password}".encode()).decode()
            headers.append(("Authorization", f"Basic {token}"))
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._post(url, headers, body)
        except AddressRefused:
            return Outcome(error=PRIVATE_ADDRESS, final=True)
        except TimeoutError:
            return Outcome(error=TIMEOUT)
        except (httpcore.ConnectError, OSError) as failed:
            return Outcome(error=_connect_error(failed))
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException):
            return Outcome(error=BAD_RESPONSE)

    async def _post(self, url: str, headers: list[tuple[str, str]], body: bytes) -> Outcome:
        async with self._pool.stream("POST", url, headers=headers, content=body) as response:
            size = 0
            async for chunk in response.aiter_stream():
                size += len(chunk)
                if size > LARGEST_ANSWER:
                    return Outcome(response.status, BAD_RESPONSE)
            return Outcome(response.status)


def _connect_error(failed: Exception) -> str:
    cause: BaseException | None = failed
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"tls failed: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return "tls failed"
        cause = cause.__cause__ or cause.__context__
    return CONNECT_FAILED
