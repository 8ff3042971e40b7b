"""
What the server's processes share without a database: one anonymous memory map, made before they are forked.

A killed process can leave nothing behind that stops the others: values are single words, and the only lock is a record
lock, which the kernel gives back.
"""

import fcntl
import mmap
import os
import tempfile
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

MAX_PROCESSES: Final = 64
COMMANDS: Final = 1024
"""Commands to the journal's rings that may be outstanding; a process further behind drops its whole ring."""
COMMAND_BYTES: Final = 32
ANSWERS: Final = 4096
"""Rows of the table of `shared_answers.py`."""
ANSWER_WORDS: Final = 3

_PAGE: Final = mmap.PAGESIZE
_GENERATION: Final = 0
_OFFSET: Final = 1
COMMANDS_GIVEN: Final = 2
"""Word that counts the commands ever given."""
_FAULTS: Final = 3
_FIRST_SLOT: Final = 8
_SLOT_WORDS: Final = 4
_PID, _HEARTBEAT, _COMMANDS_DONE = range(3)
_SMALLEST_RING: Final = 256 * 1024
"""Twice the largest record that the journal can make, with room to spare."""


class SharedState:
    """
    Shared words and one ring of bytes per process.

    Make it in the parent; each child calls `attach` with its own slot. A single process is slot 0 and attached at once.
    Implements `kit.clock.OffsetSource`.

    Args:
        processes: Server processes that will run, 1 to 64.
        ring_bytes: Memory for all rings together; each process gets an equal part, at least 256 KiB.
    """

    def __init__(self, processes: int = 1, *, ring_bytes: int = 8 * 1024 * 1024) -> None:
        if not 1 <= processes <= MAX_PROCESSES:
            raise ValueError(f"1 to {MAX_PROCESSES} processes can share their state, not {processes}")
        self.processes = processes
        self.slot = 0
        ring = max(ring_bytes // processes, _SMALLEST_RING) // _PAGE * _PAGE
        first_answer = _PAGE + COMMANDS * COMMAND_BYTES
        first_ring = first_answer + ANSWERS * ANSWER_WORDS * 8
        self._map = mmap.mmap(-1, first_ring + ring * processes)
        self._view = memoryview(self._map)
        # Native 64-bit items are read and written as one aligned word each; `struct` with an explicit byte order would
        # go byte by byte, and another process could see half a value.
        self.words = self._view[:_PAGE].cast("Q")
        self._signed = self._view[:_PAGE].cast("q")
        self.commands = self._view[_PAGE:first_answer]
        self.answers = self._view[first_answer:first_ring].cast("q")
        self.rings = [self._view[first_ring + ring * n : first_ring + ring * (n + 1)] for n in range(processes)]
        self._lock_file, path = tempfile.mkstemp(prefix="fallwerk-lock-")
        Path(path).unlink()
        self._close_lock = weakref.finalize(self, os.close, self._lock_file)
        self._thread_lock = threading.Lock()
        self.attach(0)

    def attach(self, slot: int) -> None:
        """Take this process's place; the first thing a forked child does."""
        self.slot = slot
        self._thread_lock = threading.Lock()
        self.words[self._word(slot, _HEARTBEAT)] = 0
        self.words[self._word(slot, _PID)] = os.getpid()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """
        Hold the one lock between all processes and threads.

        Some microseconds, and the interpreter lock is let go: for rare changes, never once per request.
        """
        # A record lock belongs to the process, so threads of one process need a lock of their own beside it.
        with self._thread_lock:
            fcntl.lockf(self._lock_file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.lockf(self._lock_file, fcntl.LOCK_UN)

    @property
    def generation(self) -> int:
        """Differs from an earlier value when accounts, faults or the clock changed since; drop caches then."""
        return self.words[_GENERATION]

    def bump_generation(self) -> int:
        """Make every process drop what it remembers, this one too; return the new generation."""
        # Without the lock two bumps could write one value, and who saw the first would miss the second.
        with self.locked():
            return self._bump()

    @property
    def fault_generation(self) -> int:
        """Differs from an earlier value when the sandbox's faults changed since, and for no other reason."""
        return self.words[_FAULTS]

    def bump_faults(self) -> int:
        """Tell every process that faults were ordered or cleared, and bump the generation; return the new one."""
        with self.locked():
            self.words[_FAULTS] += 1
            return self._bump()

    def offset_us(self) -> int:
        """Microseconds by which the sandbox's clock is ahead of the machine's."""
        return self._signed[_OFFSET]

    def set_offset_us(self, offset_us: int) -> None:
        """Move the sandbox's clock in all processes and bump the generation."""
        with self.locked():
            self._signed[_OFFSET] = offset_us
            self._bump()

    def beat(self, system_now_us: int) -> None:
        """Record that this process's job worker is alive; call at least once a second."""
        self.words[self._word(self.slot, _HEARTBEAT)] = system_now_us

    def last_beat_us(self) -> int:
        """Newest heartbeat of any process's job worker, by the machine's clock; 0 when none ever came."""
        return max(self.words[self._word(slot, _HEARTBEAT)] for slot in range(self.processes))

    def worker_alive(self, system_now_us: int, *, within_s: float = 10.0) -> bool:
        """Tell whether some process's job worker gave a sign of life lately."""
        return self.last_beat_us() >= system_now_us - int(within_s * 1_000_000)

    def pids(self) -> list[int]:
        """Process ids by slot; 0 where no process came yet."""
        return [self.words[self._word(slot, _PID)] for slot in range(self.processes)]

    def commands_done(self, slot: int) -> int:
        """Return how many of the journal's commands the process in that slot has carried out."""
        return self.words[self._word(slot, _COMMANDS_DONE)]

    def set_commands_done(self, count: int) -> None:
        """Record how many commands this process has carried out."""
        self.words[self._word(self.slot, _COMMANDS_DONE)] = count

    def close(self) -> None:
        """Give the memory back; nothing of this object can be used afterwards."""
        for view in (*self.rings, self.answers, self.commands, self.words, self._signed, self._view):
            view.release()
        self._map.close()
        self._close_lock()

    def _bump(self) -> int:
        self.words[_GENERATION] += 1
        return self.words[_GENERATION]

    @staticmethod
    def _word(slot: int, field: int) -> int:
        return _FIRST_SLOT + slot * _SLOT_WORDS + field
