"""
A client's webhook endpoint: records what arrives and answers as it is told, well or badly.

Inside a test: `with Receiver() as receiver: … receiver.wait_for(1)`. As a process of its own, for crash tests and
benchmarks: `python -m tests.support.receiver --journal FILE`, which prints its port.
"""

import argparse
import asyncio
import os
import socket
import ssl
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, Self

import httptools
import orjson

from fallwerk.kit.clock import Clock
from tests.support.listening import close

REASONS = {200: "OK", 204: "No Content", 302: "Found", 401: "Unauthorized", 503: "Service Unavailable"}


class Manner(Enum):
    """How an answer is given."""

    WHOLE = "whole"
    HANG = "nothing is answered"
    HANG_AFTER_HEADERS = "the headers come, the body never does"
    TRICKLE = "the body comes byte by byte, each after `delay_s`"
    CLOSE = "the connection is closed without an answer"
    RESET = "the body is sent as it stands, then the connection is reset"
    RAW = "the body is sent as it stands, then the connection is closed"


@dataclass(frozen=True)
class Answer:
    """One answer; `delay_s` passes before it, or between the bytes of a trickle."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    delay_s: float = 0
    manner: Manner = Manner.WHOLE
    then_close: bool = False
    """The connection is closed afterwards without having said so."""

    def head(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Status')}", f"Content-Length: {len(self.body)}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join([*lines, "", ""]).encode()


GOOD = Answer()


@dataclass(frozen=True)
class Notification:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at_us: int
    connection: int
    """Which connection it came over, counted from 1."""

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


@dataclass
class Receiver:
    """
    An HTTP server in a thread of its own.

    Args:
        tls: Its side of TLS; None speaks plain HTTP.
        journal: Each notification is appended as a line of JSON and synced to disk before it is answered.
        default: The answer once those given by `answer` are used up.
    """

    tls: ssl.SSLContext | None = None
    journal: Path | None = None
    host: str = "127.0.0.1"
    port: int = 0
    default: Answer = GOOD
    keep: bool = True
    """Whether notifications are kept in memory."""
    name: str | None = None
    """The host in `url`; None: the address."""
    received: list[Notification] = field(default_factory=list)
    count: int = 0
    connections: int = 0

    def __post_init__(self) -> None:
        self._answers: deque[Answer] = deque()
        self._arrived = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._waiting: list[tuple[_Connection, bytes]] = []
        self._open: set[_Connection] = set()
        self._file = (
            -1 if self.journal is None else os.open(self.journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        )
        self._thread = threading.Thread(target=self._loop.run_forever, name="receiver", daemon=True)
        self._clock = Clock()

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        if self._file >= 0:
            os.close(self._file)

    @property
    def authority(self) -> str:
        host = self.name or (f"[{self.host}]" if ":" in self.host else self.host)
        return f"{host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{'http' if self.tls is None else 'https'}://{self.authority}/hook"

    def answer(self, *answers: Answer | int) -> None:
        """Queue answers, first come first served; a number stands for a plain answer with that status."""
        self._answers.extend(Answer(answer) if isinstance(answer, int) else answer for answer in answers)

    def wait_for(self, count: int, timeout_s: float = 10) -> list[Notification]:
        """Return what arrived once it is at least `count`; an AssertionError if it takes too long."""
        with self._arrived:
            came = self._arrived.wait_for(lambda: self.count >= count, timeout_s)
            assert came, f"{self.count} of {count} notifications arrived within {timeout_s} s"
            return list(self.received)

    def forget(self) -> None:
        """Drop what was recorded and what was to be answered."""
        with self._arrived:
            self.received.clear()
            self._answers.clear()
            self.count = 0

    def drop_connections(self) -> None:
        """Close every connection from this side, and return once that is done."""

        async def drop() -> None:
            for connection in list(self._open):
                connection.transport.close()

        asyncio.run_coroutine_threadsafe(drop(), self._loop).result()

    async def _listen(self) -> asyncio.Server:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        server = await self._loop.create_server(
            lambda: _Connection(self), self.host, self.port, family=family, ssl=self.tls, backlog=512
        )
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _stop(self) -> None:
        await close(self._server, lambda: [connection.transport for connection in self._open])

    def take(self, connection: "_Connection", notification: Notification) -> None:
        """Record a notification; with a journal the answer waits for the disk, one sync for all of a turn."""
        if self._file < 0:
            self._note(connection, notification)
            return
        line = {"path": notification.path, "body": notification.body.decode(), "at_us": notification.at_us}
        if not self._waiting:
            self._loop.call_soon(self._sync)
        self._waiting.append((connection, orjson.dumps(line) + b"\n"))
        self._note(None, notification)

    def _sync(self) -> None:
        waiting, self._waiting = self._waiting, []
        os.write(self._file, b"".join(line for _, line in waiting))
        os.fsync(self._file)
        for connection, _ in waiting:
            connection.give(self._next())

    def _note(self, connection: "_Connection | None", notification: Notification) -> None:
        with self._arrived:
            if self.keep:
                self.received.append(notification)
            self.count += 1
            self._arrived.notify_all()
        if connection is not None:
            connection.give(self._next())

    def _next(self) -> Answer:
        return self._answers.popleft() if self._answers else self.default

    def new_connection(self, connection: "_Connection") -> int:
        self._open.add(connection)
        self.connections += 1
        return self.connections

    def lost(self, connection: "_Connection") -> None:
        self._open.discard(connection)

    def now_us(self) -> int:
        return self._clock.system_now_us()


class _Connection(asyncio.Protocol):
    """One connection of the system under test."""

    transport: asyncio.Transport

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._parser: Any = None
        self._start()

    def _start(self) -> None:
        self._path = b""
        self._headers: dict[str, str] = {}
        self._body = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        self._number = self._receiver.new_connection(self)
        self._parser = httptools.HttpRequestParser(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._receiver.lost(self)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.transport.abort()

    def on_url(self, url: bytes) -> None:
        self._path += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode().lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        notification = Notification(
            method=self._parser.get_method().decode(),
            path=self._path.decode(),
            headers=self._headers,
            body=bytes(self._body),
            at_us=self._receiver.now_us(),
            connection=self._number,
        )
        self._start()
        self._receiver.take(self, notification)

    def give(self, answer: Answer) -> None:
        """Answer, now or later."""
        if answer.manner is Manner.TRICKLE:
            task = asyncio.ensure_future(self._trickle(answer))
            self._task = task
        elif answer.delay_s:
            asyncio.get_running_loop().call_later(answer.delay_s, self._give_now, answer)
        else:
            self._give_now(answer)

    def _give_now(self, answer: Answer) -> None:
        match answer.manner:
            case Manner.WHOLE:
                self.transport.write(answer.head() + answer.body)
                if answer.then_close:
                    self.transport.close()
            case Manner.HANG_AFTER_HEADERS:
                self.transport.write(answer.head())
            case Manner.CLOSE:
                self.transport.close()
            case Manner.RESET if answer.body:
                self.transport.write(answer.body)
                # A reset would overtake what it follows at once.
                asyncio.get_running_loop().call_later(0.05, self._reset)
            case Manner.RESET:
                self._reset()
            case Manner.RAW:
                self.transport.write(answer.body)
                self.transport.close()
            case _:
                return

    def _reset(self) -> None:
        wire = self.transport.get_extra_info("socket")
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        self.transport.abort()

    async def _trickle(self, answer: Answer) -> None:
        self.transport.write(answer.head())
        for byte in answer.body:
            await asyncio.sleep(answer.delay_s)
            if self.transport.is_closing():
                return
            self.transport.write(bytes([byte]))


def main() -> None:
    """Serve until killed; print the port first."""
    parser = argparse.ArgumentParser(description="A webhook endpoint for crash tests and benchmarks.")
    parser.add_argument("--journal", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--status", type=int, default=200)
    arguments = parser.parse_args()
    receiver = Receiver(journal=arguments.journal, port=arguments.port, default=Answer(arguments.status), keep=False)
    with receiver, suppress(KeyboardInterrupt):
        print(receiver.port, flush=True)  # noqa: T201 - whoever started it reads the port
        threading.Event().wait()


if __name__ == "__main__":
    main()
