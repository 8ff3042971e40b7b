"""
Wire shapes of DELIVERY, for the published interface description; results are rendered by `mapping.py` for speed.

Source: DELIVERY §6.5 (parameters), §7 (results), §7.9 (archive). Tests hold both against each other.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from fallwerk.dialects.scr.case_parameters import ARCHIVE_LIMIT

Timestamp = Annotated[
    str,
    Field(
        max_length=25, pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$", examples=["2021-03-05T10:02:03+01:00"]
    ),
]
"""ISO 8601 in whole seconds with Berlin's offset at that instant (D-23)."""
CaseIdText = Annotated[str, Field(min_length=12, max_length=12, pattern="^[0-9A-Z]{12}$", examples=["KRZ1A8M4UBZZ"])]
CaseStatusText = Literal["new", "in progress", "closed"]
IdentStatusText = Literal[
    "started",
    "incomplete",
    "dmc provided",
    "packaging announced",
    "delivery started",
    "rerouted to postoffice",
    "review pending",
    "declined",
    "success",
]
"""`review pending` stands in the document's list but in no life cycle: it is never sent (D-01)."""


class _Shape(BaseModel):
    """Readers must expect further fields; we send no others, and nothing empty (D-21)."""

    model_config = ConfigDict(extra="forbid", strict=True)


class StatusCode(_Shape):
    """`subStatus` and `subStatusReason`: a code of §4.1 with its description; codes are integers (decision 10)."""

    code: int
    description: Annotated[str, Field(max_length=255)]


class DeliveryCaseStatus(_Shape):
    """`deliveryCaseStatus`; `modified` is the last change of the status, which archiving is not."""

    status: CaseStatusText
    archived: bool
    modified: Timestamp


class DeliveryCustomDataProvided(_Shape):
    """`deliveryCustomDataProvided`: of the five custom texts only the first comes back."""

    custom1: Annotated[str, Field(min_length=1, max_length=100)]


class DeliveryOrderData(_Shape):
    """`deliveryOrderData`."""

    customData: DeliveryCustomDataProvided


class DeliveryIdentificationStatusDetail(_Shape):
    """`deliveryIdentificationStatusDetail`; `modified` stands inside (decision 39)."""

    status: IdentStatusText
    subStatus: StatusCode | None = None
    subStatusReason: StatusCode | None = None
    modified: Timestamp


class AdditionalDataDelivery(_Shape):
    """`additionalDataDelivery`: where the envelope was handed over in a post office, possibly only the city (D-22)."""

    postOfficeStreetAddress: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    postOfficeCity: Annotated[str, Field(min_length=1, max_length=100)] | None = None


class DeliveryIdentification(_Shape):
    """`deliveryIdentification`."""

    identificationMethod: Literal["delivery"]
    identificationStatus: DeliveryIdentificationStatusDetail
    additionalDataDelivery: AdditionalDataDelivery | None = None


class DeliveryCaseResult(_Shape):
    """`deliveryCaseResult` as it stands in lists; `identification` is missing while the case is `new` (decision 8)."""

    caseId: CaseIdText
    identificationTime: Timestamp | None = None
    caseStatus: DeliveryCaseStatus
    orderData: DeliveryOrderData | None = None
    identification: DeliveryIdentification | None = None


class SingleDeliveryCaseResult(DeliveryCaseResult):
    """The result of one case: `additionalDataDelivery` stands beside `identification` as well (decision 7)."""

    additionalDataDelivery: AdditionalDataDelivery | None = None


class ArchivedCase(_Shape):
    """One entry of the archive answer (D-41)."""

    caseId: CaseIdText
    caseStatus: DeliveryCaseStatus


ArchiveList = Annotated[list[str], Field(max_length=ARCHIVE_LIMIT)]
"""Body of the archive calls (D-42)."""
