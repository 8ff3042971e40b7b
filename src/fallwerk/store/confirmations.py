"""
Who tried to show that a case is theirs, and who waits for a video call.

A row's lock makes the second of two guesses wait for the first.
"""

import hmac
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, case, delete, exists, func, select, tuple_, update

from fallwerk.domain.identcase.methods_lifecycle import BEFORE_A_CALL
from fallwerk.domain.identcase.model import Method
from fallwerk.domain.portal.model import Confirmation, Present, Waiting
from fallwerk.store.portal_tables import confirmation, waiting_person
from fallwerk.store.staff_tables import desk_claim
from fallwerk.store.statements import insert_new
from fallwerk.store.tables import identification

if TYPE_CHECKING:
    from fallwerk.store.unit import Unit

_c: Final = confirmation.c
_KEY: Final = (_c.tenant_id == bindparam("tenant"), _c.case_id == bindparam("case"))
_ROW: Final = select(confirmation).where(*_KEY)
_LOCKED: Final = _ROW.with_for_update()
_COUNTED: Final = ("failures", "failing_since_us", "code_until_us", "codes_sent", "sending_since_us")


class Confirmations:
    """See `domain.portal.ports.ConfirmationRepository`."""

    def __init__(self, unit: "Unit") -> None:
        self._unit = unit

    def get(self, tenant_id: int, case_id: str) -> Confirmation:
        """Return the attempts, the row locked."""
        key = {"tenant": tenant_id, "case": case_id}
        fresh = Confirmation()
        counted = {name: getattr(fresh, name) for name in _COUNTED}
        insert_new(self._unit, confirmation, {"tenant_id": tenant_id, "case_id": case_id, "code_hash": None, **counted})
        row = self._unit.execute(_LOCKED, key).one()
        return Confirmation(**{name: getattr(row, name) for name in _COUNTED})

    def save(self, tenant_id: int, case_id: str, attempts: Confirmation) -> None:
        """Store the counts."""
        statement = update(confirmation).where(*_KEY)
        values = {name: getattr(attempts, name) for name in _COUNTED}
        self._unit.execute(statement.values(**values), {"tenant": tenant_id, "case": case_id})

    def set_code(self, tenant_id: int, case_id: str, code: str) -> None:
        """Store a code's hash."""
        statement = update(confirmation).where(*_KEY).values(code_hash=self._hash(tenant_id, case_id, code))
        self._unit.execute(statement, {"tenant": tenant_id, "case": case_id})

    def is_code(self, tenant_id: int, case_id: str, code: str) -> bool:
        """Compare hashes."""
        row = self._unit.execute(_ROW, {"tenant": tenant_id, "case": case_id}).one_or_none()
        known = bytes(row.code_hash) if row is not None and row.code_hash is not None else b""
        return hmac.compare_digest(known, self._hash(tenant_id, case_id, code))

    def _hash(self, tenant_id: int, case_id: str, code: str) -> bytes:
        return self._unit.hashes.secret(f"portal code|{tenant_id}|{case_id}|{code}")


_w: Final = waiting_person.c
_WAITS: Final = (_w.tenant_id == bindparam("tenant"), _w.case_id == bindparam("case"))


class WaitingPeople:
    """See `domain.portal.ports.WaitingRepository`."""

    def __init__(self, unit: "Unit") -> None:
        self._unit = unit

    def report(self, tenant_id: int, case_id: str, now_us: int, kept_since_us: int) -> Waiting:
        """Insert or touch."""
        values = {"tenant_id": tenant_id, "case_id": case_id, "since_us": now_us, "seen_us": now_us}
        if insert_new(self._unit, waiting_person, values):
            return Waiting(tenant_id, case_id, now_us, now_us)
        since = case((_w.seen_us < kept_since_us, now_us), else_=_w.since_us)
        touch = update(waiting_person).where(*_WAITS).values(seen_us=now_us, since_us=since).returning(_w.since_us)
        since_us = self._unit.execute(touch, {"tenant": tenant_id, "case": case_id}).scalar_one()
        return Waiting(tenant_id, case_id, since_us, now_us)

    def ahead(self, waiting: Waiting, now: Present) -> int:
        """Count; equal times are ordered by the case."""
        place = tuple_(_w.since_us, _w.case_id) < tuple_(waiting.since_us, waiting.case_id)
        counted = select(func.count()).select_from(waiting_person).where(place, *_can_be_called(now))
        return int(self._unit.execute(counted).scalar_one())

    def present(self, now: Present, tenant_id: int | None, limit: int) -> list[Waiting]:
        """List."""
        statement = select(waiting_person).where(*_can_be_called(now))
        if tenant_id is not None:
            statement = statement.where(_w.tenant_id == tenant_id)
        rows = self._unit.execute(statement.order_by(_w.since_us, _w.case_id).limit(limit))
        return [Waiting(row.tenant_id, row.case_id, row.since_us, row.seen_us) for row in rows]

    def leave(self, tenant_id: int, case_id: str) -> bool:
        """Delete."""
        gone = delete(waiting_person).where(*_WAITS).returning(_w.case_id)
        return self._unit.execute(gone, {"tenant": tenant_id, "case": case_id}).first() is not None

    def drop_absent(self, seen_before_us: int) -> int:
        """Delete."""
        gone = delete(waiting_person).where(_w.seen_us < seen_before_us).returning(_w.case_id)
        return len(self._unit.execute(gone).all())


def _can_be_called(now: Present) -> tuple[Any, ...]:
    """Conditions on a row: the page is open, nobody talks to the person, and there is something to talk about."""
    talking = exists().where(
        desk_claim.c.tenant_id == _w.tenant_id,
        desk_claim.c.case_id == _w.case_id,
        desk_claim.c.seen_us > now.talking_since_us,
    )
    # A page may report a last time after its call was decided, which keeps nobody else waiting.
    open_call = exists().where(
        identification.c.tenant_id == _w.tenant_id,
        identification.c.case_id == _w.case_id,
        identification.c.method == Method.VIDEO.value,
        identification.c.status.in_([status.value for status in BEFORE_A_CALL]),
    )
    return _w.seen_us >= now.seen_since_us, ~talking, open_call
