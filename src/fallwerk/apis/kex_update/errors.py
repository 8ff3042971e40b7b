"""How callers of UPDATE hear of the domain's facts (UPDATE "Fehlercodes")."""

from typing import Final

from fallwerk.dialects.problem import ErrorTable, Wire
from fallwerk.domain.loancase.errors import LoanCaseDeleted, LoanCaseOutOfReach, LoanCaseUnknown

WIRE: Final[ErrorTable] = {
    LoanCaseUnknown: Wire(404, "There is no Vorgang with this number."),
    LoanCaseDeleted: Wire(410, "The Vorgang is deleted."),
    LoanCaseOutOfReach: Wire(403, "The Vorgang belongs to a partner that yours does not reach."),
}
