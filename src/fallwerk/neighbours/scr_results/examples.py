"""Example results, made up after what existing clients read; used by tests and the interface description."""

from typing import Any, Final

_ORDER: Final = {
    "customData": {"custom1": "REF_101485489"},
    "processData": {"targetCountry": "DEU", "preferredLanguage": "DE_DE", "referenceId": "YR9W91GEZK24"},
    "contactDataProvided": {"firstName": "Erika", "lastName": "Mustermann"},
    "identificationDocumentProvided": {"lastName": "Gabler", "number": "T01012148"},
}
_CONTACT: Final = {
    "firstName": {"status": "match", "value": "Erika"},
    "lastName": {"status": "match", "value": "Mustermann"},
    "email": {"status": "new", "value": "erika@mustermann.example"},
}
_STATUS: Final = {
    "status": "closed",
    "archived": False,
    "validUntil": "2026-04-04T10:02:03+02:00",
    "created": "2026-03-05T10:02:03+01:00",
    "modified": "2026-03-05T10:14:40+01:00",
}
SUCCESS: Final[dict[str, Any]] = {
    "caseId": "YR9W91GEZK24",
    "caseStatus": _STATUS,
    "orderData": _ORDER,
    "contactData": _CONTACT,
    "identifications": [
        {
            "identificationMethod": "video",
            "identificationStatus": {
                "status": "success",
                "identificationTime": "2026-03-05T10:14:40+01:00",
                "created": "2026-03-05T10:03:11+01:00",
                "modified": "2026-03-05T10:14:40+01:00",
            },
            "identificationDocument": {
                "type": {"status": "new", "value": "1"},
                "number": {"status": "match", "value": "T01012148"},
                "firstName": {"status": "new", "value": "Erika"},
                "lastName": {"status": "change", "value": "Mustermann"},
            },
            "records": [
                {
                    "recordId": "YR9W91GEZK24-1",
                    "belongsTo": "method",
                    "type": "result",
                    "mimeType": "application/pdf",
                    "fileName": "YR9W91GEZK24_result_video.pdf",
                }
            ],
            "additionalDataVideo": {
                "identificationServiceCenter": "Service center North",
                "identificationAgentAlias": "Agent 17",
                "videoRecordingAccepted": "2026-03-05T10:05:00+01:00",
            },
        }
    ],
    "accountingData": {"accountingNumber": "87122222143703", "accountingProduct": "Postident Video"},
}
NEW: Final[dict[str, Any]] = {
    "caseId": "T2EYAS210MZA",
    "caseStatus": {**_STATUS, "status": "new", "modified": "2026-03-05T10:02:03+01:00"},
    "orderData": {"processData": {"targetCountry": "DEU", "preferredLanguage": "DE_DE"}},
    "identifications": [],
    "accountingData": {"accountingNumber": "87122222143703", "accountingProduct": "Postident"},
}
