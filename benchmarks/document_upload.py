"""
A document of 10 MB through UPDATE: how fast, against the plain work on the same bytes, and how much memory it takes.

The plain work is what nobody can leave out: base64 decoded, SHA-256, AES-256-GCM, all at once in memory. The upload
is the whole of it: one HTTP request over the loopback, judged, sealed and written to the local blob store while it is
read, then the transaction, all durable before the answer.
"""

import base64
import hashlib
import json
import os
import socket
import time
from pathlib import Path
from typing import Any

import psutil
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from harness import Figure, System, main, median, note, served

SIZE = 10_000_000
MEGABYTE = 1_000_000
ENGINE = "SQLite"
"""The database takes one short transaction of it; the figure is about everything else."""


def measure(quick: bool) -> list[Figure]:  # noqa: FBT001 - the one switch of every script
    """Measure uploads and the plain work in turns."""
    rounds = 8 if quick else 40
    content = os.urandom(SIZE)
    encoded = base64.b64encode(content)
    with served(ENGINE) as system, connect(system) as connection:
        requests = Requests(system, encoded)
        warm_up(connection, requests)
        pid = server_process(system.server.pid)
        forget_peak(pid)
        before = memory(pid, "VmRSS")
        plain, uploads = [], []
        for number in range(rounds):
            plain.append(seconds_of_plain(encoded))
            uploads.append(seconds_of_upload(connection, requests))
            note(f"round {number + 1}: plain {plain[-1] * 1000:.1f} ms, upload {uploads[-1] * 1000:.1f} ms")
        peak = memory(pid, "VmHWM") - before
    ratio = median([mine / whole for mine, whole in zip(plain, uploads, strict=True)])
    detail = (
        f"upload {median(uploads) * 1000:.1f} ms ({SIZE / median(uploads) / MEGABYTE:.0f} MB/s),"
        f" plain {median(plain) * 1000:.1f} ms; {rounds} rounds"
    )
    return [
        Figure("10 MB upload ÷ plain decode, SHA-256, AES-GCM", ENGINE, ratio, "", 0.5, at_least=True, detail=detail),
        Figure(
            "10 MB upload, peak extra memory",
            ENGINE,
            peak,
            " MB",
            40,
            at_least=False,
            detail=f"high-water mark of the process over {rounds} uploads, above what it held before",
        ),
    ]


def seconds_of_plain(encoded: bytes) -> float:
    """Do the plain work."""
    cipher, nonce = AESGCM(AESGCM.generate_key(256)), os.urandom(12)
    begin = time.perf_counter()
    content = base64.b64decode(encoded, validate=True)
    hashlib.sha256(content).digest()
    cipher.encrypt(nonce, content, None)
    return time.perf_counter() - begin


class Requests:
    """Makes upload requests, each with a file name of its own."""

    def __init__(self, system: System, encoded: bytes) -> None:
        form = {"grant_type": "client_credentials"}
        secret = base64.b64encode(b"demo-kex:demo-kex-secret").decode()
        answer = system.admin("POST", "/auth/token", data=form, headers={"Authorization": f"Basic {secret}"})
        self._token = answer.json()["access_token"]
        self._port = system.server.port
        self._encoded = encoded
        self._number = 0

    def next(self) -> bytes:
        """Return the next request."""
        self._number += 1
        name = json.dumps(f"document {self._number}.pdf").encode()
        body = b'{"filename":%b,"base64Content":"%b"}' % (name, self._encoded)
        head = (
            f"POST /kreditsmart/kex/vorgang/123456/dokument HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n"
            f"Authorization: Bearer {self._token}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


def connect(system: System) -> socket.socket:
    """Open a connection that is kept."""
    return socket.create_connection(("127.0.0.1", system.server.port))


def seconds_of_upload(connection: socket.socket, requests: Requests) -> float:
    """Upload once."""
    request = requests.next()
    begin = time.perf_counter()
    connection.sendall(request)
    answer = connection.recv(65_536)
    # Head and body come in two parts.
    while not answer.endswith(b"}"):
        answer += connection.recv(65_536)
    took = time.perf_counter() - begin
    if not answer.startswith(b"HTTP/1.1 201"):
        raise RuntimeError(f"not stored: {answer[:300]!r}")
    return took


def warm_up(connection: socket.socket, requests: Requests) -> None:
    """Load what the first upload loads: the store's library and a thread or two."""
    for _ in range(3):
        seconds_of_upload(connection, requests)


def server_process(pid: int) -> int:
    """Return the process that serves: the only child, or the process itself."""
    children: list[Any] = psutil.Process(pid).children()
    return int(children[0].pid) if children else pid


def forget_peak(pid: int) -> None:
    """Let the kernel's high-water mark begin anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def memory(pid: int, name: str) -> float:
    """Megabytes of a line in the process's status."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(f"{name}:"))) * 1024 / MEGABYTE


if __name__ == "__main__":
    main(measure)
