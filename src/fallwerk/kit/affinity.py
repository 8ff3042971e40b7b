"""
The threads of a server process that take turns stay on one processor, the one that others use least.

Only one of them runs Python at a time. Spread over processors each turn wakes a sleeping one up, which costs more than
what most turns do. Threads whose work lets go of the interpreter for long, such as the hashing of a password, `roam`.
"""

import asyncio
import os
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from fallwerk.kit.clock import monotonic_s

LOOK_EVERY_S: Final = 1.0
WORTH_MOVING: Final = 0.25
"""How much more of a processor others must use than of another one before it is left."""
ROAMING_THREADS: Final = 8

_STATISTICS: Final = Path("/proc/stat")
_THREADS: Final = Path("/proc/self/task")
_IDLE: Final = slice(3, 5)
"""Idle time and time that waits for a disk, among the columns of a processor."""


class _Roaming:
    """Threads of this process that may run anywhere, and where that is."""

    def __init__(self) -> None:
        self.everywhere: frozenset[int] = frozenset()
        self.threads: set[int] = set()


_roaming: Final = _Roaming()
os.register_at_fork(after_in_child=_roaming.threads.clear)


def roam() -> None:
    """Let the calling thread run on every processor; for threads that compute without the interpreter's lock."""
    if _roaming.everywhere:
        thread = threading.get_native_id()
        _roaming.threads.add(thread)
        os.sched_setaffinity(thread, _roaming.everywhere)


def let_default_threads_roam(loop: asyncio.AbstractEventLoop) -> None:
    """Give `asyncio.to_thread` threads that roam: what is handed to them is work that the event loop could not bear."""
    loop.set_default_executor(ThreadPoolExecutor(ROAMING_THREADS, "roaming", initializer=roam))


class Affinity:
    """
    Keeps this process together.

    Args:
        busy_s: Tells the seconds that each processor has been busy so far, by its number.
        used_s: Tells the seconds that this process has used of any.
    """

    def __init__(
        self, busy_s: Callable[[], dict[int, float]] | None = None, used_s: Callable[[], float] | None = None
    ) -> None:
        self._busy_s = busy_s or _busy_s
        self._used_s = used_s or _used_s
        self._last: tuple[float, float, dict[int, float]] | None = None
        self._at = -1
        self._allowed: frozenset[int] = frozenset()

    def settle(self) -> None:
        """Choose a processor; on a system with one, or with none to choose, nothing happens."""
        if not hasattr(os, "sched_setaffinity") or not _STATISTICS.exists():
            return
        self._allowed = frozenset(os.sched_getaffinity(0))
        if len(self._allowed) > 1:
            _roaming.everywhere = self._allowed
            # Processes that are started together have numbers in a row.
            self._move(sorted(self._allowed)[os.getpid() % len(self._allowed)])

    def look(self) -> None:
        """Move to another processor if others use much less of it; to be called every now and then."""
        if self._at < 0:
            return
        now_s = monotonic_s()
        if self._last is not None and now_s - self._last[0] < LOOK_EVERY_S:
            return
        used_s = self._used_s()
        busy_s = self._busy_s()
        before, self._last = self._last, (now_s, used_s, busy_s)
        if before is None:
            return
        took_s = now_s - before[0]
        shares = {
            cpu: (busy_s[cpu] - before[2].get(cpu, busy_s[cpu])) / took_s for cpu in self._allowed & busy_s.keys()
        }
        if self._at in shares:
            shares[self._at] -= (used_s - before[1]) / took_s
            calmest = min(shares, key=shares.__getitem__)
            # Two processes that see each other here should not both go there.
            if shares[self._at] - shares[calmest] > WORTH_MOVING and random.random() < 0.5:  # noqa: S311, PLR2004
                self._move(calmest)

    def _move(self, cpu: int) -> None:
        self._at = cpu
        for entry in _THREADS.iterdir():
            thread = int(entry.name)
            if thread not in _roaming.threads:
                try:
                    os.sched_setaffinity(thread, {cpu})
                except ProcessLookupError:
                    # It has ended meanwhile.
                    continue


def _used_s() -> float:
    return sum(os.times()[:2])


def _busy_s() -> dict[int, float]:
    ticks_s = os.sysconf("SC_CLK_TCK")
    found: dict[int, float] = {}
    for line in _STATISTICS.read_text().splitlines():
        name, *columns = line.split()
        if name.startswith("cpu") and name != "cpu":
            numbers = [int(column) for column in columns[:8]]
            found[int(name[3:])] = (sum(numbers) - sum(numbers[_IDLE])) / ticks_s
    return found
