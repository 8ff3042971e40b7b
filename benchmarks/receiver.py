"""
A fast HTTP server in a process of its own: takes webhooks, or shows what the load generator alone can do.

Prints its port; every line on standard input is answered with its figures as JSON; the end of the input ends it.
"""

import asyncio
import json
import sys
import time
from typing import Any, Final

import uvloop

ANSWER: Final = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 367\r\n\r\n" + b" " * 367


class Figures:
    """What came."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.cases: set[bytes] = set()

    def take(self, body: bytes) -> None:
        """Note one request."""
        self.times.append(time.perf_counter())
        self.cases.add(body)

    def text(self) -> str:
        """First to last request in seconds, how many, and how many different ones."""
        spread = self.times[-1] - self.times[0] if self.times else 0.0
        return json.dumps({"requests": len(self.times), "different": len(self.cases), "seconds": spread})


class Receiver(asyncio.Protocol):
    """One connection."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures
        self._buffer = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every complete request."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            start = self._buffer.lower().find(b"content-length:", 0, end)
            length = int(self._buffer[start + 15 :].split(b"\r", 1)[0]) if start >= 0 else 0
            if len(self._buffer) < end + 4 + length:
                return
            self._figures.take(self._buffer[end + 4 : end + 4 + length])
            self._buffer = self._buffer[end + 4 + length :]
            self._transport.write(ANSWER)


async def main() -> None:
    """Serve until standard input ends."""
    loop = asyncio.get_running_loop()
    figures = Figures()
    server = await loop.create_server(lambda: Receiver(figures), "127.0.0.1", 0, backlog=1024)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    while await loop.run_in_executor(None, sys.stdin.readline):
        sys.stdout.write(figures.text() + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(main())
