"""What customers and the settings of brokers may be; pure."""

import re
import unicodedata
from collections.abc import Collection, Iterator
from datetime import date
from types import MappingProxyType
from typing import Final

from fallwerk.domain.account.errors import SettingFault
from fallwerk.domain.customer.model import BrokerSettings, Obligations

LARGEST_USER_ID: Final = 16_777_215
"""The largest mediumint unsigned (public-facts.md "Policenwerk authentication")."""
LARGEST_CODE: Final = 127
"""The largest tinyint (P-03)."""
COUNTRIES: Final = (1, 2, 3)
IBAN_LENGTH: Final = 22
VALID_DAYS: Final = (1, 3650)

_IN_EXAMPLE: Final = frozenset(
    {"first_name", "last_name", "street", "house_number", "postal_code", "city", "country", "email"}
)
MANDATORY: Final = MappingProxyType(
    {Obligations.TABLE: _IN_EXAMPLE | {"birth_date", "iban"}, Obligations.EXAMPLE: _IN_EXAMPLE}
)
"""Fields of `Customer` that must be given (P-03, decision 14)."""
OF_COMPANIES: Final = frozenset({"vat_id", "register_number", "register"})
"""One of these makes the company's name mandatory (P-04)."""

_VAT_ID: Final = re.compile(r"[A-Za-z]{2}[A-Za-z0-9]{2,18}")


def missing_fields(given: Collection[str], obligations: Obligations) -> frozenset[str]:
    """Return the fields of `Customer` that are mandatory beside those given, and not among them (P-03, P-04)."""
    mandatory = MANDATORY[obligations]
    if not OF_COMPANIES.isdisjoint(given):
        mandatory = mandatory | {"company"}
    return mandatory - frozenset(given)


def compact_iban(value: str) -> str:
    """Return an IBAN as it is compared and kept: without blanks, in capitals."""
    return "".join(value.split()).upper()


def is_iban(compact: str) -> bool:
    """Tell whether an IBAN without blanks has its country's length and form, and its check digits (P-10)."""
    from schwifty import IBAN  # noqa: PLC0415 - it takes 10 MB and 60 ms, for this document alone
    from schwifty.exceptions import SchwiftyException  # noqa: PLC0415

    try:
        IBAN(compact)
    except SchwiftyException:
        return False
    return True


def is_vat_id(value: str) -> bool:
    """Tell whether a value has the form of a VAT number; its check digit is not looked at (P-10)."""
    return _VAT_ID.fullmatch(value) is not None


def is_in_future(day: str, today: date) -> bool:
    """
    Tell whether a calendar date lies in the future (P-10).

    Args:
        day: `YYYY-MM-DD`, a day that exists.
        today: In Berlin, by our clock.
    """
    return date.fromisoformat(day) > today


def email_identity(email: str) -> str:
    """
    Return what of an e-mail address tells customers of one broker apart (P-08).

    Only case is folded, letter by letter: `ß` and `ss` are two addresses.
    """
    return unicodedata.normalize("NFC", email).lower()


def broker_setting_faults(settings: BrokerSettings) -> tuple[SettingFault, ...]:
    """Return everything that is wrong with some settings, in the order of `BrokerSettings`."""
    return tuple(_faults(settings))


def _faults(settings: BrokerSettings) -> Iterator[SettingFault]:
    smallest, largest = VALID_DAYS
    if not smallest <= settings.valid_days <= largest:
        yield SettingFault("valid_days", f"The value must lie between {smallest} and {largest}.")
    for name in ("salutations", "titles"):
        codes: tuple[int, ...] = getattr(settings, name)
        if not all(0 <= code <= LARGEST_CODE for code in codes):
            yield SettingFault(name, f"The values must lie between 0 and {LARGEST_CODE}.")
        elif len(set(codes)) != len(codes):
            yield SettingFault(name, "A value is named more than once.")
