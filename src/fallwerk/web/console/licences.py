"""The form into which somebody writes what a driving licence says, in class Mobility: counter, agent, reviewer."""

from typing import Any, Final

from fallwerk.domain.desk.licence import KNOWN_CLASSES, class_faults, licence_faults
from fallwerk.domain.identcase.model import DrivingLicence, LicenceClass
from fallwerk.kit.clock import berlin_day
from fallwerk.kit.forms import iso_date
from fallwerk.web.console.forms import Form

ORDER: Final = (
    "number",
    "first_name",
    "last_name",
    "birth_date",
    "birth_place",
    "date_issued",
    "date_of_expiry",
    "authority",
    "country_of_document",
    "restrictions",
)
"""Fields as they are read off a licence; each has `l_` before it in the form, so that none meets the document's."""
MISSING: Final = frozenset({"document_missing", "licence_missing"})
"""What does not matter where somebody is declined: they may have shown nothing."""
DATES: Final = frozenset({"birth_date", "date_issued", "date_of_expiry"})
CLASS_ROWS: Final = 16
"""Rows of the form; more classes than that stand on no licence."""
CLASS_FIELDS: Final = ("class_name", "date_issued", "date_of_expiry", "restrictions")
LICENCE_FORM: Final[dict[str, object]] = {
    "order": ORDER,
    "rows": range(1, CLASS_ROWS + 1),
    "classes": KNOWN_CLASSES,
}
"""What the form's template needs."""


def read_licence(form: Form) -> DrivingLicence:
    """Read the form's fields; an empty one is not known, and an empty row is no class."""
    values: dict[str, Any] = {name: _value(name, form.get(f"l_{name}")) for name in ORDER}
    rows = [_row(form, number) for number in range(1, CLASS_ROWS + 1)]
    return DrivingLicence(**values, classes=tuple(row for row in rows if row != LicenceClass()))


def is_empty(form: Form) -> bool:
    """Tell whether nothing of a licence was entered."""
    return read_licence(form) == DrivingLicence()


def faults_of(form: Form, *, now_us: int, must_be_valid: bool, born: str | None) -> dict[str, str]:
    """
    Return field of the form → key of what is wrong with it, in the form's order.

    Args:
        born: Birth date that the identity document says.
    """
    found = licence_faults(read_licence(form), today=berlin_day(now_us), must_be_valid=must_be_valid, born=born)
    faults = {f"l_{name}": f"licence_{found[name]}" for name in (*ORDER, "classes") if name in found}
    names: set[str] = set()
    for number in range(1, CLASS_ROWS + 1):
        row = _row(form, number)
        if row != LicenceClass():
            wrong = class_faults(row, frozenset(names))
            faults |= {f"l_c{number}_{name}": f"class_{wrong[name]}" for name in CLASS_FIELDS if name in wrong}
            names.add(row.class_name or "")
    return faults


def _row(form: Form, number: int) -> LicenceClass:
    return LicenceClass(**{name: _value(name, form.get(f"l_c{number}_{name}")) for name in CLASS_FIELDS})


def _value(name: str, text: str) -> str | None:
    stripped = text.strip()
    if name in DATES:
        return iso_date(stripped) or None
    return (stripped.upper() if name in {"country_of_document", "class_name"} else stripped) or None
