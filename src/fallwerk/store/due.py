"""The outbox: claimed with `SKIP LOCKED` on PostgreSQL, by the single writer on SQLite."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, delete, func, or_, select, tuple_, update

from fallwerk.domain.notification.due import DueKind, DueQueue, DueWork
from fallwerk.store.rows import insert_rows
from fallwerk.store.statements import upsert
from fallwerk.store.tables import due_work

if TYPE_CHECKING:
    from fallwerk.store.unit import Unit

CLOCKS_APART_US: Final = 60_000_000
"""By how much the clocks of two hosts may differ."""
FREE: Final = 0
"""`leased_until_us` of work that nobody holds."""

_c: Final = due_work.c
_KEY_COLUMNS: Final = (_c.tenant_id, _c.case_id, _c.kind, _c.subject_id)
_KEY: Final = (
    _c.tenant_id == bindparam("tenant"),
    _c.case_id == bindparam("case"),
    _c.kind == bindparam("due_kind"),
    _c.subject_id == bindparam("subject"),
)
_CLAIMABLE: Final = (
    select(*_KEY_COLUMNS)
    .where(
        _c.due_us <= bindparam("now"),
        # A lease that ends later than any can was given by a clock that has been set back since.
        or_(_c.leased_until_us <= bindparam("system_now"), _c.leased_until_us > bindparam("latest")),
    )
    .order_by(_c.due_us)
    .limit(bindparam("amount"))
    .with_for_update(skip_locked=True)
)
_CLAIM: Final = (
    update(due_work)
    .where(tuple_(*_KEY_COLUMNS).in_(_CLAIMABLE))
    .values(leased_until_us=bindparam("until"), lease_owner=bindparam("owner"), tries=_c.tries + 1)
    .returning(*_KEY_COLUMNS, _c.due_us, _c.tries)
)
# Work of the same key that was ordered anew meanwhile has another due time and stays.
_DONE: Final = delete(due_work).where(*_KEY, _c.due_us == bindparam("due"))
_POSTPONE: Final = (
    update(due_work).where(*_KEY).values(due_us=bindparam("later"), leased_until_us=FREE, lease_owner=None)
)


class Due:
    """See `domain.notification.ports.DueRepository`."""

    def __init__(self, unit: "Unit") -> None:
        self._unit = unit

    def add(self, *works: DueWork) -> None:
        """Write due work; a row with the same key is replaced."""
        for work in works:
            upsert(self._unit, due_work, dict(zip(due_work.columns.keys(), _row(work), strict=True)))
            self._unit.wrote_due_work(work.due_us)

    def add_many(self, works: Sequence[DueWork]) -> None:
        """Write many new rows with one statement."""
        insert_rows(self._unit, due_work, [_row(work) for work in works])
        if works:
            self._unit.wrote_due_work(min(work.due_us for work in works))

    def claim(self, *, now_us: int, owner: str, system_now_us: int, lease_us: int, limit: int) -> list[DueWork]:
        """Lease what is due, oldest first."""
        values = {
            "now": now_us,
            "system_now": system_now_us,
            "until": system_now_us + lease_us,
            "latest": system_now_us + lease_us + CLOCKS_APART_US,
            "owner": owner,
            "amount": limit,
        }
        rows = self._unit.execute(_CLAIM, values).all()
        works = [
            DueWork(row.tenant_id, row.case_id, DueKind(row.kind), row.due_us, row.subject_id, row.tries)
            for row in rows
        ]
        return sorted(works, key=lambda work: work.due_us)

    def done(self, *works: DueWork) -> None:
        """Delete finished work."""
        if works:
            self._unit.execute(_DONE, [_key(work) for work in works])

    def postpone(self, work: DueWork, due_us: int) -> None:
        """Give work back for later."""
        self._unit.execute(_POSTPONE, {**_key(work), "later": due_us})
        self._unit.wrote_due_work(due_us)

    def next_due_us(self) -> int | None:
        """Return the earliest due time of all work."""
        return self._unit.execute(select(func.min(_c.due_us))).scalar()

    def queue(self, now_us: int) -> DueQueue:
        """Measure the queue."""
        pending = self._unit.execute(select(func.count()).select_from(due_work)).scalar_one()
        found = self._unit.execute(
            select(func.count().label("due"), func.min(_c.due_us).label("oldest")).where(_c.due_us <= now_us)
        ).one()
        return DueQueue(pending, found.due, max(0, now_us - (found.oldest or now_us)))

    def lease_owners(self) -> list[str]:
        """Return who holds leases now."""
        statement = select(_c.lease_owner).where(_c.lease_owner.is_not(None)).distinct()
        return [owner for owner in self._unit.execute(statement).scalars() if owner is not None]

    def release_leases(self, *owners: str) -> None:
        """Give back what dead processes hold."""
        self._unit.execute(
            update(due_work).where(_c.lease_owner.in_(owners)).values(leased_until_us=FREE, lease_owner=None)
        )
        self._unit.wrote_due_work(0)

    def drop(self, tenant_id: int, case_id: str, *kinds: DueKind) -> None:
        """Delete work that a case no longer needs."""
        self._unit.execute(
            delete(due_work).where(
                _c.tenant_id == tenant_id, _c.case_id == case_id, _c.kind.in_([kind.value for kind in kinds])
            )
        )


def _row(work: DueWork) -> tuple[int, str, str, int, int, int, str | None, int]:
    return (work.tenant_id, work.case_id, work.kind.value, work.subject_id, work.due_us, FREE, None, 0)


def _key(work: DueWork) -> dict[str, int | str]:
    return {
        "tenant": work.tenant_id,
        "case": work.case_id,
        "due_kind": work.kind.value,
        "subject": work.subject_id,
        "due": work.due_us,
    }
