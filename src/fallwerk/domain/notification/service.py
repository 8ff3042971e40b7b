"""Notifications: written with the change they tell of, sent and recorded by the worker."""

from fallwerk.domain.account.model import ScrClient
from fallwerk.domain.identcase.lifecycle import event_wanted
from fallwerk.domain.identcase.model import CaseOrder, IdentCase, IdentStatus
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

    Source: S-14, D-60, D-61, D-66. An inactive webhook, or a status the client did not ask for, records nothing.
    """
    settings = client.settings
    if not settings.webhook_active or not event_wanted(settings.webhook_events, event):
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


def record_attempt(
    uow: UnitOfWork, work: DueWork, delivery: Delivery, outcome: Outcome, *, began_us: int, retry: bool
) -> Delivery:
    """
    Keep what an attempt led to, and order the next one if there is to be one.

    Source: D-64, D-66.

    Args:
        began_us: When the attempt began; the retries' waiting times count from it.
    """
    after = after_attempt(delivery, began_us, outcome, retry=retry)
    uow.notifications.save(after)
    if after.next_attempt_at_us is None:
        uow.due.done(work)
    else:
        uow.due.postpone(work, after.next_attempt_at_us)
    return after
