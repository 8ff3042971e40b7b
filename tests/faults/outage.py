"""A system during an outage of its store: what it must answer meanwhile, and that it comes back by itself."""

import json
import os
import resource
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import psutil

from fallwerk.kit.clock import monotonic_s
from tests.faults.conftest import rows
from tests.faults.load import NDJSON, RECIPIENT
from tests.support.server import ADMIN, Server

DEMO: Final = ("demo-scr", "demo-scr-password")
STRANGER: Final = ("demo-scr-2", "demo-scr-2-password")
"""The second demo client: nobody called as it before the outage, so its credentials are not in memory."""
BOUND_S: Final = 40
RECOVERY_S: Final = 20
UNMOUNTED_LIMIT: Final = 200_000
FILLER: Final = "x" * 100


@dataclass
class Observed:
    """Calls as both demo clients, and every case that was acknowledged."""

    server: Server
    database_url: str
    cases: dict[str, str] = field(default_factory=dict)
    number: int = 0
    slowest_s: float = 0

    def start(self) -> httpx.Response:
        """Start a case with a reference id of its own."""
        self.number += 1
        reference = f"outage-{self.number}"
        answer = self._call("POST", "/api/scr/v1/1234ABCD/cases", auth=DEMO, json=order(reference))
        if answer.status_code == 201:
            self.cases[reference] = answer.json()["caseId"]
        return answer

    def _call(self, method: str, path: str, **options: Any) -> httpx.Response:
        began_s = monotonic_s()
        answer = httpx.request(method, self.server.url + path, timeout=BOUND_S, trust_env=False, **options)
        self.slowest_s = max(self.slowest_s, monotonic_s() - began_s)
        return answer

    def alive(self, client_id: str = "1234ABCD", auth: tuple[str, str] = DEMO) -> httpx.Response:
        return self._call("GET", f"/api/scr/v1/{client_id}/alive", auth=auth)

    def ready(self) -> httpx.Response:
        return self._call("GET", "/readyz")

    def make_sure_it_works(self) -> None:
        started = self.start()
        assert started.status_code == 201, started.text
        assert self.ready().status_code == 200

    def assert_outage(self, within_s: float) -> None:
        """What every outage looks like from outside: refusals in the dialect, `alive` NOK, not ready."""
        line = json.dumps({"clientId": "1234ABCD", "orderData": {}, **RECIPIENT}).encode()
        self.slowest_s = 0
        with ThreadPoolExecutor(6) as threads:
            started = threads.submit(self.start)
            ordered = threads.submit(self._call, "POST", "/admin/v1/delivery-orders", headers=NDJSON, content=line)
            known, unknown = threads.submit(self.alive), threads.submit(self.alive, "5678EFGH", STRANGER)
            ready, healthy = threads.submit(self.ready), threads.submit(self._call, "GET", "/healthz")
        assert_refused(started.result())
        refusal = ordered.result()
        assert (refusal.status_code, refusal.headers["content-type"]) == (503, "application/problem+json"), refusal.text
        for answer in (known.result(), unknown.result()):
            assert (answer.status_code, answer.json()) == (200, {"status": "NOK"})
        assert (ready.result().status_code, ready.result().json()["components"]["database"]) == (503, False)
        assert healthy.result().status_code == 200
        assert self.slowest_s < within_s, f"an answer took {self.slowest_s:.1f} s"

    def assert_recovered(self) -> None:
        """The same process serves again, and whatever it acknowledged, before or during the outage, is there."""
        end_s = monotonic_s() + RECOVERY_S
        while self.start().status_code != 201:
            assert monotonic_s() < end_s, f"not serving again within {RECOVERY_S} s"
            threading.Event().wait(0.1)
        self.wait_until_ready(end_s)
        # `alive` repeats its answer for 30 seconds of our clock.
        moved = self._call("POST", "/sandbox/v1/clock", headers=ADMIN, json={"advanceSeconds": 31})
        assert moved.status_code == 200, moved.text
        assert self.alive().json() == {"status": "OK"}
        assert self.alive("5678EFGH", STRANGER).json() == {"status": "OK"}
        self.assert_nothing_is_missing()

    def wait_until_ready(self, end_s: float) -> None:
        while self.ready().status_code != 200:
            assert monotonic_s() < end_s, "not ready again"
            threading.Event().wait(0.2)

    def assert_nothing_is_missing(self) -> None:
        stored = dict(
            rows(self.database_url, "SELECT reference_id, case_id FROM ident_case WHERE reference_given = true")
        )
        assert {reference: stored.get(reference) for reference in self.cases} == self.cases
        verified = self._call("POST", "/admin/v1/audit/verify", headers=ADMIN)
        assert verified.json()["sound"] is True


def order(reference: str) -> dict[str, Any]:
    """A body that fills pages."""
    custom = {f"custom{number}": FILLER for number in range(1, 6)}
    return {"processData": {"referenceId": reference}, "customData": custom}


def assert_refused(answer: httpx.Response) -> None:
    """The SCR dialect's own error, without a word of the store's."""
    assert answer.status_code == 503, answer.text
    entry = {"reason": "service unavailable", "key": "system", "message": "Service unavailable."}
    assert answer.json() == {"apiversion": "v1", "errors": [entry]}
    assert answer.headers["retry-after"] == "1"


@contextmanager
def no_file_may_grow(*roots: int, beyond: int) -> Iterator[None]:
    """
    Take the volume's rest from running processes: from now on no file of theirs grows beyond so many bytes.

    The kernel refuses their writes, as it does on a full volume, and this needs no right that a test might lack.
    """
    for pid in members(*roots):
        limit_files(pid, beyond)
    try:
        yield
    finally:
        # Asked again: children that were born meanwhile have inherited the limit.
        for pid in members(*roots):
            limit_files(pid, resource.RLIM_INFINITY)


def limit_files(pid: int, size_bytes: int) -> None:
    """Set a process's file size limit, as its own user: even root may lack the right to do so for others."""
    process = psutil.Process(pid)
    user, group = process.uids().real, process.gids().real

    def limit() -> None:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size_bytes, resource.RLIM_INFINITY))

    if user == os.getuid():
        limit()
    else:
        subprocess.run(["/bin/true"], user=user, group=group, extra_groups=[], preexec_fn=limit, check=True)


def members(*roots: int) -> list[int]:
    """Parents first, so that a child born meanwhile inherits what its parent has got already."""
    parents = [psutil.Process(root) for root in roots if psutil.pid_exists(root)]
    return [process.pid for parent in parents for process in (parent, *parent.children(recursive=True))]


@dataclass
class Volume:
    """A small file system, which really gets full, or a plain folder where this machine lets nobody mount one."""

    folder: Path
    mounted: bool

    @contextmanager
    def full(self, *roots: int) -> Iterator[None]:
        """
        Leave no byte free until the block ends.

        Args:
            roots: Processes that write there; where nothing could be mounted, their files may not grow any more.
        """
        if not self.mounted:
            with no_file_may_grow(*roots, beyond=UNMOUNTED_LIMIT):
                yield
            return
        ballast = self.folder / "ballast"
        with ballast.open("wb", buffering=0) as file:
            for size in (1 << 20, 1 << 12, 1):
                with suppress(OSError):
                    while file.write(b"\0" * size) == size:
                        pass
        try:
            yield
        finally:
            ballast.unlink()


def mount(program: str, folder: Path, size_mib: int) -> bool:
    """Try to mount a file system in memory; a container may forbid it even to root."""
    command = [program, "-t", "tmpfs", "-o", f"size={size_mib}m,mode=0755", "fallwerk", folder]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@contextmanager
def small_volume(size_mib: int) -> Iterator[Volume]:
    """Mount a file system of that size; where that is not allowed, an ordinary folder comes back."""
    folder = Path(tempfile.mkdtemp(prefix="fallwerk-volume-"))
    # PostgreSQL may run as another user than the tests.
    folder.chmod(0o755)
    program = shutil.which("mount")
    mounted = program is not None and os.geteuid() == 0 and mount(program, folder, size_mib)
    try:
        yield Volume(folder, mounted)
    finally:
        if mounted:
            subprocess.run(["umount", folder], check=True)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def stopped(root: int) -> Iterator[None]:
    """Stop a process and all its children; they keep their connections and answer nothing."""
    parent = psutil.Process(root)
    parent.send_signal(signal.SIGSTOP)
    family = [parent, *parent.children(recursive=True)]
    for member in family:
        member.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for member in reversed(family):
            member.send_signal(signal.SIGCONT)
