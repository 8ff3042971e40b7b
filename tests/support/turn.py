"""A TURN server of a test's own: coturn on the loopback, with a shared secret."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from fallwerk.kit.clock import monotonic_s

SECRET: Final = "turn-secret-of-a-test"
START_S: Final = 15


class TurnMissing(Exception):
    """No coturn on this machine; `make test` installs it where it can."""


@contextmanager
def turn_server(folder: Path) -> Iterator[str]:
    """Run a TURN server and yield its address."""
    program = shutil.which("turnserver")
    if program is None:
        raise TurnMissing("no turnserver found; install Debian's package `coturn`")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder.mkdir(parents=True, exist_ok=True)
    options = ("--use-auth-secret", f"--static-auth-secret={SECRET}", "--realm=fallwerk.test", "--no-tls", "--no-dtls")
    places = (f"--listening-port={port}", "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", "--no-cli")
    files = (f"--userdb={folder}/turndb", f"--pidfile={folder}/turn.pid", "--log-file=stdout", "-n")
    # Refuses loopback peers otherwise, which is right everywhere but here.
    loopback = ("--allow-loopback-peers",)
    with (folder / "turn.log").open("wb") as log:
        process = subprocess.Popen([program, *options, *places, *files, *loopback], stdout=log, stderr=log)
        try:
            _wait(process, port)
            yield f"turn:127.0.0.1:{port}?transport=udp"
        finally:
            process.terminate()
            process.wait(10)


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    until = monotonic_s() + START_S
    while monotonic_s() < until:
        assert process.poll() is None, "the TURN server ended"
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the TURN server does not listen")
