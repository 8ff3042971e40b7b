"""
How callers of the export hear of the domain's facts (public-facts.md "Europace KEX neighbours"; N-03).

What concerns one Vorgang of a query stands in the answer's `errors`, as GraphQL does it; a deleted one, like whatever
concerns the call as a whole, is a problem with its HTTP status, as in the other KEX interfaces.
"""

from dataclasses import dataclass
from typing import Any, Final

from fallwerk.dialects.problem import ErrorTable, Problem, Wire
from fallwerk.domain.errors import DomainError
from fallwerk.domain.loancase.errors import LoanCaseDeleted, LoanCaseOutOfReach, LoanCaseUnknown

BAD_REQUEST: Final = 400
DELETED: Final = "The Vorgang is deleted."


@dataclass(frozen=True, slots=True)
class QueryFault(Exception):
    """The request as a whole is no query that can be run; answered with 400 in GraphQL's form."""

    message: str


WIRE: Final[ErrorTable] = {
    LoanCaseUnknown: Wire(404, "There is no Vorgang with this number."),
    LoanCaseOutOfReach: Wire(403, "The Vorgang belongs to a partner that yours does not reach."),
    LoanCaseDeleted: Wire(410, DELETED),
}
CODES: Final = {404: "NOT_FOUND", 403: "FORBIDDEN"}
"""HTTP status that another KEX interface would answer → `extensions.code`."""


def told_in_errors(error: DomainError) -> dict[str, Any] | None:
    """Return message and extensions of an error of one Vorgang; None if the whole call fails by it."""
    wire = WIRE.get(type(error))
    if not isinstance(wire, Wire) or wire.status not in CODES:
        return None
    return {"message": wire.detail, "extensions": {"code": CODES[wire.status], "status": wire.status}}


def fault_of(problem: Problem) -> QueryFault:
    """Turn a body that cannot be read into GraphQL's form."""
    return QueryFault(problem.errors[0].detail if problem.errors else problem.detail)
