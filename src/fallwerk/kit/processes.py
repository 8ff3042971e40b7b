"""
Several server processes, forked from one parent that only watches them.

The first child starts alone, so that migrations and first data happen once; the others follow when it is ready. A child
that dies later is replaced, at first at once, then after growing pauses.
"""

import ctypes
import gc
import os
import selectors
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Final, NoReturn

from fallwerk.kit import logs
from fallwerk.kit.clock import monotonic_s
from fallwerk.kit.server_plan import StartRefused
from fallwerk.kit.shared import SharedState

Serve = Callable[[int, Callable[[], None], int], None]
"""Gets its slot, what to call when it is ready, and its parent's process id; returns after a graceful stop."""

_FIRST_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 10.0
_CALM_S: Final = 60.0
"""A child that lived this long counts as healthy: the next pause is the first one again."""
_KILL_AFTER_S: Final = 5.0
_PR_SET_PDEATHSIG: Final = 1
_READY: Final = b"ready"
_HANDLED: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)


@dataclass(slots=True)
class _Child:
    """What the parent knows of one slot."""

    pid: int = 0
    """0 while no process has the slot."""
    started_s: float = 0.0
    restart_s: float = 0.0
    pause_s: float = 0.0
    report: int = -1
    """Reading end of the pipe on which the child says `ready` or why it refuses."""
    ready: bool = False


class Supervisor:
    """
    Runs one child per slot of the shared state until SIGINT or SIGTERM.

    Args:
        ready: Called once, when every child serves.
        stopping: Called once, when the children are told to stop.
        grace_s: How long children may take to finish their requests; five seconds later they are killed.
    """

    def __init__(
        self,
        shared: SharedState,
        serve: Serve,
        ready: Callable[[], None],
        stopping: Callable[[], None],
        *,
        grace_s: float,
    ) -> None:
        self._shared = shared
        self._serve = serve
        self._ready = ready
        self._stopping = stopping
        self._grace_s = grace_s
        self._children = [_Child() for _ in range(shared.processes)]
        self._selector = selectors.DefaultSelector()
        self._stopping_s: float | None = None
        self._announced = False
        self._exit_code = 0

    def run(self) -> int:
        """Watch the children; return 0 after a stop that was asked for, 1 when the server could not start."""
        reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._selector.register(reader, selectors.EVENT_READ)
        signal.set_wakeup_fd(writer)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGCHLD, _noticed)
        # Forked memory stays shared as long as the collector does not touch it.
        gc.collect()
        gc.freeze()
        gc.enable()
        self._start(0)
        while self._step(reader):
            pass
        signal.set_wakeup_fd(-1)
        return self._exit_code

    def _step(self, wakeup: int) -> bool:
        """Wait for something to happen and react; False when every child is gone and none will come."""
        for key, _ in self._selector.select(self._wait_s()):
            if key.fd == wakeup:
                os.read(wakeup, 4096)
            else:
                self._hear(key.data)
        self._collect_dead()
        now = monotonic_s()
        if self._stopping_s is None:
            for slot, child in enumerate(self._children):
                if not child.pid and child.restart_s and now >= child.restart_s:
                    self._start(slot)
            return True
        if now > self._stopping_s + self._grace_s + _KILL_AFTER_S:
            self._signal_all(signal.SIGKILL)
        return any(child.pid for child in self._children)

    def _wait_s(self) -> float:
        if self._stopping_s is not None:
            return 0.5
        pauses = [child.restart_s - monotonic_s() for child in self._children if not child.pid and child.restart_s]
        return max(0.0, min(pauses, default=60.0))

    def _start(self, slot: int) -> None:
        child = self._children[slot]
        reader, writer = os.pipe2(os.O_CLOEXEC)
        parent = os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        # A stop that arrives before the child has its own handlers must not run the parent's there.
        signal.pthread_sigmask(signal.SIG_BLOCK, _HANDLED)
        pid = os.fork()
        if pid == 0:
            self._be_child(slot, parent, writer)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
        os.close(writer)
        child.pid, child.started_s, child.restart_s = pid, monotonic_s(), 0.0
        child.report, child.ready = reader, False
        self._selector.register(reader, selectors.EVENT_READ, child)

    def _be_child(self, slot: int, parent: int, report: int) -> NoReturn:
        """Everything that a child does; never returns into the parent's code."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in _HANDLED:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
            _die_with_parent(parent)
            self._selector.close()
            self._shared.attach(slot)
            self._serve(slot, lambda: _report(report, _READY), parent)
            code = 0
        except StartRefused as error:
            _report(report, str(error).encode())
        except BaseException:  # noqa: BLE001 - whatever it is, the process ends here and says why
            logs.get_logger(__name__).exception("server process failed", slot=slot)
        finally:
            logs.request_log().flush()
            sys.stdout.flush()
            sys.stderr.flush()
            # Leaving by `os._exit` skips the parent's cleaning up, such as removing its temporary folders.
            os._exit(code)

    def _hear(self, child: _Child) -> None:
        """A child is ready, refuses to start, or has closed its pipe by dying."""
        message = os.read(child.report, 4096)
        self._selector.unregister(child.report)
        os.close(child.report)
        child.report = -1
        if message == _READY:
            child.ready = True
            self._proceed()
        elif message:
            self._fail(message.decode("utf-8", "replace"))

    def _proceed(self) -> None:
        """Start the rest after the first one; announce when all are ready."""
        if self._announced or self._stopping_s is not None:
            return
        for slot, child in enumerate(self._children):
            if not child.pid and not child.restart_s:
                self._start(slot)
        if all(child.ready for child in self._children):
            self._announced = True
            self._ready()

    def _collect_dead(self) -> None:
        for slot, child in enumerate(self._children):
            if not child.pid:
                continue
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if not pid:
                continue
            if child.report >= 0:
                self._hear(child)
            child.pid = 0
            if self._stopping_s is None:
                self._plan_restart(slot, child, os.waitstatus_to_exitcode(status))

    def _plan_restart(self, slot: int, child: _Child, code: int) -> None:
        if not self._announced and not child.ready:
            self._fail("a server process ended before it was ready; the log says why")
            return
        lived_s = monotonic_s() - child.started_s
        child.pause_s = (
            _FIRST_PAUSE_S if lived_s > _CALM_S else min(max(child.pause_s * 2, _FIRST_PAUSE_S), _LONGEST_PAUSE_S)
        )
        child.restart_s = monotonic_s() + child.pause_s
        sys.stderr.write(f"fallwerk: server process {slot} ended ({code}); again in {child.pause_s:.1f} s\n")

    def _fail(self, message: str) -> None:
        """Refuse to start as a whole; once the server has been ready a refusal only delays the one child."""
        sys.stderr.write(f"fallwerk: {message}\n")
        if not self._announced and self._stopping_s is None:
            self._exit_code = 1
            self._begin_stop()

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        if self._stopping_s is None:
            self._begin_stop()

    def _begin_stop(self) -> None:
        self._stopping_s = monotonic_s()
        self._stopping()
        self._signal_all(signal.SIGTERM)

    def _signal_all(self, number: signal.Signals) -> None:
        for child in self._children:
            if child.pid:
                os.kill(child.pid, number)


def _noticed(_signal: int, _frame: FrameType | None) -> None:
    """Do nothing: a handler must exist so that the signal wakes the parent up."""


def _report(pipe: int, message: bytes) -> None:
    os.write(pipe, message)
    os.close(pipe)


def _die_with_parent(parent: int) -> None:
    """Let the kernel stop this process when its parent is killed; elsewhere the server itself looks now and then."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    # The parent may have died before the line above.
    if os.getppid() != parent:
        os._exit(1)
