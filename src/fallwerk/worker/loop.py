"""
The job worker: takes what falls due from the outbox and does it.

It runs inside each server process; any number of them share the work through leases. Work that a process took with it
when it died is taken over when its lease ends, at once where the process comes back.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import structlog

from fallwerk.domain.errors import StoreUnavailable
from fallwerk.domain.notification.due import DueKind, DueWork
from fallwerk.domain.unit_of_work import Transactions, UnitOfWork
from fallwerk.kit.clock import Clock

log = structlog.get_logger()

BATCH: Final = 64
BEAT_S: Final = 1.0
RETRY_US: Final = 5_000_000
"""Work that failed unexpectedly comes back after this and twice as long each time."""
STOP_S: Final = 4.0
"""How long work under way may take after a stop was asked for: a little more than an attempt to notify lasts."""
LONGEST_RETRY_US: Final = 3_600_000_000


def retry_wait_us(tries: int) -> int:
    """Return how long work waits after so many tries in vain."""
    return int(min(RETRY_US * 2 ** min(tries, 20), LONGEST_RETRY_US))


class Handler(Protocol):
    """Does work of some kinds and settles it (done or postponed) in the store."""

    async def __call__(self, work: DueWork) -> None:
        """Do one piece of work; what it raises brings the work back later."""


class Worker:
    """
    Runs due work of one process.

    Args:
        owner: Name of this process in leases.
        is_dead: Tells of another owner's name whether its process is known to be gone.
        handlers: By kind.
        lease_s: How long a claim lasts: longer than any single piece of work takes.
        every_beat: Housekeeping once a second: sealing the audit chain, heartbeats, old journal entries.
    """

    def __init__(
        self,
        store: Transactions,
        clock: Clock,
        *,
        owner: str,
        is_dead: Callable[[str], bool],
        handlers: dict[DueKind, Handler],
        every_beat: Sequence[Handler | Callable[[], object]],
        concurrency: int = BATCH,
        lease_s: float = 30,
        poll_s: float = 0.25,
    ) -> None:
        self._store = store
        self._clock = clock
        self._owner = owner
        self._is_dead = is_dead
        self._handlers = handlers
        self._every_beat = every_beat
        self._concurrency = concurrency
        self._poll_s = poll_s
        self._lease_us = int(lease_s * 1_000_000)
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._running: set[asyncio.Task[None]] = set()
        self._stopping = False

    async def start(self) -> None:
        """Begin to take work."""
        self._loop = asyncio.get_running_loop()
        await self.take_over()
        self._tasks = [asyncio.create_task(self._take(), name="worker"), asyncio.create_task(self._beat(), name="beat")]

    async def stop(self) -> None:
        """Take no more work and finish what is under way; what takes too long stays in the outbox, free for others."""
        self._stopping = True
        self._wake.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._running:
            _, unfinished = await asyncio.wait(self._running, timeout=STOP_S)
            for task in unfinished:
                task.cancel()
            await asyncio.gather(*unfinished, return_exceptions=True)
        try:
            # Another process goes on with it at once, this host's next one or another host's.
            await self._store.write(lambda uow: uow.due.release_leases(self._owner))
        except StoreUnavailable as error:
            log.warning("worker.store_away", reason=str(error))

    def wake(self) -> None:
        """Look for work now; may be called from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake.set)

    def alive(self) -> bool:
        """Tell whether the worker's tasks run."""
        return bool(self._tasks) and not any(task.done() for task in self._tasks)

    async def _take(self) -> None:
        while not self._stopping:
            self._wake.clear()
            taken = await self._take_some()
            if taken == 0:
                await self._sleep(self._poll_s)

    async def _take_some(self) -> int:
        """Claim as much as there are free places and begin it; 0 if there is nothing, or the store is away."""
        free = self._concurrency - len(self._running)
        if free < self._concurrency // 4:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
            return 1
        try:
            works = await self.claim(free)
        except StoreUnavailable as error:
            log.warning("worker.store_away", reason=str(error))
            await asyncio.sleep(self._poll_s)
            return 0
        except Exception:
            # Whatever it was: if this loop ended, no notification would be sent until somebody restarts the process.
            log.exception("worker.claim_failed")
            await asyncio.sleep(BEAT_S)
            return 0
        for work in works:
            task = asyncio.create_task(self._do(work))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return len(works)

    async def _sleep(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            return

    async def claim(self, limit: int) -> list[DueWork]:
        """Lease due work for this process."""
        now_us, system_now_us = self._clock.now_us(), self._clock.system_now_us()

        def work(uow: UnitOfWork) -> list[DueWork]:
            return uow.due.claim(
                now_us=now_us, owner=self._owner, system_now_us=system_now_us, lease_us=self._lease_us, limit=limit
            )

        if await self._store.read(lambda uow: (uow.due.next_due_us() or now_us + 1) > now_us):
            return []
        return await self._store.write(work)

    async def _do(self, work: DueWork) -> None:
        try:
            await self._handlers[work.kind](work)
        except StoreUnavailable as error:
            # The lease brings it back; nothing can be written now.
            log.warning("worker.store_away", reason=str(error), kind=work.kind)
        except Exception:
            log.exception("worker.failed", kind=work.kind, tenant=work.tenant_id, tries=work.tries)
            await self._bring_back(work)

    async def _bring_back(self, work: DueWork) -> None:
        due_us = self._clock.now_us() + retry_wait_us(work.tries)
        try:
            await self._store.write(lambda uow: uow.due.postpone(work, due_us))
        except StoreUnavailable as error:
            log.warning("worker.store_away", reason=str(error), kind=work.kind)
        except Exception:
            # The lease brings it back.
            log.exception("worker.postponing_failed", kind=work.kind, tenant=work.tenant_id)

    async def run_until(self, target_us: int, set_now: Callable[[int], None]) -> None:
        """
        Do everything that falls due until `target_us`, in the order of the due times, moving the clock along.

        Source: decisions.md "Time": advancing steps through due times, and a jump over several retries performs all of
        them. Waits for what other processes hold as well.

        Args:
            set_now: Moves the system's clock forward to an instant.
        """
        while True:
            due_us = await self._store.read(lambda uow: uow.due.next_due_us())
            if due_us is None or due_us > target_us:
                return
            set_now(due_us)
            works = await self.claim(self._concurrency)
            if works:
                await asyncio.gather(*(self._do(work) for work in works))
            else:
                # Another process holds it, or this one's own loop does.
                await asyncio.sleep(0.005)

    async def take_over(self) -> None:
        """Free what dead processes had taken, so that nobody waits for their leases to end."""
        owners = await self._store.read(lambda uow: uow.due.lease_owners())
        dead = [owner for owner in owners if owner != self._owner and self._is_dead(owner)]
        if dead:
            await self._store.write(lambda uow: uow.due.release_leases(*dead))

    async def _beat(self) -> None:
        while not self._stopping:
            for duty in (self.take_over, *self._every_beat):
                try:
                    result = duty()  # type: ignore[call-arg]
                    if asyncio.iscoroutine(result):
                        await result
                except StoreUnavailable as error:
                    log.warning("worker.store_away", reason=str(error))
                except Exception:
                    log.exception("worker.housekeeping_failed")
            await asyncio.sleep(BEAT_S)
