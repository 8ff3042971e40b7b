"""
Wire shapes of START's OrderData, in the order of the guide's tables; delivery orders carry the same.

OrderData
├── customData, processData (callback URLs per platform)
├── contactDataProvided (address)
├── identificationDocumentProvided (address)
└── drivingLicenseProvided, also spelt drivingLicenceProvided (classes)
"""

# ruff: noqa: N815 - wire names are the provider's

from typing import Annotated, ClassVar, Final

from pydantic import Field, field_validator

from fallwerk.dialects.scr import checking
from fallwerk.dialects.scr.checking import Wire
from fallwerk.dialects.scr.fields import (
    AppUrl,
    CalendarDate,
    Country,
    DocumentType,
    Email,
    Language,
    LicenceDate,
    Nationality,
    Phone,
    ReferenceId,
    Text6,
    Text10,
    Text11,
    Text20,
    Text35,
    Text55,
    Text70,
    Text100,
    WebhookRefusal,
    WebhookUrl,
    WebUrl,
)

CLASSES_MAX: Final = 100
"""Classes that one licence may list: several times as many as exist, and no way to an endless answer."""


class CustomData(Wire):
    """The client's own labels (S-11)."""

    custom1: Text100 | None = None
    custom2: Text100 | None = None
    custom3: Text100 | None = None
    custom4: Text100 | None = None
    custom5: Text100 | None = None


class MultiPlatformUrl(Wire):
    """Where a button leads, per platform (S-17)."""

    SPELLINGS: ClassVar = {"iOSUrl": "iosUrl"}

    webUrl: WebUrl | None = None
    iosUrl: AppUrl | None = None
    iOSUrl: AppUrl | None = None
    androidUrl: AppUrl | None = None

    _only_spelling = field_validator(*SPELLINGS)(checking.only_spelling)


class ProcessData(Wire):
    """How the case behaves (S-12 to S-17)."""

    SPELLINGS: ClassVar = {
        "webHookURL": "webHookUrl",
        "webhookURL": "webHookUrl",
        "webHookURLPartner": "webHookUrlPartner",
        "webhookURLPartner": "webHookUrlPartner",
    }

    targetCountry: Country | None = None
    preferredLanguage: Language | None = None
    webHookUrl: WebhookUrl | None = None
    webHookURL: WebhookUrl | None = None
    webhookURL: WebhookUrl | None = None
    webHookUrlPartner: WebhookUrl | None = None
    webHookURLPartner: WebhookUrl | None = None
    webhookURLPartner: WebhookUrl | None = None
    referenceId: ReferenceId | None = None
    callbackUrlCouponRequested: MultiPlatformUrl | None = None
    callbackUrlReviewPending: MultiPlatformUrl | None = None
    callbackUrlIncomplete: MultiPlatformUrl | None = None
    callbackUrlSuccess: MultiPlatformUrl | None = None
    callbackUrlDeclined: MultiPlatformUrl | None = None

    _only_spelling = field_validator(*SPELLINGS)(checking.only_spelling)


class AddressData(Wire):
    """A postal address (S-20)."""

    streetAddress: Text70 | None = None
    appendix: Text55 | None = None
    postalCode: Text11 | None = None
    city: Text55 | None = None
    country: Country | None = None


class ContactDataProvided(Wire):
    """What the client knows of how to reach the person (S-18, S-19)."""

    salutation: Text6 | None = Field(None, deprecated=True)
    title: Text35 | None = None
    firstName: Text35 | None = None
    lastName: Text35 | None = None
    mobilePhone: Phone | None = None
    email: Email | None = None
    epost: Email | None = None
    address: AddressData | None = None


class IdentificationDocumentProvided(Wire):
    """What the client knows of the identity document (S-21, S-22)."""

    type: DocumentType | None = None
    number: Text20 | None = None
    firstName: Text35 | None = None
    lastName: Text35 | None = None
    birthName: Text35 | None = None
    birthDate: CalendarDate | None = None
    birthPlace: Text55 | None = None
    nationality: Nationality | None = None
    address: AddressData | None = None
    dateIssued: CalendarDate | None = None
    dateOfExpiry: CalendarDate | None = None
    authority: Text100 | None = None
    placeOfIssue: Text55 | None = None
    countryOfDocument: Country | None = None


class DrivingLicenceClass(Wire):
    """One class of a driving licence (S-23, S-24)."""

    className: Text10 | None = None
    dateIssued: LicenceDate | None = None
    dateOfExpiry: LicenceDate | None = None
    restrictions: Text35 | None = None


Classes = Annotated[list[DrivingLicenceClass | None], Field(max_length=CLASSES_MAX)]


class DrivingLicenceProvided(Wire):
    """What the client knows of the driving licence (S-23)."""

    SPELLINGS: ClassVar = {"drivingLicenseClasses": "drivingLicenceClasses"}

    number: Text20 | None = None
    firstName: Text35 | None = None
    lastName: Text35 | None = None
    birthDate: CalendarDate | None = None
    birthPlace: Text55 | None = None
    drivingLicenceClasses: Classes | None = None
    drivingLicenseClasses: Classes | None = None
    restrictions: Text35 | None = None
    dateIssued: CalendarDate | None = None
    dateOfExpiry: CalendarDate | None = None
    authority: Text100 | None = None
    countryOfDocument: Country | None = None

    _only_spelling = field_validator(*SPELLINGS)(checking.only_spelling)


class OrderData(Wire):
    """All that a client may send to start a case; everything is optional (S-10)."""

    SPELLINGS: ClassVar = {"drivingLicenceProvided": "drivingLicenseProvided"}

    customData: CustomData | None = None
    processData: ProcessData | None = None
    contactDataProvided: ContactDataProvided | None = None
    identificationDocumentProvided: IdentificationDocumentProvided | None = None
    drivingLicenseProvided: DrivingLicenceProvided | None = None
    drivingLicenceProvided: DrivingLicenceProvided | None = None

    _only_spelling = field_validator(*SPELLINGS)(checking.only_spelling)


def check_order(value: object, prefix: str = "", *, webhook_refusal: WebhookRefusal | None = None) -> OrderData:
    """
    Check order data that is already parsed; None and `""` are an order without data.

    Raises:
        BadRequest: all faults, their keys beginning with `prefix`.
    """
    return checking.check(OrderData, value, prefix, webhook_refusal=webhook_refusal)
