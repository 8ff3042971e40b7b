"""
Order data from the wire to the domain; pure functions.

An empty string becomes None, and an object of which nothing is given becomes None too: both mean "not provided" (S-07).
"""

from typing import Final

from fallwerk.dialects.scr.orderdata import (
    AddressData,
    ContactDataProvided,
    CustomData,
    DrivingLicenceProvided,
    IdentificationDocumentProvided,
    MultiPlatformUrl,
    OrderData,
    ProcessData,
)
from fallwerk.domain.identcase.model import (
    Address,
    CallbackUrl,
    CaseOrder,
    Contact,
    DrivingLicence,
    IdentityDocument,
    LicenceClass,
)

_OTHER_SPELLINGS: Final = ("webHookURL", "webhookURL", "webHookURLPartner", "webhookURLPartner")
_NO_CUSTOM: Final = (None, None, None, None, None)
_NO_PROCESS: Final = ProcessData()
_NO_ADDRESS: Final = Address()
_NO_CALLBACK: Final = CallbackUrl()
_NO_CONTACT: Final = Contact()
_NO_DOCUMENT: Final = IdentityDocument()
_NO_CLASS: Final = LicenceClass()


def to_order(data: OrderData) -> CaseOrder:
    """
    Turn checked order data into the domain's order; values stay as they were sent, the defaults of S-12 and S-13 added.

    The deprecated `salutation` is dropped here (decision 5).
    """
    process = data.processData or _NO_PROCESS
    return CaseOrder(
        custom=_custom(data.customData),
        target_country=process.targetCountry or "DEU",
        preferred_language=process.preferredLanguage or "DE_DE",
        webhook_url=process.webHookUrl or process.webHookURL or process.webhookURL or None,
        webhook_url_partner=(
            process.webHookUrlPartner or process.webHookURLPartner or process.webhookURLPartner or None
        ),
        reference_id=process.referenceId or None,
        callbacks=_callbacks(process),
        spellings=_spellings(process),
        contact=_contact(data.contactDataProvided),
        identity_document=_document(data.identificationDocumentProvided),
        driving_licence=_licence(data),
    )


def to_address(data: AddressData | None) -> Address | None:
    """Turn a checked address into the domain's; None if nothing of it is given."""
    if data is None:
        return None
    address = Address(
        data.streetAddress or None,
        data.appendix or None,
        data.postalCode or None,
        data.city or None,
        data.country or None,
    )
    return None if address == _NO_ADDRESS else address


def _custom(data: CustomData | None) -> tuple[str | None, str | None, str | None, str | None, str | None]:
    if data is None:
        return _NO_CUSTOM
    return (
        data.custom1 or None,
        data.custom2 or None,
        data.custom3 or None,
        data.custom4 or None,
        data.custom5 or None,
    )


def _spellings(process: ProcessData) -> tuple[str, ...]:
    """Return the spellings of the caller that are not the guide's, as `webhookURL` and `success.iOSUrl`."""
    used = [name for name in _OTHER_SPELLINGS if getattr(process, name)]
    used += [f"{name}.iOSUrl" for name, data in _callback_data(process).items() if data is not None and data.iOSUrl]
    return tuple(used)


def _callbacks(process: ProcessData) -> dict[str, CallbackUrl]:
    given = _callback_data(process).items()
    return {name: urls for name, data in given if data is not None and (urls := _callback(data)) != _NO_CALLBACK}


def _callback_data(process: ProcessData) -> dict[str, MultiPlatformUrl | None]:
    return {
        "coupon_requested": process.callbackUrlCouponRequested,
        "review_pending": process.callbackUrlReviewPending,
        "incomplete": process.callbackUrlIncomplete,
        "success": process.callbackUrlSuccess,
        "declined": process.callbackUrlDeclined,
    }


def _callback(data: MultiPlatformUrl) -> CallbackUrl:
    return CallbackUrl(data.webUrl or None, data.iosUrl or data.iOSUrl or None, data.androidUrl or None)


def _contact(data: ContactDataProvided | None) -> Contact | None:
    if data is None:
        return None
    contact = Contact(
        title=data.title or None,
        first_name=data.firstName or None,
        last_name=data.lastName or None,
        mobile_phone=data.mobilePhone or None,
        email=data.email or None,
        epost=data.epost or None,
        address=to_address(data.address),
    )
    return None if contact == _NO_CONTACT else contact


def _document(data: IdentificationDocumentProvided | None) -> IdentityDocument | None:
    if data is None:
        return None
    document = IdentityDocument(
        type=data.type or None,
        number=data.number or None,
        first_name=data.firstName or None,
        last_name=data.lastName or None,
        birth_name=data.birthName or None,
        birth_date=data.birthDate or None,
        birth_place=data.birthPlace or None,
        nationality=data.nationality or None,
        address=to_address(data.address),
        date_issued=data.dateIssued or None,
        date_of_expiry=data.dateOfExpiry or None,
        authority=data.authority or None,
        place_of_issue=data.placeOfIssue or None,
        country_of_document=data.countryOfDocument or None,
    )
    return None if document == _NO_DOCUMENT else document


def _licence(data: OrderData) -> DrivingLicence | None:
    spelling = "drivingLicenceProvided" if data.drivingLicenseProvided is None else "drivingLicenseProvided"
    given = data.drivingLicenceProvided if data.drivingLicenseProvided is None else data.drivingLicenseProvided
    if given is None:
        return None
    classes_spelling = "drivingLicenceClasses" if given.drivingLicenseClasses is None else "drivingLicenseClasses"
    licence = DrivingLicence(
        number=given.number or None,
        first_name=given.firstName or None,
        last_name=given.lastName or None,
        birth_date=given.birthDate or None,
        birth_place=given.birthPlace or None,
        classes=_classes(given),
        restrictions=given.restrictions or None,
        date_issued=given.dateIssued or None,
        date_of_expiry=given.dateOfExpiry or None,
        authority=given.authority or None,
        country_of_document=given.countryOfDocument or None,
        spelling=spelling,
        classes_spelling=classes_spelling,
    )
    nothing = DrivingLicence(spelling=spelling, classes_spelling=classes_spelling)
    return None if licence == nothing else licence


def _classes(data: DrivingLicenceProvided) -> tuple[LicenceClass, ...]:
    given = (data.drivingLicenceClasses or []) + (data.drivingLicenseClasses or [])
    made = (
        LicenceClass(
            entry.className or None,
            entry.dateIssued or None,
            entry.dateOfExpiry or None,
            entry.restrictions or None,
        )
        for entry in given
        if entry is not None
    )
    return tuple(entry for entry in made if entry != _NO_CLASS)
