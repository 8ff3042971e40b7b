"""
Sub statuses and their reasons: code, description, and which reasons belong to which sub status.

Source: DELIVERY §4.1; D-03.
"""

from types import MappingProxyType
from typing import Final

from fallwerk.domain.identcase.model import SubStatus

EXPIRED: Final = 12
ABNORMAL: Final = 16
OTHER_PROBLEM: Final = 20
NOT_PICKED_UP: Final = 21
NOT_PRODUCIBLE: Final = 22
PACKAGING_PROBLEM: Final = 23
REFUSED: Final = 24
BAD_DATA: Final = 25
NOT_DELIVERABLE: Final = 26
NOT_SHIPPED: Final = 27

SUB_STATUSES: Final = MappingProxyType(
    {
        EXPIRED: "Operation valid time frame exceeded (case ID)",
        ABNORMAL: "Identification with abnormalities",
        OTHER_PROBLEM: "Unrecoverable other problem",
        NOT_PICKED_UP: "Recipient problem: Shipment not picked up at post office",
        NOT_PRODUCIBLE: "Production of shipment not possible",
        PACKAGING_PROBLEM: "Handling problem in packaging",
        REFUSED: "Recipient problem: Delivery of shipment refused",
        BAD_DATA: "Problem with digital provisioning (data quality)",
        NOT_DELIVERABLE: "Delivery of shipment not possible",
        NOT_SHIPPED: "Problem with physical provisioning",
    }
)
"""Descriptions by code."""

SUB_STATUS_REASONS: Final = MappingProxyType(
    {
        320: "Physical shipment not included in job",
        321: "Single sequence error in order of job",
        322: "Sequence error in entire order of job",
        323: "Data matrix code not readable",
        324: "Other handling error",
        325: "First name does not match provided data",
        326: "Last name does not match provided data",
        327: "Birthdate does not match provided data",
        328: "Invalid identification document",
        329: "Internal data incomplete",
        330: "Shipment not picked up at post office within seven days",
        331: "Production not possible: Shipment damaged",
        332: "Unrecoverable problem in packaging",
        333: "Case declined due to insufficient recipient data in digital provisioning by business customer",
        334: "Unrecoverable problem in delivery of shipment",
        335: "Identity check negative, other reason",
        336: "Physical shipment not included in job, waiting period expired",
        337: "Delivery of shipment refused by recipient",
        338: "Delivery not possible: Shipment damaged",
        339: "Case declined due to insufficient return address data in digital provisioning by business customer",
    }
)
"""Descriptions by code."""

REASONS_OF: Final = MappingProxyType(
    {
        EXPIRED: (),
        ABNORMAL: (325, 326, 327, 328, 335),
        OTHER_PROBLEM: (329,),
        NOT_PICKED_UP: (330,),
        NOT_PRODUCIBLE: (331, 332),
        PACKAGING_PROBLEM: (320, 321, 322, 323, 324),
        REFUSED: (337,),
        BAD_DATA: (333, 339),
        NOT_DELIVERABLE: (334, 338),
        NOT_SHIPPED: (336,),
    }
)
"""Per sub status the reasons of which one must be given; none may be given where there are none."""


def sub_status(code: int) -> SubStatus:
    """Return a sub status with its description."""
    return SubStatus(code, SUB_STATUSES[code])


def sub_status_reason(code: int) -> SubStatus:
    """Return a sub status reason with its description."""
    return SubStatus(code, SUB_STATUS_REASONS[code])
