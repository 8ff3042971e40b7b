"""
Values that an identification checked, beside what the client had provided.

Source: public-facts.md "Every checked value is …"; R-03. A value that nobody found out is left out.
"""

import unicodedata
from dataclasses import replace
from typing import Any, Final

from fallwerk.domain.identcase.model import Address, Contact, DrivingLicence, IdentityDocument, LicenceClass
from fallwerk.kit.forms import iso_date

_ADDRESS: Final = (
    ("streetAddress", "street_address"),
    ("appendix", "appendix"),
    ("postalCode", "postal_code"),
    ("city", "city"),
    ("country", "country"),
)
_CONTACT: Final = (
    ("title", "title"),
    ("firstName", "first_name"),
    ("lastName", "last_name"),
    ("mobilePhone", "mobile_phone"),
    ("email", "email"),
    ("epost", "epost"),
    ("address", "address"),
)
_DOCUMENT: Final = (
    ("type", "type"),
    ("number", "number"),
    ("firstName", "first_name"),
    ("lastName", "last_name"),
    ("birthName", "birth_name"),
    ("birthDate", "birth_date"),
    ("birthPlace", "birth_place"),
    ("nationality", "nationality"),
    ("address", "address"),
    ("dateIssued", "date_issued"),
    ("dateOfExpiry", "date_of_expiry"),
    ("authority", "authority"),
    ("placeOfIssue", "place_of_issue"),
    ("countryOfDocument", "country_of_document"),
)
_LICENCE: Final = (
    ("number", "number"),
    ("firstName", "first_name"),
    ("lastName", "last_name"),
    ("birthDate", "birth_date"),
    ("birthPlace", "birth_place"),
)
_LICENCE_END: Final = (
    ("restrictions", "restrictions"),
    ("dateIssued", "date_issued"),
    ("dateOfExpiry", "date_of_expiry"),
    ("authority", "authority"),
    ("countryOfDocument", "country_of_document"),
)
_CLASS: Final = (
    ("className", "class_name"),
    ("dateIssued", "date_issued"),
    ("dateOfExpiry", "date_of_expiry"),
    ("restrictions", "restrictions"),
)

_ADDRESS_NAME: Final = "address"

Names = tuple[tuple[str, str], ...]
Plain = dict[str, Any]
"""A part of an order as plain JSON, by the names of its fields."""


def checked(value: str, provided: str | None) -> dict[str, str]:
    """
    Say how a value compares with the client's: `new` if it had none, `match`, or `change`.

    The way in which accents are composed and how many blanks separate words make no difference, nor do any blanks in a
    phone number; capital letters do.
    """
    if not provided:
        return {"status": "new", "value": value}
    return {"status": "match" if _plain(value) == _plain(provided) else "change", "value": value}


def checked_contact(found: Contact | None, provided: Contact | None) -> dict[str, Any]:
    """Build `contactData`; empty if nothing is known."""
    return _fields(found, provided, _CONTACT)


def checked_document(found: IdentityDocument | None, provided: IdentityDocument | None) -> dict[str, Any]:
    """Build `identificationDocument`; empty if nothing was recorded."""
    return _fields(found, provided, _DOCUMENT)


def checked_licence(found: DrivingLicence | None, provided: DrivingLicence | None) -> dict[str, Any]:
    """Build `drivingLicence`; a class is compared with the client's class of the same name."""
    if found is None:
        return {}
    # The client may have sent D.M.YYYY here (S-24); what a desk recorded is YYYY-MM-DD, and the same day matches.
    known = {} if provided is None else {entry.class_name: _with_iso_dates(entry) for entry in provided.classes}
    classes = [_fields(_with_iso_dates(entry), known.get(entry.class_name), _CLASS) for entry in found.classes]
    return {
        **_fields(found, provided, _LICENCE),
        **({"drivingLicenceClasses": classes} if classes else {}),
        **_fields(found, provided, _LICENCE_END),
    }


def _with_iso_dates(entry: LicenceClass) -> LicenceClass:
    issued, expiry = (value and iso_date(value) for value in (entry.date_issued, entry.date_of_expiry))
    return replace(entry, date_issued=issued, date_of_expiry=expiry)


def matching_contact(given: Plain | None) -> dict[str, Any]:
    """Build `contactData` of a case whose person entered nothing: what the client provided, which matches itself."""
    return {
        name: _matching(value) if name == _ADDRESS_NAME else {"status": "match", "value": value}
        for name, value in provided_contact(given).items()
    }


def _matching(address: dict[str, str]) -> dict[str, dict[str, str]]:
    return {name: {"status": "match", "value": value} for name, value in address.items()}


def provided_contact(given: Plain | None) -> dict[str, Any]:
    """Build `contactDataProvided` as the client sent it."""
    return _echo_with_address(given, _CONTACT)


def provided_document(given: Plain | None) -> dict[str, Any]:
    """Build `identificationDocumentProvided` as the client sent it."""
    return _echo_with_address(given, _DOCUMENT)


def provided_licence(given: Plain | None) -> dict[str, Any]:
    """Build the driving licence as the client sent it, the array in the client's spelling (decision 1)."""
    if given is None:
        return {}
    classes = [_echo(entry, _CLASS) for entry in given["classes"]]
    return {
        **_echo(given, _LICENCE),
        **({given["classes_spelling"]: classes} if classes else {}),
        **_echo(given, _LICENCE_END),
    }


Part = Contact | IdentityDocument | DrivingLicence | LicenceClass | Address


def _fields(found: Part | None, provided: Part | None, names: Names) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for wire, name in names:
        value = None if found is None else getattr(found, name)
        before = None if provided is None else getattr(provided, name)
        if isinstance(value, Address):
            address = _fields(value, before, _ADDRESS)
            if address:
                result[wire] = address
        elif value:
            result[wire] = checked(value, before)
    return result


def _echo(given: Plain, names: Names) -> dict[str, Any]:
    return {wire: value for wire, name in names if (value := given.get(name))}


def _echo_with_address(given: Plain | None, names: Names) -> dict[str, Any]:
    if given is None:
        return {}
    result = _echo(given, names)
    if _ADDRESS_NAME in result:
        result[_ADDRESS_NAME] = _echo(result[_ADDRESS_NAME], _ADDRESS)
    return result


def _plain(value: str) -> str:
    words = unicodedata.normalize("NFC", value).split()
    return ("" if value.startswith("+") else " ").join(words)
