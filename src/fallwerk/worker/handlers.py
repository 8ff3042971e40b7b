"""What the worker does with each kind of due work."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from fallwerk.domain.identcase.ports import ResultRenderer
from fallwerk.domain.identcase.service.change import erase_case, run_due_step
from fallwerk.domain.notification.due import DueKind, DueWork
from fallwerk.domain.notification.model import Outcome
from fallwerk.domain.notification.service import Attempted, record_attempts, to_send
from fallwerk.domain.unit_of_work import Transactions, UnitOfWork
from fallwerk.kit import tracing
from fallwerk.kit.clock import Clock
from fallwerk.worker.loop import Handler

log = structlog.get_logger()

PUNCTUAL_US: Final = 2_000_000
"""An attempt that begins within this of its due time is recorded at its due time (decisions.md "Time")."""


class Sender(Protocol):
    """Sends one webhook."""

    async def send(
        self,
        url: str,
        body: bytes,
        *,
        username: str,
        password: str,
        allowed_hosts: tuple[str, ...],
        http_allowed: bool,
    ) -> Outcome:
        """Return what came of it; never raises for anything the receiver does."""


@dataclass(frozen=True, slots=True)
class Step:
    """A timer that acts on its case."""

    work: DueWork
    began_us: int


class Together:
    """Gathers what is asked for in one turn of the event loop and does it at once."""

    def __init__(self, do: Callable[[set[str]], None]) -> None:
        self._do = do
        self._waiting: set[str] = set()
        self._done: asyncio.Task[None] | None = None

    async def __call__(self, item: str) -> None:
        """Have it done for an item, together with those of others."""
        self._waiting.add(item)
        if self._done is None:
            self._done = asyncio.create_task(self._flush())
        await self._done

    async def _flush(self) -> None:
        await asyncio.sleep(0)
        waiting, self._waiting, self._done = self._waiting, set(), None
        self._do(waiting)


class Duties:
    """
    Handlers over the store and the world outside.

    What falls due at the same time shares its transactions: each handler speaks of one piece of work, and the store
    gathers the pieces (`write_together`).

    Args:
        erase_journal: Deletes the journal entries of some cases.
        compact_store: Cleans freed pages.
        compact_delay_us: How long erasures are gathered before that.
        count_delivery: Counts an attempt by its outcome.
    """

    def __init__(
        self,
        *,
        store: Transactions,
        clock: Clock,
        sender: Sender,
        render: ResultRenderer,
        erase_journal: Callable[[set[str]], None],
        compact_store: Callable[[], Awaitable[None]],
        compact_delay_us: int,
        count_delivery: Callable[[str], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._sender = sender
        self._render = render
        self._erase_journal = Together(erase_journal)
        self._compact_store = compact_store
        self._compact_delay_us = compact_delay_us
        self._count_delivery = count_delivery

    def handlers(self) -> dict[DueKind, Handler]:
        """Return the handler of every kind."""
        return {
            DueKind.EXPIRE: self.take_step,
            DueKind.PICK_UP: self.take_step,
            DueKind.SHIPMENT: self.take_step,
            DueKind.NOTIFY: self.send_notification,
            DueKind.ERASE: self.erase,
            DueKind.COMPACT: self.compact,
        }

    async def take_step(self, work: DueWork) -> None:
        """Let a timer act on its case."""
        await self._store.write_together(self._take_steps, Step(work, self.began_us(work)))

    def _take_steps(self, uow: UnitOfWork, steps: Sequence[Step]) -> list[None]:
        # One order of cases in all processes keeps them from deadlocking.
        for step in sorted(steps, key=lambda step: (step.work.tenant_id, step.work.case_id)):
            run_due_step(uow, step.work, self._render, step.began_us)
            uow.due.done(step.work)
        return [None] * len(steps)

    async def send_notification(self, work: DueWork) -> None:
        """Send one webhook and keep what came of it."""
        # A trace of its own: the step it tells of was answered long ago, maybe by another process.
        with tracing.span("webhook", tries=work.tries):
            await self._send(work)

    async def _send(self, work: DueWork) -> None:
        found = await self._store.write_together(to_send, work)
        if found is None:
            return
        delivery, client = found
        settings = client.settings
        began_us = self.began_us(work)
        outcome = await self._sender.send(
            delivery.url,
            delivery.body,
            username=settings.webhook_user,
            password=settings.webhook_password,
            allowed_hosts=settings.webhook_hosts,
            http_allowed=settings.webhook_http_allowed,
        )
        attempted = Attempted(work, delivery, outcome, began_us, settings.webhook_retry)
        after = await self._store.write_together(record_attempts, attempted)
        self._count_delivery(after.status.value)

    async def erase(self, work: DueWork) -> None:
        """Delete a case physically, its journal entries included."""
        await self._store.write_together(self._erase, Step(work, self.began_us(work)))
        await self._erase_journal(work.case_id)

    def _erase(self, uow: UnitOfWork, steps: Sequence[Step]) -> list[None]:
        for step in sorted(steps, key=lambda step: (step.work.tenant_id, step.work.case_id)):
            erase_case(uow, step.work, step.began_us, step.began_us + self._compact_delay_us)
        return [None] * len(steps)

    async def compact(self, work: DueWork) -> None:
        """Clean freed pages; work of the same kind that is ordered meanwhile stays."""
        await self._compact_store()
        await self._store.write(lambda uow: uow.due.done(work))

    def began_us(self, work: DueWork) -> int:
        """Return the instant that work counts as begun at."""
        return begun_us(self._clock, work)


def begun_us(clock: Clock, work: DueWork) -> int:
    """Return the instant that work counts as begun at: its due time, or now where it comes late."""
    now_us = clock.now_us()
    return work.due_us if 0 <= now_us - work.due_us < PUNCTUAL_US else now_us
