"""What somebody reads off a driving licence, and whether it can be right; pure but for the class of the account."""

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Final

from fallwerk.domain.account.model import IdentClass, ScrSettings
from fallwerk.domain.desk.errors import LicenceMissing
from fallwerk.domain.identcase.lifecycle import WantedStep
from fallwerk.domain.identcase.model import DrivingLicence, IdentStatus, LicenceClass
from fallwerk.kit.forms import has_control_character, is_calendar_date, is_country, is_longer

NEEDED: Final = ("number", "first_name", "last_name", "birth_date", "date_issued", "authority", "country_of_document")
"""What stands on every licence; older ones have no end and no place of birth."""
LENGTHS: Final[Mapping[str, int]] = MappingProxyType(
    {"number": 20, "first_name": 35, "last_name": 35, "birth_place": 55, "restrictions": 35, "authority": 100}
)
"""Longest texts (S-23)."""
CLASS_LENGTHS: Final[Mapping[str, int]] = MappingProxyType({"class_name": 10, "restrictions": 35})
KNOWN_CLASSES: Final = (
    *("AM", "A1", "A2", "A", "B1", "B", "BE"),
    *("C1", "C1E", "C", "CE", "D1", "D1E", "D", "DE"),
    *("L", "T"),
)
"""The classes of the Union and Germany, to be suggested; others are taken as they stand on the licence."""
DATES: Final = frozenset({"birth_date", "date_issued", "date_of_expiry"})


def is_licence_wanted(settings: ScrSettings) -> bool:
    """Tell whether an account has the driving licence looked at (R-04, decision 42)."""
    return settings.ident_class is IdentClass.MOBILITY


def insist_on_licence(settings: ScrSettings, step: WantedStep, licence: DrivingLicence | None) -> None:
    """
    Refuse a success without the licence that the account wants.

    Raises:
        LicenceMissing: nothing was changed.
    """
    if step.status is IdentStatus.SUCCESS and is_licence_wanted(settings) and licence is None:
        raise LicenceMissing


def licence_faults(licence: DrivingLicence, *, today: str, must_be_valid: bool, born: str | None) -> dict[str, str]:
    """
    Judge what was read: field → `missing`, `malformed`, `too_long`, `in_future`, `expired`, `differs`.

    Args:
        today: ISO calendar date in Berlin.
        must_be_valid: A success needs a licence that has not expired.
        born: Birth date of the identity document; a licence with another one is somebody else's.
    """
    found: dict[str, str] = {}
    for field in fields(DrivingLicence):
        value = getattr(licence, field.name)
        if field.name in LENGTHS or field.name in NEEDED or field.name in DATES:
            fault = _fault(field.name, value, today=today, must_be_valid=must_be_valid)
            if fault:
                found[field.name] = fault
    if must_be_valid and born and licence.birth_date != born:
        found.setdefault("birth_date", "differs")
    if not licence.classes:
        found["classes"] = "missing"
    return found


def class_faults(entry: LicenceClass, others: frozenset[str]) -> dict[str, str]:
    """
    Judge one class: field → `missing`, `malformed`, `too_long`, `twice`.

    Args:
        others: Names of the classes before it.
    """
    found: dict[str, str] = {}
    for name, value in (("class_name", entry.class_name), ("restrictions", entry.restrictions)):
        if value and is_longer(value, CLASS_LENGTHS[name]):
            found[name] = "too_long"
        elif value and has_control_character(value):
            found[name] = "malformed"
    for name, value in (("date_issued", entry.date_issued), ("date_of_expiry", entry.date_of_expiry)):
        if value and not is_calendar_date(value):
            found[name] = "malformed"
    if not entry.class_name:
        found["class_name"] = "missing"
    elif entry.class_name in others:
        found["class_name"] = "twice"
    return found


def _fault(name: str, value: str | None, *, today: str, must_be_valid: bool) -> str:
    if not value:
        return "missing" if name in NEEDED else ""
    if name in LENGTHS and is_longer(value, LENGTHS[name]):
        return "too_long"
    wrong = (name in DATES and not is_calendar_date(value)) or (name == "country_of_document" and not is_country(value))
    if has_control_character(value) or wrong:
        return "malformed"
    # Dates of one form compare as texts do.
    if name in {"birth_date", "date_issued"} and value > today:
        return "in_future"
    return "expired" if name == "date_of_expiry" and value < today and must_be_valid else ""
