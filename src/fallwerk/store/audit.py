"""
The audit log: appended with each change, sealed into a hash chain per tenant by the worker, verified by a command.

A seal covers the events that were committed and not sealed yet; its hash runs over the previous seal's hash and every
event, so that a changed, removed or added event breaks the chain from there on.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy import bindparam, func, insert, select, update

from fallwerk.domain.audit.model import AuditEvent, ChainReport, UnsealedEvents
from fallwerk.store.rows import insert_rows
from fallwerk.store.sealing import fingerprint
from fallwerk.store.tables import audit_event, audit_seal, tenant

if TYPE_CHECKING:
    from fallwerk.store.unit import Unit

FIRST_HASH: Final = bytes(32)
SYSTEM_TENANT: Final = 0

_e: Final = audit_event.c
_s: Final = audit_seal.c
_UNSEALED: Final = (
    select(audit_event)
    .where(_e.tenant_id == bindparam("tenant"), _e.seal_number.is_(None))
    .order_by(_e.event_id)
    .limit(bindparam("amount"))
)
_SEALED: Final = (
    select(audit_event)
    .where(_e.tenant_id == bindparam("tenant"), _e.seal_number == bindparam("number"))
    .order_by(_e.event_id)
)
_LAST: Final = select(audit_seal).where(_s.tenant_id == bindparam("tenant")).order_by(_s.seal_number.desc()).limit(1)
_MARK: Final = (
    update(audit_event)
    .where(_e.tenant_id == bindparam("tenant"), _e.event_id == bindparam("event"))
    .values(seal_number=bindparam("number"))
)


class Audit:
    """See `domain.unit_of_work.AuditLog`."""

    def __init__(self, unit: "Unit") -> None:
        self._unit = unit

    def add(self, *events: AuditEvent) -> None:
        """Append events."""
        self.add_many(events)

    def add_many(self, events: Sequence[AuditEvent]) -> None:
        """Append many events with one statement."""
        new_id = self._unit.new_id
        insert_rows(
            self._unit,
            audit_event,
            [
                (
                    event.tenant_id,
                    new_id(),
                    event.at_us,
                    event.actor.name,
                    event.actor.address,
                    event.action,
                    event.subject,
                    orjson.dumps(event.details).decode() if event.details else "{}",
                    None,
                )
                for event in events
            ],
        )

    def unsealed(self) -> UnsealedEvents:
        """Measure what waits for its seal."""
        statement = select(func.count().label("events"), func.min(_e.at_us).label("oldest"))
        found = self._unit.execute(statement.where(_e.seal_number.is_(None))).one()
        return UnsealedEvents(found.events, found.oldest)

    def tenants_to_seal(self) -> list[int]:
        """Return the tenants that have unsealed events."""
        statement = select(_e.tenant_id).where(_e.seal_number.is_(None)).distinct()
        return list(self._unit.execute(statement).scalars())

    def seal(self, tenant_id: int, *, now_us: int, limit: int) -> int:
        """Seal a tenant's committed events into its chain; return how many. Two sealers at once wait in line."""
        self._lock_chain(tenant_id)
        rows = self._unit.execute(_UNSEALED, {"tenant": tenant_id, "amount": limit}).all()
        if not rows:
            return 0
        last = self._unit.execute(_LAST, {"tenant": tenant_id}).one_or_none()
        number, previous = (last.seal_number + 1, bytes(last.hash)) if last else (1, FIRST_HASH)
        values = {
            "tenant_id": tenant_id,
            "seal_number": number,
            "event_count": len(rows),
            "previous_hash": previous,
            "hash": _hash(previous, number, rows),
            "sealed_us": now_us,
        }
        self._unit.execute(insert(audit_seal), values)
        self._unit.execute(_MARK, [{"tenant": tenant_id, "event": row.event_id, "number": number} for row in rows])
        return len(rows)

    def _lock_chain(self, tenant_id: int) -> None:
        """Let one process at a time extend a chain; SQLite has one writer anyway."""
        self._unit.execute(select(tenant.c.tenant_id).where(tenant.c.tenant_id == tenant_id).with_for_update())

    def verify(self, tenant_id: int) -> ChainReport:
        """Recompute a tenant's chain from its events."""
        seals = self._unit.execute(select(audit_seal).where(_s.tenant_id == tenant_id).order_by(_s.seal_number)).all()
        previous, events, broken = FIRST_HASH, 0, None
        for expected, seal in enumerate(seals, start=1):
            rows = self._unit.execute(_SEALED, {"tenant": tenant_id, "number": seal.seal_number}).all()
            events += len(rows)
            sound = (
                seal.seal_number == expected
                and bytes(seal.previous_hash) == previous
                and seal.event_count == len(rows)
                and bytes(seal.hash) == _hash(previous, seal.seal_number, rows)
            )
            if not sound and broken is None:
                broken = expected
            previous = bytes(seal.hash)
        unsealed, beyond = self._loose(tenant_id, len(seals))
        if beyond and broken is None:
            broken = len(seals) + 1
        return ChainReport(tenant_id, len(seals), events, unsealed, broken)

    def _loose(self, tenant_id: int, seals: int) -> tuple[int, int]:
        """Count events that wait for their seal, and those that claim a seal which is not there."""
        count = select(func.count()).select_from(audit_event).where(_e.tenant_id == tenant_id)
        unsealed = self._unit.execute(count.where(_e.seal_number.is_(None))).scalar_one()
        beyond = self._unit.execute(count.where(_e.seal_number > seals)).scalar_one()
        return unsealed, beyond

    def events(self, tenant_id: int, subject: str | None, limit: int) -> list[dict[str, Any]]:
        """Return a tenant's events, newest first, optionally of one subject."""
        statement = select(audit_event).where(_e.tenant_id == tenant_id).order_by(_e.event_id.desc()).limit(limit)
        if subject is not None:
            statement = statement.where(_e.subject == subject)
        return [dict(row) for row in self._unit.execute(statement).mappings()]


def _hash(previous: bytes, number: int, rows: Sequence[Any]) -> bytes:
    content = [
        orjson.dumps([row.event_id, row.at_us, row.actor, row.address, row.action, row.subject, row.details])
        for row in rows
    ]
    return fingerprint(previous, str(number).encode(), *content)
