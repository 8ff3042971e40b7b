"""
What can be wrong with a request to the SCR APIs, as facts that `envelope.py` renders.

ScrFault
└── BadRequest    400, START's `error.errors[]` envelope, one entry per field
"""

from dataclasses import dataclass
from typing import Final

INCORRECT_VALUE: Final = "incorrect value"
NOT_VALID: Final = "The provided value is not valid."


@dataclass(frozen=True, slots=True)
class Fault:
    """One entry of the 400 envelope; the defaults are the guide's own code, reason and message for a bad value."""

    key: str
    """Path without a leading `orderData`, in the caller's spelling; a header's or parameter's name; or `body`."""
    message: str = NOT_VALID
    errorcode: str = "90005"
    reason: str = INCORRECT_VALUE


class BadRequest(Exception):
    """The request is answered 400 with every fault it has, in the order of the guide's tables."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(", ".join(fault.key for fault in faults))
        self.faults = faults


def wrong_date(key: str) -> Fault:
    """The guide's words for a date that is not `YYYY-MM-DD` (S-24)."""
    return Fault(key, "Date field format must be YYYY-MM-DD.", "90001", "wrong date format")


def too_long(key: str, maximum: int) -> Fault:
    """A value longer than the guide's table allows (S-35)."""
    return Fault(key, f"The provided value is too long (max. {maximum} characters).")
