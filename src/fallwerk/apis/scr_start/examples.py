"""Example bodies of starting a case: the guide's own and small ones, for OpenAPI, the docs and the tests."""

from typing import Any, Final

_ADDRESS: Final = {"city": "Köln", "streetAddress": "Heidestr. 17", "postalCode": "51147", "country": "DEU"}

SAMPLE_REQUEST: Final[dict[str, Any]] = {
    "customData": {"custom1": "REF_101485489", "custom2": "Kampagne A357"},
    "processData": {
        "targetCountry": "DEU",
        "preferredLanguage": "DE_DE",
        "webHookUrl": "https://musterbank.eu/api/pi/webhooklistener",
        "referenceId": "YR9W91GEZK24",
        "callbackUrlCouponRequested": {"webUrl": "https://musterbank.eu/picallback/coupondownloaded.html"},
        "callbackUrlReviewPending": {"webUrl": "https://musterbank.eu/picallback/reviewpending.html"},
        "callbackUrlIncomplete": {"webUrl": "https://musterbank.eu/picallback/incomplete.html"},
        "callbackUrlSuccess": {"webUrl": "https://musterbank.eu/picallback/success.html"},
        "callbackUrlDeclined": {"webUrl": "https://musterbank.eu/picallback/declined.html"},
    },
    "contactDataProvided": {"firstName": "Erika", "lastName": "Mustermann", "address": _ADDRESS},
    "identificationDocumentProvided": {
        "birthName": "Gabler",
        "nationality": "DEU",
        "firstName": "Erika",
        "lastName": "Mustermann",
        "placeOfIssue": "",
        "countryOfDocument": "DEU",
        "birthDate": "1964-08-12",
        "birthPlace": "Berlin",
        "dateIssued": "2010-11-01",
        "dateOfExpiry": "2020-10-31",
        "address": _ADDRESS,
        "type": "1",
        "authority": "Stadt Köln",
        "number": "T01012148",
    },
}
"""START, Sample Request."""

CONTACT_REQUEST: Final[dict[str, Any]] = {
    "processData": {"referenceId": "order-4711"},
    "contactDataProvided": {
        "firstName": "Max",
        "lastName": "Muster",
        "mobilePhone": "+49 171 123456789",
        "email": "max.muster@gmail.com",
    },
}
"""Everything by which the portal's data entry is skipped."""

LICENCE_REQUEST: Final[dict[str, Any]] = {
    "drivingLicenceProvided": {
        "number": "A 12345678",
        "firstName": "Max",
        "lastName": "Muster",
        "birthDate": "1969-07-31",
        "birthPlace": "Berlin",
        "drivingLicenceClasses": [
            {"className": "A", "dateIssued": "1.1.2010", "dateOfExpiry": "31.12.2018"},
            {"className": "B", "dateIssued": "1.1.2012", "dateOfExpiry": "31.12.2020"},
        ],
        "dateIssued": "2011-05-30",
        "dateOfExpiry": "2033-01-19",
        "authority": "Stadt Bonn",
        "countryOfDocument": "DEU",
    },
}
"""The values of the guide's table DrivingLicenceProvided."""

EMPTY_REQUEST: Final[dict[str, Any]] = {}
"""All data is optional."""

REQUESTS: Final = {
    "sample": {"summary": "The guide's sample request", "value": SAMPLE_REQUEST},
    "contact": {"summary": "A person whose contact data is known", "value": CONTACT_REQUEST},
    "licence": {"summary": "A driving licence", "value": LICENCE_REQUEST},
    "empty": {"summary": "No data: the portal asks for everything", "value": EMPTY_REQUEST},
}
"""By name, as OpenAPI lists examples."""

SAMPLE_RESPONSE: Final[dict[str, Any]] = {
    "caseId": "YR9W91GEZK24",
    "validUntil": "2016-11-02T14:23:04+01:00",
    "webStart": {"caseURL": "https://postident.deutschepost.de/identportal/?vorgangsnummer=YR9W91GEZK24"},
    "iosStart": {"caseUrlScheme": "postident://cases/YR9W91GEZK24", "packageName": "de.deutschepost.postident"},
    "androidStart": {"caseUrlScheme": "postident://cases/YR9W91GEZK24", "packageName": "de.deutschepost.postident"},
}
"""START, Response."""

COUPON_RESPONSE: Final[dict[str, Any]] = {
    "couponId": "33",
    "caseId": "12345678ABCD",
    "validUntil": "2017-12-05T12:38:38+01:00",
    "referenceId": "70UE778ER8GH",
    "accountingNumber": "87122222143703",
    "couponFileType": "dmc_v2",
    "contentType": "application/pdf",
    "mimeType": "application/pdf",
    "fileName": "12345678ABCD_pi-coupon_dmc_v2.pdf",
    "fileSize": 9,
    "documentData": "JVBERi0xLjQK",
}
"""START §4, Response (decision 6: both names of the type, the file name follows the table's format; data shortened)."""

CASE_UNKNOWN: Final[dict[str, Any]] = {
    "apiversion": "v1",
    "errors": [{"errorcode": "90011", "key": "not found", "message": "Case not found."}],
}
"""START §4, Errors."""


def _bad_request(*errors: dict[str, str]) -> dict[str, Any]:
    return {"apiVersion": "v1", "error": {"code": 400, "message": "Bad Request", "errors": list(errors)}}


BAD_EMAIL: Final = _bad_request(
    {
        "reason": "incorrect value",
        "errorcode": "90005",
        "key": "contactDataProvided.email",
        "message": "The provided value is not valid.",
    },
)
"""START, Errors, example 1 (its missing comma repaired, decision 41)."""

BAD_DATE: Final = _bad_request(
    {
        "reason": "wrong date format",
        "errorcode": "90001",
        "key": "identificationDocumentProvided.dateIssued",
        "message": "Date field format must be YYYY-MM-DD.",
    },
)
"""START, Errors, example 2 (its missing comma repaired, decision 41)."""

UNAUTHORIZED: Final[dict[str, Any]] = {
    "apiversion": "v1",
    "errors": [
        {
            "errorcode": "90114",
            "reason": "unauthorized",
            "key": "Authorization",
            "message": "Authorization failed.",
        },
    ],
}
"""START, Errors, example 3."""

REFERENCE_TAKEN: Final[dict[str, Any]] = {
    "apiversion": "v1",
    "errors": [
        {
            "errorcode": "90016",
            "reason": "referenceId not unique",
            "key": "orderData.processData.referenceId",
            "message": "Case with CaseId YR9W91GEZK24 already uses ReferenceId.",
        },
    ],
    "caseId": "YR9W91GEZK24",
}
"""START, Errors, example 4."""
