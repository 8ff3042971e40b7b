"""
Sub statuses and their reasons of the methods basic, video, photo and eid: a table of our own.

Source: R-06, decision 44. The provider's numbers for these methods are not known to us, so none of them is used: sub
statuses count from 9000, reasons from 9100.
"""

from types import MappingProxyType
from typing import Final

from fallwerk.domain.identcase.model import SubStatus

EXPIRED: Final = 9000
CANCELLED: Final = 9001
NOT_CONFIRMED: Final = 9010
COUNTER_INCOMPLETE: Final = 9020
CALL_INCOMPLETE: Final = 9030
PICTURES_WANTED: Final = 9040
CARD_INCOMPLETE: Final = 9050
CARD_UNUSABLE: Final = 9060

SUB_STATUSES: Final = MappingProxyType(
    {
        EXPIRED: "Validity of the case exceeded",
        CANCELLED: "Cancelled by the user",
        NOT_CONFIRMED: "Identity not confirmed",
        COUNTER_INCOMPLETE: "Identification at the counter not finished",
        CALL_INCOMPLETE: "Video call ended before the identification was finished",
        PICTURES_WANTED: "New pictures are needed",
        CARD_INCOMPLETE: "Reading of the identity card not finished",
        CARD_UNUSABLE: "Identity card cannot be used online",
    }
)
"""Descriptions by code."""

SUB_STATUS_REASONS: Final = MappingProxyType(
    {
        9101: "First name differs",
        9102: "Last name differs",
        9103: "Date of birth differs",
        9104: "Document is expired or invalid",
        9105: "Document type is not accepted",
        9106: "Document looks forged or altered",
        9107: "Person is not the one on the document",
        9108: "Suspicion of fraud",
        9109: "Other reason",
        9121: "Document is not at hand",
        9122: "Coupon cannot be read",
        9123: "Data must be corrected by the user",
        9129: "Other problem at the counter",
        9131: "Connection lost",
        9132: "Picture or sound not good enough",
        9133: "Document is not at hand during the call",
        9134: "TAN was not confirmed",
        9135: "User ended the call",
        9139: "Other problem in the call",
        9141: "Front of the document is not usable",
        9142: "Back of the document is not usable",
        9143: "Picture of the face is not usable",
        9149: "Other problem with the pictures",
        9151: "Card was removed",
        9152: "PIN was wrong",
        9153: "PIN is blocked",
        9154: "Reading was cancelled by the user",
        9159: "Other problem while reading",
        9161: "Card is expired",
        9162: "Card is revoked",
        9163: "Online function is switched off",
        9169: "Other problem with the card",
    }
)
"""Descriptions by code."""

REASONS_OF: Final = MappingProxyType(
    {
        EXPIRED: (),
        CANCELLED: (),
        NOT_CONFIRMED: tuple(range(9101, 9110)),
        COUNTER_INCOMPLETE: (9121, 9122, 9123, 9129),
        CALL_INCOMPLETE: (9131, 9132, 9133, 9134, 9135, 9139),
        PICTURES_WANTED: (9141, 9142, 9143, 9149),
        CARD_INCOMPLETE: (9151, 9152, 9153, 9154, 9159),
        CARD_UNUSABLE: (9161, 9162, 9163, 9169),
    }
)
"""Per sub status the reasons of which one must be given; none may be given where there are none."""


def sub_status(code: int) -> SubStatus:
    """Return a sub status with its description."""
    return SubStatus(code, SUB_STATUSES[code])


def sub_status_reason(code: int) -> SubStatus:
    """Return a sub status reason with its description."""
    return SubStatus(code, SUB_STATUS_REASONS[code])
