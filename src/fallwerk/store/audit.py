"""
The audit log: appended with each change, sealed into a hash chain per tenant by the worker, verified by a command.

A seal covers the events that were committed and not sealed yet; its hash runs over the previous seal's hash and every
event, so that a changed, removed or added event breaks the chain from there on.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy import Text, bindparam, cast, func, select, update

from fallwerk.domain.audit.model import SYSTEM_CHAIN, AuditedTenant, AuditEvent, ChainReport, UnsealedEvents
from fallwerk.store.customer_tables import broker
from fallwerk.store.loan_tables import partner
from fallwerk.store.rows import insert_rows
from fallwerk.store.sealing import fingerprint
from fallwerk.store.tables import audit_event, audit_seal, scr_client, system_secret, tenant

if TYPE_CHECKING:
    from fallwerk.store.unit import Unit

FIRST_HASH: Final = bytes(32)
SYSTEM_TENANT: Final = SYSTEM_CHAIN.tenant_id

_e: Final = audit_event.c
_s: Final = audit_seal.c
_UNSEALED: Final = _e.seal_number.is_(None)
_OLDEST: Final = select(_e.event_id, _e.tenant_id).where(_UNSEALED).order_by(_e.event_id).limit(bindparam("limit"))
"""Asked for in the order of the index of unsealed events: however long the log is, no plan reads the rest of it."""
_UP_TO: Final = select(func.max(_OLDEST.subquery().c.event_id))
_TENANTS: Final = select(_OLDEST.where(_e.event_id <= bindparam("last")).subquery().c.tenant_id).distinct()
_LOCK_SYSTEM: Final = select(system_secret.c.name).where(system_secret.c.name == "blind index").with_for_update()
_LOCK: Final = (
    select(tenant.c.tenant_id)
    .where(tenant.c.tenant_id.in_(bindparam("tenants", expanding=True)))
    .order_by(tenant.c.tenant_id)
    .with_for_update()
)
_t: Final = _TENANTS.subquery().c
_OF_TENANT: Final = (
    select(_s.seal_number, _s.hash).where(_s.tenant_id == _t.tenant_id).order_by(_s.seal_number.desc()).limit(1)
)
_ENDS: Final = select(
    _t.tenant_id,
    _OF_TENANT.with_only_columns(_s.seal_number).scalar_subquery().label("seal_number"),
    _OF_TENANT.with_only_columns(_s.hash).scalar_subquery().label("hash"),
)
"""The last seal of each tenant that has something to seal."""
_NEXT: Final = (
    func.coalesce(select(func.max(_s.seal_number)).where(_s.tenant_id == _e.tenant_id).scalar_subquery(), 0) + 1
)
_CONTENT: Final = (_e.event_id, _e.at_us, _e.actor, _e.address, _e.action, _e.subject, _e.details)
"""What a seal's hash covers of an event, in this order."""
_MARK: Final = (
    update(audit_event)
    .where(_UNSEALED, _e.event_id <= bindparam("last"))
    .values(seal_number=_NEXT)
    .returning(_e.tenant_id, *_CONTENT)
)
_MARK_LOCKED: Final = _MARK.where(_e.tenant_id.in_(bindparam("tenants", expanding=True)))
_SEALED: Final = (
    select(audit_event)
    .where(_e.tenant_id == bindparam("tenant"), _e.seal_number.is_not(None))
    .order_by(_e.seal_number, _e.event_id)
)
_NAME: Final = func.coalesce(scr_client.c.client_id, partner.c.partner_id, cast(broker.c.user_id, Text))
_CHAINS: Final = select(tenant.c.tenant_id, tenant.c.kind, _NAME.label("name")).select_from(
    tenant.outerjoin(scr_client, scr_client.c.tenant_id == tenant.c.tenant_id)
    .outerjoin(partner, partner.c.tenant_id == tenant.c.tenant_id)
    .outerjoin(broker, broker.c.tenant_id == tenant.c.tenant_id)
)
ALL: Final = 2**63 - 1
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

    def tenants(self) -> list[AuditedTenant]:
        """Return everybody who has a chain: the system, then all tenants by kind and name."""
        rows = self._unit.execute(_CHAINS.order_by(tenant.c.kind, _NAME))
        return [SYSTEM_CHAIN, *(AuditedTenant(row.tenant_id, row.kind, row.name) for row in rows)]

    def unsealed(self) -> UnsealedEvents:
        """Measure what waits for its seal."""
        statement = select(func.count().label("events"), func.min(_e.at_us).label("oldest"))
        found = self._unit.execute(statement.where(_UNSEALED)).one()
        return UnsealedEvents(found.events, found.oldest)

    def has_unsealed(self) -> bool:
        """Tell whether anything waits for its seal."""
        return self._unit.execute(select(_e.event_id).where(_UNSEALED).limit(1)).first() is not None

    def seal(self, *, now_us: int, limit: int) -> int:
        """Seal the oldest committed events, each into its tenant's chain; return how many."""
        last = self._unit.execute(_UP_TO, {"limit": limit}).scalar()
        if last is None:
            return 0
        # Marked and read in one statement: what another process commits meanwhile is not in these seals.
        mark = _MARK
        scope: dict[str, Any] = {"last": last}
        if not self._unit.is_sqlite:
            mark, scope["tenants"] = _MARK_LOCKED, self._lock_chains(last)
        ends = {end.tenant_id: end for end in self._unit.execute(_ENDS, {"last": last, "limit": ALL})}
        # The driver's own rows: hundreds of them pass here every second.
        rows = sorted(self._unit.execute(mark, scope).cursor.fetchall())
        seals = [
            _seal(ends[tenant_id], now_us, [content for _, *content in found])
            for tenant_id, found in groupby(rows, key=itemgetter(0))
        ]
        insert_rows(self._unit, audit_seal, seals)
        return len(rows)

    def _lock_chains(self, last: int) -> list[int]:
        """Let one process at a time extend a chain; two sealers wait in line, in one order of tenants."""
        tenants = list(self._unit.execute(_TENANTS, {"last": last, "limit": ALL}).scalars())
        if SYSTEM_TENANT in tenants:
            # The system's own tenant has no row; one that always exists stands for it.
            self._unit.execute(_LOCK_SYSTEM)
        self._unit.execute(_LOCK, {"tenants": tenants})
        return tenants

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
        unsealed = select(func.count()).where(_e.tenant_id == tenant_id, _UNSEALED)
        return ChainReport(tenant_id, len(seals), events, self._unit.execute(unsealed).scalar_one(), broken)

    def _sealed(self, tenant_id: int) -> Iterator[Any]:
        """Yield sealed events in the order of their seals, few at a time."""
        options = self._unit.connection.execution_options(yield_per=READ_AT_ONCE)
        yield from options.execute(_SEALED, {"tenant": tenant_id})

    def events(
        self, tenant_id: int, subject: str | None, limit: int, before: int | None = None
    ) -> list[dict[str, Any]]:
        """Return a tenant's events, newest first, optionally of one subject or from before an event on."""
        statement = select(audit_event).where(_e.tenant_id == tenant_id).order_by(_e.event_id.desc()).limit(limit)
        if subject is not None:
            statement = statement.where(_e.subject == subject)
        if before is not None:
            statement = statement.where(_e.event_id < before)
        return [dict(row) for row in self._unit.execute(statement).mappings()]


def _seal(end: Any, now_us: int, events: Sequence[Sequence[Any]]) -> tuple[Any, ...]:  # noqa: ANN401 - a row
    """Make the row of the seal that follows a chain's end."""
    number, previous = (end.seal_number + 1, bytes(end.hash)) if end.seal_number else (1, FIRST_HASH)
    return end.tenant_id, number, len(events), previous, _hash(previous, number, events), now_us


def _is_sound(seal: Any, expected: int, previous: bytes, rows: Sequence[Any]) -> bool:  # noqa: ANN401 - a row
    return (
        seal.seal_number == expected
        and bytes(seal.previous_hash) == previous
        and seal.event_count == len(rows)
        and bytes(seal.hash) == _hash(previous, seal.seal_number, [_content(row) for row in rows])
    )


def _content(row: Any) -> list[Any]:  # noqa: ANN401 - a row
    return [getattr(row, column.name) for column in _CONTENT]


def _hash(previous: bytes, number: int, events: Sequence[Sequence[Any]]) -> bytes:
    return fingerprint(previous, str(number).encode(), *[orjson.dumps(event) for event in events])
