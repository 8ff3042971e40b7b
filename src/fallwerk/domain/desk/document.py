"""What somebody reads off an identity document, and whether it can be right; pure."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Final

from fallwerk.domain.identcase.model import IdentityDocument
from fallwerk.kit.forms import has_control_character, is_calendar_date, is_country, is_longer, is_nationality

DOCUMENT_TYPES: Final = tuple(str(number) for number in range(1, 12))
"""START's list of documents (S-21)."""
NEEDED: Final = (
    "type",
    "number",
    "first_name",
    "last_name",
    "birth_date",
    "birth_place",
    "nationality",
    "date_issued",
    "date_of_expiry",
    "authority",
    "country_of_document",
)
"""What stands on every document of the list."""
OPTIONAL: Final = ("birth_name", "place_of_issue")
LENGTHS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "number": 20,
        "first_name": 35,
        "last_name": 35,
        "birth_name": 35,
        "birth_place": 55,
        "authority": 100,
        "place_of_issue": 55,
    }
)
"""Longest texts (S-21)."""
_FORMS: Final[Mapping[str, Callable[[str], bool]]] = MappingProxyType(
    {
        "type": DOCUMENT_TYPES.__contains__,
        "birth_date": is_calendar_date,
        "date_issued": is_calendar_date,
        "date_of_expiry": is_calendar_date,
        "nationality": is_nationality,
        "country_of_document": is_country,
    }
)


def document_faults(document: IdentityDocument, *, today: str, must_be_valid: bool) -> dict[str, str]:
    """
    Judge what was read: field → `missing`, `malformed`, `too_long`, `in_future`, `expired`, in the fields' order.

    Args:
        today: ISO calendar date in Berlin.
        must_be_valid: A success needs a document that has not expired; a decline may be about that very thing.
    """
    found: dict[str, str] = {}
    for field in fields(IdentityDocument):
        value = getattr(document, field.name)
        if isinstance(value, str) or (value is None and field.name in NEEDED):
            fault = _fault(field.name, value, today=today, must_be_valid=must_be_valid)
            if fault:
                found[field.name] = fault
    return found


def _fault(name: str, value: str | None, *, today: str, must_be_valid: bool) -> str:
    if not value:
        return "missing" if name in NEEDED else ""
    if name in LENGTHS and is_longer(value, LENGTHS[name]):
        return "too_long"
    if has_control_character(value) or (name in _FORMS and not _FORMS[name](value)):
        return "malformed"
    # Dates of one form compare as texts do.
    if name in {"birth_date", "date_issued"} and value > today:
        return "in_future"
    return "expired" if name == "date_of_expiry" and value < today and must_be_valid else ""
