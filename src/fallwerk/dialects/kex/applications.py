"""How callers hear that it is not clear which application they mean, or that it is not theirs (A-01, A-02, N-02)."""

from typing import Final

from fallwerk.dialects.problem import ErrorTable, PointedFault, Problem, Wire, bad_request
from fallwerk.domain.loancase.errors import (
    ApplicationAmbiguous,
    ApplicationUnknown,
    LoanCaseDeleted,
    LoanCaseOutOfReach,
    NumbersDisagree,
)

NO_NUMBER: Final = PointedFault("/antragsnummer", "One of antragsnummer and produktanbieterantragsnummer is mandatory.")
AMBIGUOUS: Final = PointedFault("/antragsnummer", "Several applications have this number; send antragsnummer.")
DISAGREE: Final = PointedFault("/produktanbieterantragsnummer", "The two numbers name different applications.")


def _ambiguous(_: ApplicationAmbiguous) -> Problem:
    return bad_request([AMBIGUOUS])


def _disagree(_: NumbersDisagree) -> Problem:
    return bad_request([DISAGREE])


APPLICATION_ERRORS: Final[ErrorTable] = {
    ApplicationUnknown: Wire(404, "There is no application with this number."),
    ApplicationAmbiguous: _ambiguous,
    NumbersDisagree: _disagree,
    LoanCaseDeleted: Wire(410, "The Vorgang of the application is deleted."),
    LoanCaseOutOfReach: Wire(403, "The application belongs to a partner that yours does not reach."),
}
