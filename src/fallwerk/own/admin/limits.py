"""The `limit` of a list in the admin API, and where it goes on."""

from typing import Final

from fallwerk.dialects.problem import PointedFault, bad_request
from fallwerk.kit.ids import row_number

LISTED: Final = 1000
"""Entries that one answer lists at most."""


def read_limit(text: str | None) -> int:
    """
    Read the `limit` of a list, at most and by default 1,000.

    Raises:
        Problem: 400, not a whole number from 1 to 1000.
    """
    if text is None:
        return LISTED
    if not text.isascii() or not text.isdigit() or len(text) > len(str(LISTED)) or not 1 <= int(text) <= LISTED:
        raise bad_request([PointedFault("limit", f"The limit must be a whole number from 1 to {LISTED}.")])
    return int(text)


def read_before(text: str | None) -> int | None:
    """
    Read the `before` of a list, the number of its last entry so far; None: from the newest on.

    Raises:
        Problem: 400, not a whole number.
    """
    if text is None:
        return None
    number = row_number(text)
    if number is None:
        raise bad_request([PointedFault("before", "The value must be the number of an entry.")])
    return number
