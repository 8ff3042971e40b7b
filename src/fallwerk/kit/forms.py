"""
Forms of single values: text, countries, dates, phone numbers, e-mail addresses; URLs are in `forms_urls.py`.

Each function answers whether a value has the form; none changes it, so that a value is stored as it was sent.
"""

import re
import unicodedata
from datetime import date
from functools import cache
from typing import Final

import pycountry

KOSOVO: Final = "RKS"
STATUS_CODES: Final = frozenset({"XXA", "XXB", "XXC", "XXX"})
"""User-assigned codes for stateless persons, refugees and unspecified nationality (S-22)."""

CAMEL_CASE: Final = re.compile(r"[a-z][A-Za-z0-9]*")
SURROGATE: Final = re.compile("[\ud800-\udfff]")
CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|\r(?!\n)")
"""Control characters other than tab and newline; a carriage return counts as part of the newline that follows it."""

_ISO_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_GERMAN_DATE: Final = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
_PHONE: Final = re.compile(r"\+[0-9]{7,15}")

_NFC_SHRINKS: Final = 4
_LOCAL_MAX: Final = 64
_DOMAIN_MAX: Final = 255
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL: Final = r"(?!(?!xn)..--)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_LOCAL: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_DOMAIN: Final = re.compile(rf"(?:{_LABEL}\.)+(?![0-9]+\Z){_LABEL}", re.IGNORECASE)


def is_camel_case(name: str) -> bool:
    """Tell whether an attribute name is camelCase: ASCII letters and digits, the first a small letter (S-08)."""
    return CAMEL_CASE.fullmatch(name) is not None


def is_longer(value: str, maximum: int) -> bool:
    """Tell whether the value has more code points than `maximum` after NFC: "ü" counts one in either form (S-25)."""
    if value.isascii():
        return len(value) > maximum
    # A composed character stands for four others at most. Deciding the rest by length keeps megabytes of combining
    # marks, which take quadratic time to sort, away from the normalisation.
    return len(value) > _NFC_SHRINKS * maximum or len(unicodedata.normalize("NFC", value)) > maximum


def has_control_character(value: str) -> bool:
    """Tell whether there is a control character other than tab and newline (S-25)."""
    return CONTROL.search(value) is not None


def has_surrogate(value: str) -> bool:
    """Tell whether there is a lone surrogate, which UTF-8 cannot carry."""
    return SURROGATE.search(value) is not None


@cache
def country_codes() -> frozenset[str]:
    """Return ISO 3166-1 alpha-3 and `RKS`; read at first use, because the list takes milliseconds to load."""
    return frozenset(country.alpha_3 for country in pycountry.countries) | {KOSOVO}


@cache
def nationality_codes() -> frozenset[str]:
    """Return the countries and the codes of persons without one."""
    return country_codes() | STATUS_CODES


def is_country(value: str) -> bool:
    """Tell whether the value is a country code, capitals required (S-12, S-20)."""
    return value in country_codes()


def is_nationality(value: str) -> bool:
    """Tell whether the value is a country code or one of `STATUS_CODES` (S-22)."""
    return value in nationality_codes()


def is_calendar_date(value: str) -> bool:
    """Tell whether the value is `YYYY-MM-DD` and a day that exists, years 0001 to 9999 (S-24)."""
    if _ISO_DATE.fullmatch(value) is None:
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def is_german_date(value: str) -> bool:
    """Tell whether the value is `D.M.YYYY`, leading zeros allowed, and a day that exists."""
    return _german_day(value) is not None


def iso_date(value: str) -> str:
    """Return a German date as `YYYY-MM-DD`; whatever is none stays as it is."""
    day = _german_day(value)
    return value if day is None else day.isoformat()


def _german_day(value: str) -> date | None:
    parts = _GERMAN_DATE.fullmatch(value)
    if parts is None:
        return None
    try:
        return date(int(parts[3]), int(parts[2]), int(parts[1]))
    except ValueError:
        return None


def is_phone(value: str) -> bool:
    """
    Tell whether the value is `+` and, blanks removed, 7 to 15 digits (S-19).

    No numbering plan is asked: numbers that nobody can have (the guide prints some) have the form too.
    """
    return _PHONE.fullmatch(value.replace(" ", "")) is not None


def is_email(value: str) -> bool:
    """
    Tell whether the value has an e-mail address's syntax: at most 64 characters, `@`, at most 255 (S-19).

    Nothing is looked up, and reserved domains are fine. Quoted local parts, addresses in brackets and domains without
    a dot are refused.
    """
    local, at, domain = value.rpartition("@")
    if not at or is_longer(local, _LOCAL_MAX) or is_longer(domain, _DOMAIN_MAX):
        return False
    if value.isascii():
        return _LOCAL.fullmatch(local) is not None and _DOMAIN.fullmatch(domain) is not None
    return _is_international_email(local, domain)


def _is_international_email(local: str, domain: str) -> bool:
    """Leave Unicode to the library; ASCII is decided above because the library's domains end at 253 characters."""
    from email_validator import EmailSyntaxError  # noqa: PLC0415 - few addresses need it, every start would pay for it
    from email_validator.syntax import validate_email_domain_name, validate_email_local_part  # noqa: PLC0415

    try:
        validate_email_local_part(local, allow_smtputf8=True)
        checked = validate_email_domain_name(domain, globally_deliverable=False)
    except EmailSyntaxError:
        return False
    return _DOMAIN.fullmatch(checked["ascii_domain"]) is not None
