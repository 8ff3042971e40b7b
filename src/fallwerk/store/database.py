"""
One interface, two engines behind it.

A use case is a plain function over a unit of work; `write` runs it in one durable transaction in the database's own
threads, `read` in a snapshot, `write_together` joins calls that arrive at the same time into one set-based call. All
three answer after the commit and never before.
"""

import asyncio
import contextlib
import queue
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from fallwerk.domain.errors import StoreOverloaded, StoreUnavailable
from fallwerk.kit import tracing
from fallwerk.kit.clock import monotonic_s
from fallwerk.store.unit import StoreContext, Unit

T = TypeVar("T")
Item = TypeVar("Item")

Work = Callable[[Unit], T]
ManyWork = Callable[[Unit, Sequence[Item]], Sequence[T | Exception]]
"""Does a batch of like calls at once; one outcome per item, an exception for an item that failed alone."""

CLOSED: Final = "the database is closed"
VOLUME_SUSPECT_S: Final = 10.0
"""How long a volume that refused a write counts as not available, whatever a probe finds."""
MAX_WAITING: Final = 20_000
"""Calls that may wait for the writer; more are refused at once instead of answered too late."""


@dataclass(slots=True)
class Job:
    """One waiting call."""

    future: asyncio.Future[Any]
    work: Work[Any] | None = None
    many: ManyWork[Any, Any] | None = None
    item: Any = None
    trace: object = field(default_factory=tracing.here)
    """Where its caller's trace goes on in the database's threads."""


@dataclass(slots=True)
class Done:
    """Outcomes of one group, handed back to the event loop in one step."""

    outcomes: list[tuple[asyncio.Future[Any], Any, BaseException | None]] = field(default_factory=list)

    def deliver(self) -> None:
        """Resolve every future that still waits."""
        for future, result, error in self.outcomes:
            if future.done():
                continue
            if error is None:
                future.set_result(result)
            elif isinstance(error, StopIteration):
                # A future takes none of these, and the others of the group would never hear of their commit.
                future.set_exception(RuntimeError("a transaction raised StopIteration"))
            else:
                future.set_exception(error)


class Database(ABC):
    """A database that keeps Fallwerk's tables; see the module's text for its three verbs."""

    def __init__(self, context: StoreContext) -> None:
        self.context = context
        self._volume_failed_s: float | None = None

    @abstractmethod
    async def start(self) -> None:
        """
        Open the database and its threads; the schema must be up to date.

        Raises:
            StoreUnavailable: it cannot be opened.
        """

    @abstractmethod
    async def stop(self) -> None:
        """Finish what is waiting and close."""

    @abstractmethod
    async def write(self, work: Work[T]) -> T:
        """
        Run `work` in one transaction and return its result once that is durable.

        Raises:
            StoreUnavailable: nothing was acknowledged; what `work` raises rolls back its own changes only.
        """

    @abstractmethod
    async def read(self, work: Work[T]) -> T:
        """Run `work` against one consistent snapshot."""

    @abstractmethod
    async def write_together(self, many: ManyWork[Item, T], item: Item) -> T:
        """Run `many` over this item and those of calls that wait at the same time; fails as `write` does."""

    def _note_volume_failure(self) -> None:
        """Remember that the volume refused a write just now."""
        self._volume_failed_s = monotonic_s()

    def _volume_failed_lately(self) -> bool:
        """Tell of a full or broken volume: a probe's few bytes often still fit where a case does not."""
        return self._volume_failed_s is not None and monotonic_s() - self._volume_failed_s < VOLUME_SUSPECT_S

    @abstractmethod
    async def check(self) -> bool:
        """Write and read for real; False if the store cannot do so right now. Never raises."""

    @abstractmethod
    async def compact(self) -> None:
        """Clean what erased rows have left in pages and write-ahead log (D-50)."""


def refuse_all(waiting: "queue.SimpleQueue[Job | None]") -> Done:
    """Take the calls that came too late to be done and refuse each, so that nobody waits for ever."""
    done = Done()
    with contextlib.suppress(queue.Empty):
        while True:
            job = waiting.get_nowait()
            if job is not None:
                done.outcomes.append((job.future, None, StoreUnavailable(CLOSED)))
    return done


def refuse_overload(waiting: int) -> None:
    """Refuse a call when too many wait already."""
    if waiting > MAX_WAITING:
        raise StoreOverloaded


def run_many(unit: Unit, jobs: Sequence[Job]) -> list[tuple[Job, Any, BaseException | None]]:
    """Run jobs that share one `many` function; what it raises fails all of them."""
    many = jobs[0].many
    if many is None:
        msg = "not a batch"
        raise TypeError(msg)
    results = many(unit, [job.item for job in jobs])
    return [
        (job, None, result) if isinstance(result, BaseException) else (job, result, None)
        for job, result in zip(jobs, results, strict=True)
    ]
