"""
A load generator that costs little: raw protocols, requests made of a few byte strings, answers counted by length.

It runs as a process of its own; the job comes as JSON on standard input, the result goes as JSON to standard output. A
request is its template's parts with the number between them, in a fixed width so that `Content-Length` never changes.

Closed loop: each of `concurrency` connections sends its next request when its last answer is complete. Open loop: one
request is due every `1/rate` seconds (a kernel timer keeps the beat), whether or not answers come; latency counts from
the instant at which a request was due, so that a server that stalls cannot hide it.
"""

import asyncio
import base64
import ctypes
import itertools
import json
import os
import struct
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final

import uvloop

DIGITS: Final = 10
CLOCK_MONOTONIC: Final = 1
NONBLOCK: Final = os.O_NONBLOCK
CONNECTIONS_OPEN_LOOP: Final = 256
ANSWER_TIMEOUT_S: Final = 30


@dataclass
class Tally:
    """What came back."""

    statuses: dict[str, int] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    sizes: dict[int, int] = field(default_factory=dict)
    late: int = 0
    """Requests that found no free connection when they were due."""


class Source:
    """Hands out requests, the accounts in turn, each with a number that no other request has."""

    def __init__(self, templates: list[list[bytes]], first: int, maximum: int | None) -> None:
        self._templates = itertools.cycle(templates)
        self._number = first
        self._end = None if maximum is None else first + maximum

    def next(self) -> bytes | None:
        """Return the next request, None when enough were handed out."""
        if self._number == self._end:
            return None
        parts = next(self._templates)
        self._number += 1
        return (b"%010d" % self._number).join(parts)


class Connection(asyncio.Protocol):
    """One keep-alive connection with one request in flight at most."""

    def __init__(self, run: "Run") -> None:
        self._run = run
        self._buffer = b""
        self._started = 0.0
        self.transport: Any = None
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = transport

    def send(self, request: bytes, since: float) -> None:
        """Send a request whose latency counts from `since`."""
        self._started = since
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Count an answer as soon as it is complete."""
        buffer = self._buffer + data if self._buffer else data
        end = buffer.find(b"\r\n\r\n")
        if end < 0:
            self._buffer = buffer
            return
        start = buffer.lower().find(b"content-length:", 0, end)
        length = int(buffer[start + 15 : buffer.find(b"\r", start)])
        if len(buffer) < end + 4 + length:
            self._buffer = buffer
            return
        self._buffer = b""
        self._run.answered(self, buffer[9:12].decode(), length, self._started)

    def connection_lost(self, exc: Exception | None) -> None:
        """Count a connection that the server closed."""
        del exc
        self.lost = True
        self._run.connection_lost()


class Run:
    """One job."""

    def __init__(self, job: dict[str, Any]) -> None:
        self._job = job
        templates = [[base64.b64decode(part) for part in template] for template in job["templates"]]
        self._source = Source(templates, job.get("first", 0), job.get("requests"))
        self._rate = job.get("rate")
        self.tally = Tally()
        self._in_flight = 0
        self._done = asyncio.Event()
        self._ending = False
        self._idle: list[Connection] = []
        self._waiting: deque[tuple[bytes, float]] = deque()
        self._last = 0.0

    async def run(self) -> dict[str, Any]:
        """Connect, run, and return the figures."""
        loop = asyncio.get_running_loop()
        count = CONNECTIONS_OPEN_LOOP if self._rate else self._job["concurrency"]
        host, port = self._job["host"], self._job["port"]
        for _ in range(count):
            _, connection = await loop.create_connection(lambda: Connection(self), host, port)
            self._idle.append(connection)
        processor = time.process_time()
        begin = self._last = time.perf_counter()
        timer = loop.call_later(self._job["seconds"], self._end) if "seconds" in self._job else None
        if self._rate:
            self._beat(loop, self._rate, begin)
        else:
            for connection in self._idle:
                self._send_next(connection)
        await self._done.wait()
        if timer:
            timer.cancel()
        took = self._last - begin
        return self._figures(took, time.process_time() - processor)

    def _figures(self, took: float, processor: float) -> dict[str, Any]:
        latencies = sorted(self.tally.latencies)
        answered = sum(self.tally.statuses.values())

        def at(share: float) -> float:
            return latencies[min(int(len(latencies) * share), len(latencies) - 1)] * 1000 if latencies else 0.0

        return {
            "seconds": took,
            "answered": answered,
            "rate": answered / took if took else 0.0,
            "statuses": self.tally.statuses,
            "sizes": self.tally.sizes,
            "p50_ms": at(0.5),
            "p90_ms": at(0.9),
            "p99_ms": at(0.99),
            "max_ms": latencies[-1] * 1000 if latencies else 0.0,
            "late": self.tally.late,
            "processor_share": processor / took if took else 0.0,
        }

    def _send_next(self, connection: Connection) -> None:
        request = None if self._ending else self._source.next()
        if request is None:
            self._finish_if_idle()
            return
        self._in_flight += 1
        connection.send(request, time.perf_counter())

    def answered(self, connection: Connection, status: str, size: int, started: float) -> None:
        """Take an answer and send the next request."""
        now = self._last = time.perf_counter()
        tally = self.tally
        tally.statuses[status] = tally.statuses.get(status, 0) + 1
        tally.sizes[size] = tally.sizes.get(size, 0) + 1
        tally.latencies.append(now - started)
        self._in_flight -= 1
        if not self._rate:
            self._send_next(connection)
        elif self._waiting:
            request, due = self._waiting.popleft()
            self._in_flight += 1
            connection.send(request, due)
        else:
            self._idle.append(connection)
            self._finish_if_idle()

    def _beat(self, loop: asyncio.AbstractEventLoop, rate: float, begin: float) -> None:
        """Send what is due at every expiry of a kernel timer: the loop's own timers are a millisecond coarse."""
        timer = kernel_timer(1 / rate)
        due_at, step = itertools.count(1), 1 / rate

        def due() -> None:
            expirations = struct.unpack("Q", os.read(timer, 8))[0]
            if self._ending:
                loop.remove_reader(timer)
                self._finish_if_idle()
                return
            for _ in range(expirations):
                intended = begin + next(due_at) * step
                request = self._source.next()
                if request is None:
                    self._ending = True
                    break
                if self._idle:
                    self._in_flight += 1
                    self._idle.pop().send(request, intended)
                else:
                    self.tally.late += 1
                    self._waiting.append((request, intended))

        loop.add_reader(timer, due)

    def _end(self) -> None:
        self._ending = True
        asyncio.get_running_loop().call_later(ANSWER_TIMEOUT_S, self._done.set)
        self._finish_if_idle()

    def _finish_if_idle(self) -> None:
        if self._in_flight == 0 and not self._waiting and (self._ending or not self._rate):
            self._done.set()

    def connection_lost(self) -> None:
        """A server that closes a connection ends the run: its figures would mean nothing."""
        if not self._done.is_set():
            self.tally.statuses["lost"] = self.tally.statuses.get("lost", 0) + 1
            self._done.set()


def kernel_timer(interval_s: float) -> int:
    """Return a descriptor that becomes readable every `interval_s`; reading gives how often it expired."""
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = int(libc.timerfd_create(CLOCK_MONOTONIC, NONBLOCK))
    seconds, nanoseconds = divmod(int(interval_s * 1e9), 1_000_000_000)
    specification = struct.pack("4l", seconds, nanoseconds, seconds, nanoseconds)
    if descriptor < 0 or libc.timerfd_settime(descriptor, 0, specification, None) != 0:
        raise OSError(ctypes.get_errno(), "the kernel gave no timer")
    return descriptor


async def main() -> None:
    """Run the job on standard input."""
    result = await Run(json.load(sys.stdin)).run()
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    uvloop.run(main())
