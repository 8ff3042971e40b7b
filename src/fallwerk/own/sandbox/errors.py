"""How callers of the sandbox control hear of domain errors; own/api.py renders them as problems."""

from typing import Final

from fallwerk.dialects.problem import ErrorTable, PointedFault, Problem, Wire, bad_request
from fallwerk.domain.errors import StoreUnavailable
from fallwerk.domain.identcase.errors import CaseClosed, CaseUnknown
from fallwerk.domain.identcase.methods_lifecycle import RecordedBySameActor, TanMissing
from fallwerk.domain.identcase.service.pictures import NoOpenAttempt

WIRE: Final[ErrorTable] = {
    StoreUnavailable: Wire(503, "The store is not available right now.", retry_after_s=1),
    CaseUnknown: Wire(404, "There is no such case."),
    CaseClosed: Wire(409, "The case is closed."),
    NoOpenAttempt: Wire(409, "The identification takes no pictures now."),
    RecordedBySameActor: Wire(409, "Somebody else must decide on this result."),
    TanMissing: Wire(409, "In class GwG a success by video needs a confirmed TAN."),
}


def fault(pointer: str, detail: str) -> Problem:
    """Return the 400 for one faulty value; the pointer as in `PointedFault`."""
    return bad_request([PointedFault(pointer, detail)])


def case_unknown() -> Problem:
    """Return the 404 for a case id that no case has."""
    return Problem(404, "There is no such case.")


def not_a_delivery_case() -> Problem:
    """Return the 404 for a case that was started by START: it has no identification on delivery to be moved."""
    return Problem(404, "The case is no delivery case, so there is no identification by the method delivery.")


def not_a_start_case() -> Problem:
    """Return the 404 for a delivery case: it has no identification by the methods of START to be moved."""
    return Problem(404, "The case is a delivery case, so there is no identification by this method.")
