"""Ticks of the check-list in the database; they hold no personal data."""

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, select

from fallwerk.domain.loancase.model import HintPlace, HintTick
from fallwerk.store.loan_tables import loan_application, loan_hint_tick
from fallwerk.store.statements import insert_new

if TYPE_CHECKING:
    from fallwerk.store.unit import Unit

_c: Final = loan_hint_tick.c
_a: Final = loan_application.c
_KEY: Final = (
    _c.tenant_id == bindparam("tenant"),
    _c.application_number == bindparam("application"),
    _c.change_id == bindparam("change"),
    _c.hint_number == bindparam("hint"),
)
_OF_CASE: Final = (
    select(loan_hint_tick)
    .select_from(
        loan_application.join(
            loan_hint_tick,
            (_c.tenant_id == _a.tenant_id) & (_c.application_number == _a.application_number),
        )
    )
    .where(_a.tenant_id == bindparam("tenant"), _a.case_number == bindparam("number"))
)
_ONE: Final = select(loan_hint_tick).where(*_KEY)
_DELETE: Final = delete(loan_hint_tick).where(*_KEY)


class Hints:
    """See `domain.loancase.ports.HintRepository`."""

    def __init__(self, unit: "Unit") -> None:
        self._unit = unit

    def of_case(self, tenant_id: int, case_number: str) -> dict[HintPlace, HintTick]:
        """Return what is ticked in all of a case's applications."""
        rows = self._unit.execute(_OF_CASE, {"tenant": tenant_id, "number": case_number}).all()
        return {
            HintPlace(row.application_number, row.change_id, row.hint_number): HintTick(row.at_us, row.actor)
            for row in rows
        }

    def get(self, tenant_id: int, place: HintPlace) -> HintTick | None:
        """Return a hint's tick."""
        row = self._unit.execute(_ONE, _values(tenant_id, place)).one_or_none()
        return None if row is None else HintTick(row.at_us, row.actor)

    def tick(self, tenant_id: int, place: HintPlace, tick: HintTick) -> bool:
        """Tick a hint; False if it was ticked already."""
        values = {
            "tenant_id": tenant_id,
            "application_number": place.application_number,
            "change_id": place.change_id,
            "hint_number": place.number,
            "at_us": tick.at_us,
            "actor": tick.actor,
        }
        return insert_new(self._unit, loan_hint_tick, values)

    def untick(self, tenant_id: int, place: HintPlace) -> None:
        """Take a hint's tick back."""
        self._unit.execute(_DELETE, _values(tenant_id, place))


def _values(tenant_id: int, place: HintPlace) -> dict[str, Any]:
    return {
        "tenant": tenant_id,
        "application": place.application_number,
        "change": place.change_id,
        "hint": place.number,
    }
