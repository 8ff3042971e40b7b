"""The form into which somebody writes what an identity document says: counter, agent, reviewer."""

from typing import Final

from fallwerk.domain.desk.document import document_faults
from fallwerk.domain.identcase.model import Address, IdentityDocument
from fallwerk.kit.clock import berlin_day
from fallwerk.kit.forms import is_country, is_longer, iso_date
from fallwerk.web.console.forms import Form

TEXT_FIELDS: Final = (
    "number",
    "first_name",
    "last_name",
    "birth_name",
    "birth_place",
    "authority",
    "place_of_issue",
)
DATE_FIELDS: Final = ("birth_date", "date_issued", "date_of_expiry")
ADDRESS_FIELDS: Final = ("street_address", "postal_code", "city", "country")
ADDRESS_LENGTHS: Final = {"street_address": 55, "postal_code": 11, "city": 55}
ORDER: Final = (
    "type",
    "number",
    "country_of_document",
    "first_name",
    "last_name",
    "birth_name",
    "birth_date",
    "birth_place",
    "nationality",
    "date_issued",
    "date_of_expiry",
    "authority",
    "place_of_issue",
    *ADDRESS_FIELDS,
)
"""Fields as they are read off a document from top to bottom."""


def read_document(form: Form) -> IdentityDocument:
    """Read the form's fields; an empty one is not known."""
    values = {name: _value(name, form.get(name)) for name in ORDER if name not in ADDRESS_FIELDS}
    parts = {name: _value(name, form.get(name)) for name in ADDRESS_FIELDS}
    return IdentityDocument(**values, address=Address(**parts) if any(parts.values()) else None)


def faults_of(document: IdentityDocument, *, now_us: int, must_be_valid: bool) -> dict[str, str]:
    """Return field → key of what is wrong with it, in the form's order."""
    found = document_faults(document, today=berlin_day(now_us), must_be_valid=must_be_valid)
    address = document.address
    for name, longest in ADDRESS_LENGTHS.items() if address else ():
        if is_longer(getattr(address, name) or "", longest):
            found[name] = "too_long"
    if address is not None and address.country and not is_country(address.country):
        found["country"] = "malformed"
    return {name: f"document_{found[name]}" for name in ORDER if name in found}


def _value(name: str, text: str) -> str | None:
    stripped = text.strip()
    if name in DATE_FIELDS:
        return iso_date(stripped) or None
    return (stripped.upper() if name in {"nationality", "country", "country_of_document"} else stripped) or None
