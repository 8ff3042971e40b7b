"""How callers of START hear of the domain's facts."""

from typing import Final

from fallwerk.dialects.scr.envelope import ErrorTable, Wire
from fallwerk.domain.identcase.errors import CaseClosed, CaseUnknown, ReferenceIdTaken

WIRE: Final[ErrorTable] = {
    # decisions.md 3: the guide's 409 keeps the orderData prefix.
    ReferenceIdTaken: Wire(
        409,
        "orderData.processData.referenceId",
        "Case with CaseId {holder} already uses ReferenceId.",
        "referenceId not unique",
        "90016",
        extra={"caseId": "holder"},
    ),
    CaseUnknown: Wire(404, "not found", "Case not found.", errorcode="90011"),
    CaseClosed: Wire(410, "caseId", "Case is closed.", "gone"),
}
