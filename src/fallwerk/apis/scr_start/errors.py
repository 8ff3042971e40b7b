"""How callers of START hear of the domain's facts."""

from typing import Final

from fallwerk.dialects.scr.envelope import ErrorTable, Wire
from fallwerk.domain.coupon.errors import BasicInWrongStatus, CouponLimitReached, CouponNotActive
from fallwerk.domain.identcase.errors import CaseClosed, CaseUnknown, ReferenceIdTaken
from fallwerk.domain.identcase.lifecycle import IllegalStep
from fallwerk.domain.identcase.methods_lifecycle import RecordedBySameActor, TanMissing

WRONG_STATUS: Final = Wire(
    409, "caseId", "Basic identification is in a wrong status.", "wrong identification status", "90307"
)
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
    CouponNotActive: Wire(
        401, "Authorization", "Resource is not activated for this clientId.", "resource not activated", "90124"
    ),
    BasicInWrongStatus: WRONG_STATUS,
    # The life cycle's own refusals; the coupon asks it first, so callers hear them from a bug of ours only.
    IllegalStep: WRONG_STATUS,
    RecordedBySameActor: WRONG_STATUS,
    TanMissing: WRONG_STATUS,
    CouponLimitReached: Wire(
        409, "caseId", "Maximum number of possible PI coupons exceeded.", "coupon limit exceeded", "90308"
    ),
    CaseUnknown: Wire(404, "not found", "Case not found.", errorcode="90011"),
    CaseClosed: Wire(410, "caseId", "Case is closed.", "gone"),
}
