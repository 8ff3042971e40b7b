"""
The document's example results; used by tests and the interface description.

Source: DELIVERY §6.4.1, §6.5.1, §7.9.3. Repaired where an example contradicts the rules: offsets that Berlin did not
have (decision 37), and `modified` beside `identificationStatus` (decision 39).
"""

from typing import Any, Final

_POST_OFFICE: Final = {"postOfficeStreetAddress": "Poststr.50", "postOfficeCity": "26897 Esterwegen"}

SUCCESS_LISTED: Final[dict[str, Any]] = {
    "caseId": "KRZ1A8M4UBZZ",
    "identificationTime": "2021-03-05T10:02:03+01:00",
    "caseStatus": {"status": "closed", "archived": False, "modified": "2021-03-05T10:02:03+01:00"},
    "orderData": {"customData": {"custom1": "reference1"}},
    "identification": {
        "identificationMethod": "delivery",
        "identificationStatus": {"status": "success", "modified": "2021-03-05T10:02:03+01:00"},
        "additionalDataDelivery": _POST_OFFICE,
    },
}
SUCCESS_SINGLE: Final[dict[str, Any]] = {**SUCCESS_LISTED, "additionalDataDelivery": _POST_OFFICE}
"""Both places at once: the table's and the example's (decision 7)."""

DECLINED: Final[dict[str, Any]] = {
    "caseId": "MGY0AKXFJDEM",
    "caseStatus": {"status": "closed", "archived": False, "modified": "2021-07-04T18:00:23+02:00"},
    "orderData": {"customData": {"custom1": "Eigene Referenz"}},
    "identification": {
        "identificationMethod": "delivery",
        "identificationStatus": {
            "status": "declined",
            "subStatus": {"code": 12, "description": "Operation valid time frame exceeded (case ID)"},
            "modified": "2021-07-04T18:00:23+02:00",
        },
    },
}
RESULT_LIST: Final = [SUCCESS_LISTED, DECLINED]

ARCHIVE_REQUEST: Final = ["KRZ1A8M4UBZZ"]
ARCHIVE_RESPONSE: Final[list[dict[str, Any]]] = [
    {
        "caseId": "KRZ1A8M4UBZZ",
        "caseStatus": {"status": "closed", "archived": True, "modified": "2021-01-11T15:30:00+01:00"},
    }
]

QUERY: Final = "closedFrom=2016-12-27T00:00:00+02:00&closedUntil=2016-12-28T00:00:00+02:00"
ENCODED_TARGET: Final = (
    "/api/scr/v1/XCLIENTIDX%2Fcases%2Fdelivery%3FclosedFrom%3D2017-06-25T13%3A30%3A01%2B02%3A00"
    "%26closedUntil%3D2017-06-25T13%3A40%3A01%2B02%3A00"
)
"""A request target as §6.5 wants it: everything behind the path's beginning percent-encoded."""
