"""
One interface, two engines behind it.

A use case is a plain function over a unit of work; `write` runs it in one durable transaction in the database's own
threads, `read` in a snapshot, `write_together` joins calls that arrive at the same time into one set-based call. All
three answer after the commit and never before.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from fallwerk.domain.errors import StoreOverloaded
from fallwerk.store.unit import StoreContext, Unit

T = TypeVar("T")
Item = TypeVar("Item")

Work = Callable[[Unit], T]
ManyWork = Callable[[Unit, Sequence[Item]], Sequence[T | Exception]]
"""Does a batch of like calls at once; one outcome per item, an exception for an item that failed alone."""

MAX_WAITING: Final = 20_000
"""Calls that may wait for the writer; more are refused at once instead of answered too late."""


@dataclass(slots=True)
class Job:
    """One waiting call."""

    future: asyncio.Future[Any]
    work: Work[Any] | None = None
    many: ManyWork[Any, Any] | None = None
    item: Any = None


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
            else:
                future.set_exception(error)


class Database(ABC):
    """A database that keeps Fallwerk's tables; see the module's text for its three verbs."""

    def __init__(self, context: StoreContext) -> None:
        self.context = context

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

    @abstractmethod
    async def check(self) -> bool:
        """Write and read for real; False if the store cannot do so right now. Never raises."""

    @abstractmethod
    async def compact(self) -> None:
        """Clean what erased rows have left in pages and write-ahead log (D-50)."""


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
