"""Notifications: written with the change they tell of, sent and recorded by the worker."""

from collections.abc import Sequence
from dataclasses import dataclass

from fallwerk.domain.account.model import ScrClient
from fallwerk.domain.identcase import methods_lifecycle
from fallwerk.domain.identcase.lifecycle import NOTIFIED, event_wanted
from fallwerk.domain.identcase.model import CaseKind, CaseOrder, IdentCase, IdentStatus
from fallwerk.domain.notification.due import DueKind, DueWork
from fallwerk.domain.notification.model import Delivery, DeliveryStatus, Outcome
from fallwerk.domain.notification.rules import notification_body
from fallwerk.domain.notification.schedule import after_attempt
from fallwerk.domain.unit_of_work import UnitOfWork


def notify(
    uow: UnitOfWork, case: IdentCase, order: CaseOrder, client: ScrClient, event: IdentStatus, *, now_us: int
) -> None:
    """
    Record one notification per URL in the transaction of the change it tells of.

    Source: S-14, S-48, D-60, D-61, D-66. An inactive webhook, or a status the client did not ask for, records nothing.
    """
    settings = client.settings
    notified = NOTIFIED if case.kind is CaseKind.DELIVERY else methods_lifecycle.NOTIFIED
    if not settings.webhook_active or not event_wanted(settings.webhook_events, event, notified):
        return
    reference_id = case.reference_id if case.reference_given else None
    body = notification_body(case.case_id, reference_id, order.custom[0], settings)
    for url in (order.webhook_url, order.webhook_url_partner):
        if url is None:
            continue
        delivery = Delivery(
            delivery_id=uow.new_id(),
            tenant_id=case.tenant_id,
            case_id=case.case_id,
            url=url,
            body=body,
            event=event.value,
            status=DeliveryStatus.PENDING,
            attempts=(),
            next_attempt_at_us=now_us,
            created_us=now_us,
        )
        uow.notifications.add(delivery)
        uow.due.add(DueWork(case.tenant_id, case.case_id, DueKind.NOTIFY, now_us, delivery.delivery_id))


@dataclass(frozen=True, slots=True)
class Attempted:
    """A notification that was sent, and what came of it."""

    work: DueWork
    delivery: Delivery
    outcome: Outcome
    began_us: int
    """When the attempt began; the retries' waiting times count from it."""
    retry: bool
    """Whether the account wants retries."""


def record_attempts(uow: UnitOfWork, attempts: Sequence[Attempted]) -> list[Delivery]:
    """
    Keep what attempts led to, and order the next ones.

    Source: D-64, D-66.
    """
    after = [after_attempt(made.delivery, made.began_us, made.outcome, retry=made.retry) for made in attempts]
    uow.notifications.save(*after)
    settled = zip(attempts, after, strict=True)
    uow.due.done(*(made.work for made, delivery in settled if delivery.next_attempt_at_us is None))
    for made, delivery in zip(attempts, after, strict=True):
        if delivery.next_attempt_at_us is not None:
            uow.due.postpone(made.work, delivery.next_attempt_at_us)
    return after


def to_send(uow: UnitOfWork, works: Sequence[DueWork]) -> list[tuple[Delivery, ScrClient] | None]:
    """Load what is to be sent; work whose notification is gone or settled is done, and None."""
    keys = [(work.tenant_id, work.case_id, work.subject_id) for work in works]
    deliveries = uow.notifications.get_many(keys)
    clients = {tenant_id: uow.accounts.scr_client_of(tenant_id) for tenant_id in {work.tenant_id for work in works}}
    found: list[tuple[Delivery, ScrClient] | None] = []
    for work, key in zip(works, keys, strict=True):
        delivery, client = deliveries.get(key), clients[work.tenant_id]
        if delivery is None or client is None or delivery.status is not DeliveryStatus.PENDING:
            uow.due.done(work)
            found.append(None)
        else:
            found.append((delivery, client))
    return found
