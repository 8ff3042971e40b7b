"""
Wire shapes of the results, for the published interface description; results are rendered by `mapping.py` for speed.

Source: public-facts.md "POSTIDENT: what existing clients of the SCR API do"; R-01 to R-06. Tests hold both against each
other.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Timestamp = Annotated[
    str,
    Field(
        max_length=25, pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$", examples=["2026-03-05T10:02:03+01:00"]
    ),
]
"""ISO 8601 in whole seconds with Berlin's offset at that instant."""
CaseIdText = Annotated[str, Field(min_length=12, max_length=12, pattern="^[0-9A-Z]{12}$", examples=["KRZ1A8M4UBZZ"])]
Text = Annotated[str, Field(min_length=1)]
RecordType = Literal[
    "result",
    "userface",
    "usersignature",
    "idfrontside",
    "idbackside",
    "idimage",
    "idsignature",
    "dlfrontside",
    "dlbackside",
    "dlimage",
]


class _Shape(BaseModel):
    """Readers must expect further fields; we send no others, and nothing empty but what they never expect missing."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Checked(_Shape):
    """A value that was found out, compared with what the client provided: `new` if it provided none."""

    status: Literal["new", "match", "change"]
    value: Text


class CheckedAddress(_Shape):
    """A postal address, value by value."""

    streetAddress: Checked | None = None
    appendix: Checked | None = None
    postalCode: Checked | None = None
    city: Checked | None = None
    country: Checked | None = None


class ContactData(_Shape):
    """How to reach the person: what they entered in the portal, otherwise what the client provided."""

    title: Checked | None = None
    firstName: Checked | None = None
    lastName: Checked | None = None
    mobilePhone: Checked | None = None
    email: Checked | None = None
    epost: Checked | None = None
    address: CheckedAddress | None = None


class IdentificationDocument(_Shape):
    """What the identity document says; always there, empty before anything was recorded and while it is reviewed."""

    type: Checked | None = None
    number: Checked | None = None
    firstName: Checked | None = None
    lastName: Checked | None = None
    birthName: Checked | None = None
    birthDate: Checked | None = None
    birthPlace: Checked | None = None
    nationality: Checked | None = None
    address: CheckedAddress | None = None
    dateIssued: Checked | None = None
    dateOfExpiry: Checked | None = None
    authority: Checked | None = None
    placeOfIssue: Checked | None = None
    countryOfDocument: Checked | None = None


class CheckedLicenceClass(_Shape):
    """One class of a driving licence; compared with the provided class of the same name."""

    className: Checked | None = None
    dateIssued: Checked | None = None
    dateOfExpiry: Checked | None = None
    restrictions: Checked | None = None


class DrivingLicence(_Shape):
    """What the driving licence says; only in class Mobility."""

    number: Checked | None = None
    firstName: Checked | None = None
    lastName: Checked | None = None
    birthDate: Checked | None = None
    birthPlace: Checked | None = None
    drivingLicenceClasses: Annotated[list[CheckedLicenceClass], Field(min_length=1)] | None = None
    restrictions: Checked | None = None
    dateIssued: Checked | None = None
    dateOfExpiry: Checked | None = None
    authority: Checked | None = None
    countryOfDocument: Checked | None = None


class StatusCode(_Shape):
    """A sub status or its reason; the codes are this system's own and count from 9000."""

    code: Annotated[int, Field(ge=9000)]
    description: Text


class IdentificationStatus(_Shape):
    """Where an attempt stands; `identificationTime` once the person was identified."""

    status: Literal["started", "coupon requested", "incomplete", "review pending", "success", "declined"]
    subStatus: StatusCode | None = None
    subStatusReason: StatusCode | None = None
    identificationTime: Timestamp | None = None
    created: Timestamp
    modified: Timestamp


class Record(_Shape):
    """A document or picture of an attempt; `documentData` only where the binary data was asked for."""

    recordId: Text
    belongsTo: Literal["method", "identificationdocument", "drivinglicence"]
    type: RecordType
    validationStatus: Literal["unchecked", "valid", "invalid"] | None = None
    """Photo only."""
    validationSubStatus: Text | None = None
    validationRemark: Text | None = None
    mimeType: Text
    fileName: Text
    documentData: (
        Annotated[str, Field(pattern="^[A-Za-z0-9+/]+={0,2}$", json_schema_extra={"format": "byte"})] | None
    ) = None


class AdditionalDataBasic(_Shape):
    """How the person got at the coupon, and when last; what never happened is missing."""

    couponByPiAppRequestCount: int | None = None
    couponByPiAppRequestLastTimestamp: Timestamp | None = None
    couponDownloadCount: int | None = None
    couponDownloadLastTimestamp: Timestamp | None = None
    couponByEmailRequestCount: int | None = None
    couponByEmailRequestLastTimestamp: Timestamp | None = None


class AdditionalDataVideo(_Shape):
    """Where and by whom; the reviews only in class TKG, the TAN's channel only in class GwG."""

    identificationServiceCenter: Text | None = None
    identificationAgentAlias: Text | None = None
    identReviews: Text | None = None
    videoRecordingAccepted: Timestamp | None = None
    tanChannel: Literal["sms", "email"] | None = None


class AdditionalDataEid(_Shape):
    """The card's pseudonym for this service."""

    dkk: Text


class IdentificationResult(_Shape):
    """One attempt by one method."""

    identificationMethod: Literal["basic", "video", "photo", "eid"]
    identificationStatus: IdentificationStatus
    identificationDocument: IdentificationDocument
    drivingLicence: DrivingLicence | None = None
    records: Annotated[list[Record], Field(min_length=1)] | None = None
    additionalDataBasic: AdditionalDataBasic | None = None
    additionalDataVideo: AdditionalDataVideo | None = None
    additionalDataEid: AdditionalDataEid | None = None


class CaseStatus(_Shape):
    """Where the case stands; archiving does not touch `modified`."""

    status: Literal["new", "in progress", "closed"]
    archived: bool
    validUntil: Timestamp
    created: Timestamp
    modified: Timestamp


class AccountingData(_Shape):
    """What the case is accounted under; always there."""

    accountingNumber: str
    accountingProduct: Text


class CustomData(_Shape):
    """The client's own texts."""

    custom1: Text | None = None
    custom2: Text | None = None
    custom3: Text | None = None
    custom4: Text | None = None
    custom5: Text | None = None


class MultiPlatformUrl(_Shape):
    """A callback, per platform; the name for iOS as it was spelt."""

    webUrl: Text | None = None
    iosUrl: Text | None = None
    iOSUrl: Text | None = None
    androidUrl: Text | None = None


class ProcessData(_Shape):
    """How the client wanted the case to run; each name as it was spelt."""

    targetCountry: Text
    preferredLanguage: Text
    webHookUrl: Text | None = None
    webHookURL: Text | None = None
    webhookURL: Text | None = None
    webHookUrlPartner: Text | None = None
    webHookURLPartner: Text | None = None
    webhookURLPartner: Text | None = None
    referenceId: Text | None = None
    callbackUrlCouponRequested: MultiPlatformUrl | None = None
    callbackUrlReviewPending: MultiPlatformUrl | None = None
    callbackUrlIncomplete: MultiPlatformUrl | None = None
    callbackUrlSuccess: MultiPlatformUrl | None = None
    callbackUrlDeclined: MultiPlatformUrl | None = None


class AddressProvided(_Shape):
    """A postal address as the client sent it."""

    streetAddress: Text | None = None
    appendix: Text | None = None
    postalCode: Text | None = None
    city: Text | None = None
    country: Text | None = None


class ContactDataProvided(_Shape):
    """Contact data as the client sent them; without a first or last name they were dropped."""

    title: Text | None = None
    firstName: Text | None = None
    lastName: Text | None = None
    mobilePhone: Text | None = None
    email: Text | None = None
    epost: Text | None = None
    address: AddressProvided | None = None


class IdentificationDocumentProvided(_Shape):
    """The identity document as the client knew it."""

    type: Text | None = None
    number: Text | None = None
    firstName: Text | None = None
    lastName: Text | None = None
    birthName: Text | None = None
    birthDate: Text | None = None
    birthPlace: Text | None = None
    nationality: Text | None = None
    address: AddressProvided | None = None
    dateIssued: Text | None = None
    dateOfExpiry: Text | None = None
    authority: Text | None = None
    placeOfIssue: Text | None = None
    countryOfDocument: Text | None = None


class LicenceClassProvided(_Shape):
    """One class as the client knew it."""

    className: Text | None = None
    dateIssued: Text | None = None
    dateOfExpiry: Text | None = None
    restrictions: Text | None = None


class DrivingLicenceProvided(_Shape):
    """The driving licence as the client knew it; the array comes back in the spelling in which it was sent."""

    number: Text | None = None
    firstName: Text | None = None
    lastName: Text | None = None
    birthDate: Text | None = None
    birthPlace: Text | None = None
    drivingLicenceClasses: list[LicenceClassProvided] | None = None
    drivingLicenseClasses: list[LicenceClassProvided] | None = None
    restrictions: Text | None = None
    dateIssued: Text | None = None
    dateOfExpiry: Text | None = None
    authority: Text | None = None
    countryOfDocument: Text | None = None


class OrderData(_Shape):
    """What the client sent at the start; the driving licence comes back under the name under which it was sent."""

    customData: CustomData | None = None
    processData: ProcessData
    contactDataProvided: ContactDataProvided | None = None
    identificationDocumentProvided: IdentificationDocumentProvided | None = None
    drivingLicenceProvided: DrivingLicenceProvided | None = None
    drivingLicenseProvided: DrivingLicenceProvided | None = None


class CaseResult(_Shape):
    """The result of a case of START; `identifications` holds the attempts, oldest first."""

    caseId: CaseIdText
    caseStatus: CaseStatus
    orderData: OrderData
    contactData: ContactData | None = None
    identifications: list[IdentificationResult]
    accountingData: AccountingData
