"""
The audit log: appended with each change, sealed into a hash chain per tenant by the worker, verified by a command.

A seal covers the events that were committed and not sealed yet; its hash runs over the previous seal's hash and every
event, so that a changed, removed or added event breaks the chain from there on.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
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
_FULL_SEAL: Final = (
    select(_e.event_id)
    .where(_e.tenant_id == bindparam("tenant"), _e.seal_number.is_(None))
    .order_by(_e.event_id)
    .offset(bindparam("before_last"))
    .limit(1)
)
_MARK: Final = (
    update(audit_event)
    .where(_e.tenant_id == bindparam("tenant"), _e.seal_number.is_(None), _e.event_id <= bindparam("last"))
    .values(seal_number=bindparam("number"))
    .returning(*audit_event.columns)
)
_SEALED: Final = (
    select(audit_event)
    .where(_e.tenant_id == bindparam("tenant"), _e.seal_number.is_not(None))
    .order_by(_e.seal_number, _e.event_id)
)
_LAST: Final = select(audit_seal).where(_s.tenant_id == bindparam("tenant")).order_by(_s.seal_number.desc()).limit(1)
LATEST: Final = 2**63 - 1
READ_AT_ONCE: Final = 1_000


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
        last = self._unit.execute(_LAST, {"tenant": tenant_id}).one_or_none()
        number, previous = (last.seal_number + 1, bytes(last.hash)) if last else (1, FIRST_HASH)
        full = self._unit.execute(_FULL_SEAL, {"tenant": tenant_id, "before_last": limit - 1}).scalar()
        # Marked and read in one statement: what another process commits meanwhile is not in this seal.
        marked = {"tenant": tenant_id, "last": LATEST if full is None else full, "number": number}
        rows = sorted(self._unit.execute(_MARK, marked), key=lambda row: row.event_id)
        if not rows:
            return 0
        values = {
            "tenant_id": tenant_id,
            "seal_number": number,
            "event_count": len(rows),
            "previous_hash": previous,
            "hash": _hash(previous, number, rows),
            "sealed_us": now_us,
        }
        self._unit.execute(insert(audit_seal), values)
        return len(rows)

    def _lock_chain(self, tenant_id: int) -> None:
        """Let one process at a time extend a chain; SQLite has one writer anyway."""
        self._unit.execute(select(tenant.c.tenant_id).where(tenant.c.tenant_id == tenant_id).with_for_update())

    def verify(self, tenant_id: int) -> ChainReport:
        """Recompute a tenant's chain from its events, a seal at a time."""
        seals = self._unit.execute(select(audit_seal).where(_s.tenant_id == tenant_id).order_by(_s.seal_number)).all()
        events_by_seal = groupby(self._sealed(tenant_id), key=lambda row: row.seal_number)
        found = next(events_by_seal, None)
        previous, events, broken = FIRST_HASH, 0, None
        for expected, seal in enumerate(seals, start=1):
            rows: list[Any] = []
            if found is not None and found[0] == seal.seal_number:
                rows = list(found[1])
                found = next(events_by_seal, None)
            events += len(rows)
            if broken is None and not _is_sound(seal, expected, previous, rows):
                broken = expected
            previous = bytes(seal.hash)
        if found is not None and broken is None:
            broken = len(seals) + 1
        unsealed = select(func.count()).where(_e.tenant_id == tenant_id, _e.seal_number.is_(None))
        return ChainReport(tenant_id, len(seals), events, self._unit.execute(unsealed).scalar_one(), broken)

    def _sealed(self, tenant_id: int) -> Iterator[Any]:
        """Yield sealed events in the order of their seals, few at a time."""
        options = self._unit.connection.execution_options(yield_per=READ_AT_ONCE)
        yield from options.execute(_SEALED, {"tenant": tenant_id})

    def events(self, tenant_id: int, subject: str | None, limit: int) -> list[dict[str, Any]]:
        """Return a tenant's events, newest first, optionally of one subject."""
        statement = select(audit_event).where(_e.tenant_id == tenant_id).order_by(_e.event_id.desc()).limit(limit)
        if subject is not None:
            statement = statement.where(_e.subject == subject)
        return [dict(row) for row in self._unit.execute(statement).mappings()]


def _is_sound(seal: Any, expected: int, previous: bytes, rows: Sequence[Any]) -> bool:  # noqa: ANN401 - a row
    return (
        seal.seal_number == expected
        and bytes(seal.previous_hash) == previous
        and seal.event_count == len(rows)
        and bytes(seal.hash) == _hash(previous, seal.seal_number, rows)
    )


def _hash(previous: bytes, number: int, rows: Sequence[Any]) -> bytes:
    content = [
        orjson.dumps([row.event_id, row.at_us, row.actor, row.address, row.action, row.subject, row.details])
        for row in rows
    ]
    return fingerprint(previous, str(number).encode(), *content)
