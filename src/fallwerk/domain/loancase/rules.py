"""What texts and numbers of a loan case look like, and what the provider's editions differ in; pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fallwerk.domain.partner.model import Edition

TEXTS_MAX: Final = 1_000
"""Comments of one call, and hints of one call (U-20)."""
TEXT_LONGEST: Final = 10_000
"""Characters of a comment or a hint (U-20)."""
FILE_NAME_LONGEST: Final = 255
"""Characters of a file name: what file systems take."""
PROVIDER_NUMBER_LONGEST: Final = 100

_CASE_NUMBER: Final = re.compile(r"[0-9A-Z]{6}")
_APPLICATION_NUMBER: Final = re.compile(r"[0-9A-Z]{6}/[0-9]{1,9}/[0-9]{1,9}")


def is_case_number(case_number: str) -> bool:
    """Tell whether this can be a Vorgangsnummer: six characters `0-9A-Z`, capitals and small letters told apart."""
    return _CASE_NUMBER.fullmatch(case_number) is not None


def is_application_number(number: str) -> bool:
    """Tell whether this can be an Antragsnummer: `<vorgangsnummer>/<n>/<n>` (public-facts.md)."""
    return _APPLICATION_NUMBER.fullmatch(number) is not None


def is_text(value: str) -> bool:
    """Tell whether a string is Unicode text: JSON can also say halves of a surrogate pair, which nothing can store."""
    return value.isascii() or not any("\ud800" <= character <= "\udfff" for character in value)


def is_provider_number(number: str) -> bool:
    """Tell whether this can be the number of an application at its Produktanbieter."""
    return 0 < len(number) <= PROVIDER_NUMBER_LONGEST and "\0" not in number and is_text(number)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which the provider's editions of STATUS differ (N-04)."""

    what: str
    holds_in: Mapping[Edition, bool]
    source: str


STATUS_MANDATORY: Final = Difference(
    "produktanbieterstatus or antragstellerstatus is mandatory",
    {Edition.DOCUMENT: True, Edition.LATEST: False},
    'STATUS "Statuswechsel", comments on the two statuses; decision 18: the newer edition makes both optional',
)
ADDITION_ALONE: Final = Difference(
    "kommentar or hinweise may come alone",
    {Edition.DOCUMENT: False, Edition.LATEST: True},
    'STATUS "General": "or to add additional information to the current status"; N-04: comment or hint alone',
)
DIFFERENCES: Final = (STATUS_MANDATORY, ADDITION_ALONE)


def lacks_content(edition: Edition, *, status: bool, addition: bool) -> bool:
    """
    Tell whether a call says too little for the edition that its sender was written against (A-03, N-04).

    Args:
        status: It names a status.
        addition: It has a comment or a hint.
    """
    if status:
        return False
    if STATUS_MANDATORY.holds_in[edition]:
        return True
    # Who orders neither a status nor anything beside it has left something out.
    return not (ADDITION_ALONE.holds_in[edition] and addition)
