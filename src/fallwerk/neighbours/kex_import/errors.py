"""How callers of the import hear of the domain's facts (public-facts.md: 422 without a valid partner id; N-01)."""

from typing import Final

from fallwerk.dialects.problem import ErrorTable, PointedFault, Problem
from fallwerk.domain.loancase.errors import LoanCaseNumberTaken, OwnerOutOfReach

UNPROCESSABLE: Final = 422
NO_OWNER: Final = "A Vorgang needs the id of a partner."
POINTER: Final = "/kundenbetreuer/partnerId"
MALFORMED: Final = PointedFault(POINTER, "The value must be a partner id: five characters 0-9A-Z.")
# One sentence for both, so that nobody can find out which partners there are.
OUT_OF_REACH: Final = PointedFault(POINTER, "There is no such partner in your reach.")
NUMBERS_USED_UP: Final = "No free Vorgangsnummer was found; try again."


def no_owner(fault: PointedFault) -> Problem:
    """Return the refusal of a Vorgang whose Kundenbetreuer cannot be told."""
    return Problem(UNPROCESSABLE, NO_OWNER, errors=[fault])


def _out_of_reach(_: OwnerOutOfReach) -> Problem:
    return no_owner(OUT_OF_REACH)


def _numbers_used_up(_: LoanCaseNumberTaken) -> Problem:
    return Problem(503, NUMBERS_USED_UP, headers={"Retry-After": "1"})


WIRE: Final[ErrorTable] = {OwnerOutOfReach: _out_of_reach, LoanCaseNumberTaken: _numbers_used_up}
