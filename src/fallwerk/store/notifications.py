"""Webhook deliveries in the database; URL and body are sealed, attempts hold no personal data."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy import bindparam, select, tuple_, update

from fallwerk.domain.notification.model import Attempt, Delivery, DeliveryStatus
from fallwerk.store.rows import insert_rows
from fallwerk.store.tables import notification

if TYPE_CHECKING:
    from fallwerk.store.unit import Unit

_c: Final = notification.c
_KEY: Final = (
    _c.tenant_id == bindparam("tenant"),
    _c.case_id == bindparam("case"),
    _c.notification_id == bindparam("number"),
)
_SOME: Final = select(notification).where(
    tuple_(_c.tenant_id, _c.case_id, _c.notification_id).in_(bindparam("keys", expanding=True))
)
_SAVE: Final = (
    update(notification)
    .where(*_KEY)
    .values(
        status=bindparam("new_status"), attempts=bindparam("new_attempts"), next_attempt_us=bindparam("next_attempt")
    )
)


class Notifications:
    """See `domain.notification.ports.NotificationRepository`."""

    def __init__(self, unit: "Unit") -> None:
        self._unit = unit

    def add(self, delivery: Delivery) -> None:
        """Store a new delivery."""
        target = orjson.dumps({"url": delivery.url, "body": delivery.body.decode()})
        row = (
            delivery.tenant_id,
            delivery.case_id,
            delivery.delivery_id,
            delivery.event,
            delivery.status.value,
            self._unit.sealer.seal(target, _context(delivery.tenant_id, delivery.case_id, delivery.delivery_id)),
            _attempts_text(delivery),
            delivery.next_attempt_at_us,
            delivery.created_us,
        )
        insert_rows(self._unit, notification, [row])

    def get_many(self, keys: Sequence[tuple[int, str, int]]) -> dict[tuple[int, str, int], Delivery]:
        """Return deliveries by their keys."""
        rows = self._unit.execute(_SOME, {"keys": list(keys)}).all()
        return {(row.tenant_id, row.case_id, row.notification_id): self._delivery(row) for row in rows}

    def save(self, *deliveries: Delivery) -> None:
        """Store status, attempts and next attempt."""
        changes = [
            {
                "tenant": delivery.tenant_id,
                "case": delivery.case_id,
                "number": delivery.delivery_id,
                "new_status": delivery.status.value,
                "new_attempts": _attempts_text(delivery),
                "next_attempt": delivery.next_attempt_at_us,
            }
            for delivery in deliveries
        ]
        if changes:
            self._unit.execute(_SAVE, changes)

    def of_case(self, case_id: str | None) -> list[Delivery]:
        """Return deliveries, oldest first."""
        statement = select(notification).order_by(_c.created_us, _c.notification_id)
        if case_id is not None:
            statement = statement.where(_c.case_id == case_id)
        return [self._delivery(row) for row in self._unit.execute(statement)]

    def _delivery(self, row: Any) -> Delivery:  # noqa: ANN401 - a row of the table
        context = _context(row.tenant_id, row.case_id, row.notification_id)
        target = orjson.loads(self._unit.sealer.open(row.target_sealed, context))
        return Delivery(
            delivery_id=row.notification_id,
            tenant_id=row.tenant_id,
            case_id=row.case_id,
            url=target["url"],
            body=target["body"].encode(),
            event=row.event,
            status=DeliveryStatus(row.status),
            attempts=tuple(Attempt(**attempt) for attempt in orjson.loads(row.attempts)),
            next_attempt_at_us=row.next_attempt_us,
            created_us=row.created_us,
        )


def _attempts_text(delivery: Delivery) -> str:
    return orjson.dumps(delivery.attempts).decode()


def _context(tenant_id: int, case_id: str, number: int) -> bytes:
    return f"notification|{tenant_id}|{case_id}|{number}".encode()
