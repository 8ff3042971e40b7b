"""Example values of documents on applications, for their description and the tests."""

from typing import Any, Final

CONTENT: Final = "JVBERi0xLjMKJcTl8uXrp/Og0MTGCg=="
FILE: Final[dict[str, Any]] = {"fileName": "Kreditvertrag.pdf", "fileContent": CONTENT}
BY_PROVIDER_NUMBER: Final[dict[str, Any]] = {"produktanbieterantragsnummer": "12919351", "antragsdokument": FILE}
BY_APPLICATION_NUMBER: Final[dict[str, Any]] = {"antragsnummer": "985132/1/1", "antragsdokument": FILE}
WITH_COMMENT: Final[dict[str, Any]] = {
    "produktanbieterantragsnummer": "12919351",
    "kommentar": "Der Kreditvertrag zum Unterschreiben.",
    "tags": ["QES"],
    "antragsdokument": FILE,
}
REQUESTS: Final[dict[str, dict[str, Any]]] = {
    "by_provider_number": {"summary": "By the Produktanbieter's number", "value": BY_PROVIDER_NUMBER},
    "by_application_number": {"summary": "By the Antragsnummer", "value": BY_APPLICATION_NUMBER},
    "with_comment": {"summary": "With a comment, signed electronically", "value": WITH_COMMENT},
}
STORED: Final[dict[str, Any]] = {
    "filename": "Kreditvertrag.pdf",
    "size": 22,
    "sha256": "c2b64a6ca3bd4fa36fbf802c64b0f6723ec85871553e4dde82604b69f3136371",
}
