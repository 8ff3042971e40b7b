"""Attempts by the methods of START in the database; those of a delivery are kept by `cases.py`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, select

from fallwerk.domain.identcase.attempt import Attempt, AttemptDetails
from fallwerk.domain.identcase.model import Identification, IdentStatus, Method
from fallwerk.store.orders import details_bytes, details_of
from fallwerk.store.statements import upsert
from fallwerk.store.tables import identification

if TYPE_CHECKING:
    from fallwerk.store.unit import Unit


class Attempts:
    """The repository of attempts; see `domain.identcase.ports.AttemptRepository`."""

    def __init__(self, unit: "Unit") -> None:
        self._unit = unit

    def of_case(self, tenant_id: int, case_id: str) -> tuple[Attempt, ...]:
        """Return the attempts of a case, oldest first."""
        rows = self._unit.execute(OF_CASE, {"tenant": tenant_id, "case": case_id}).all()
        return self.read(rows)

    def read(self, rows: Sequence[Any]) -> tuple[Attempt, ...]:
        """Turn what `OF_CASE` finds into attempts."""
        return tuple(self._attempt(row) for row in rows)

    def save(self, tenant_id: int, case_id: str, attempt: Attempt) -> None:
        """Store an attempt, new or changed."""
        found, context = attempt.identification, _context(tenant_id, case_id)
        values = {
            "tenant_id": tenant_id,
            "case_id": case_id,
            "number": attempt.number,
            "method": found.method.value,
            "status": found.status.value,
            "sub_status": found.sub_status,
            "sub_status_reason": found.sub_status_reason,
            "created_us": found.created_us,
            "modified_us": found.modified_us,
            "identified_us": found.identified_us,
            "details_sealed": self._unit.sealer.seal(details_bytes(attempt.details), context),
        }
        upsert(self._unit, identification, values)

    def _attempt(self, row: Any) -> Attempt:  # noqa: ANN401 - a row of the table
        details = AttemptDetails()
        if row.details_sealed is not None:
            opened = self._unit.sealer.open(bytes(row.details_sealed), _context(row.tenant_id, row.case_id))
            details = details_of(opened)
        found = Identification(
            method=Method(row.method),
            status=IdentStatus(row.status),
            created_us=row.created_us,
            modified_us=row.modified_us,
            sub_status=row.sub_status,
            sub_status_reason=row.sub_status_reason,
            identified_us=row.identified_us,
        )
        return Attempt(row.number, found, details)


def _context(tenant_id: int, case_id: str) -> bytes:
    return f"details|{tenant_id}|{case_id}".encode()


OF_CASE: Final = (
    select(identification)
    .where(identification.c.tenant_id == bindparam("tenant"), identification.c.case_id == bindparam("case"))
    .order_by(identification.c.number)
)
