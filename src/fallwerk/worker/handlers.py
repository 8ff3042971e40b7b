"""What the worker does with each kind of due work."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from fallwerk.domain.account.model import ScrClient
from fallwerk.domain.identcase.ports import ResultRenderer
from fallwerk.domain.identcase.service.change import erase_case, run_due_step
from fallwerk.domain.notification.due import DueKind, DueWork
from fallwerk.domain.notification.model import Delivery, DeliveryStatus, Outcome
from fallwerk.domain.notification.service import record_attempt
from fallwerk.domain.unit_of_work import Transactions, UnitOfWork
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
class Duties:
    """Handlers over the store and the world outside."""

    store: Transactions
    clock: Clock
    sender: Sender
    render: ResultRenderer
    erase_journal: Callable[[str], None]
    compact_store: Callable[[], Awaitable[None]]
    compact_delay_us: int
    count_delivery: Callable[[str], None]

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

        def run(uow: UnitOfWork) -> None:
            run_due_step(uow, work, self.render, self.began_us(work))
            uow.due.done(work)

        await self.store.write(run)

    async def send_notification(self, work: DueWork) -> None:
        """Send one webhook and keep what came of it."""
        found = await self.store.read(lambda uow: _delivery(uow, work))
        if found is None:
            await self.store.write(lambda uow: uow.due.done(work))
            return
        delivery, client = found
        settings = client.settings
        began_us = self.began_us(work)
        outcome = await self.sender.send(
            delivery.url,
            delivery.body,
            username=settings.webhook_user,
            password=settings.webhook_password,
            allowed_hosts=settings.webhook_hosts,
            http_allowed=settings.webhook_http_allowed,
        )

        def record(uow: UnitOfWork) -> Delivery:
            return record_attempt(uow, work, delivery, outcome, began_us=began_us, retry=settings.webhook_retry)

        after = await self.store.write(record)
        self.count_delivery(after.status.value)

    async def erase(self, work: DueWork) -> None:
        """Delete a case physically, its journal entries included."""
        now_us = self.began_us(work)
        await self.store.write(lambda uow: erase_case(uow, work, now_us, now_us + self.compact_delay_us))
        self.erase_journal(work.case_id)

    async def compact(self, work: DueWork) -> None:
        """Clean freed pages; work of the same kind that is ordered meanwhile stays."""
        await self.compact_store()
        await self.store.write(lambda uow: uow.due.done(work))

    def began_us(self, work: DueWork) -> int:
        """Return the instant that work counts as begun at."""
        now_us = self.clock.now_us()
        return work.due_us if 0 <= now_us - work.due_us < PUNCTUAL_US else now_us


def _delivery(uow: UnitOfWork, work: DueWork) -> tuple[Delivery, ScrClient] | None:
    delivery = uow.notifications.get(work.tenant_id, work.case_id, work.subject_id)
    client = uow.accounts.scr_client_of(work.tenant_id)
    if delivery is None or client is None or delivery.status is not DeliveryStatus.PENDING:
        return None
    return delivery, client
