"""The document's examples of STATUS, verbatim (A-08)."""

from typing import Any, Final

BY_PROVIDER_NUMBER: Final[dict[str, Any]] = {
    "produktanbieterantragsnummer": "12919351",
    "produktanbieterstatus": "UNTERSCHRIEBEN",
}
BY_APPLICATION_NUMBER: Final[dict[str, Any]] = {
    "antragsnummer": "985132/1/1",
    "produktanbieterstatus": "UNTERSCHRIEBEN",
}
WITH_COMMENT: Final[dict[str, Any]] = {
    "produktanbieterantragsnummer": "12919351",
    "produktanbieterstatus": "ZURUECKGESTELLT",
    "kommentar": "Bitte noch eine Kopie des Personalausweises nachreichen.",
}
WITH_HINTS: Final[dict[str, Any]] = {
    "produktanbieterantragsnummer": "12919351",
    "produktanbieterstatus": "ZURUECKGESTELLT",
    "kommentar": "Bitte reichen Sie noch folgende Dokumente nach:",
    "hinweise": ["Personalausweis", "Geburtsurkunde"],
}
OF_APPLICANT: Final[dict[str, Any]] = {
    "produktanbieterantragsnummer": "12919351",
    "antragstellerstatus": "UNTERSCHRIEBEN",
}
BOTH: Final[dict[str, Any]] = {
    "produktanbieterantragsnummer": "12919351",
    "produktanbieterstatus": "UNTERSCHRIEBEN",
    "antragstellerstatus": "UNTERSCHRIEBEN",
}
REQUESTS: Final[dict[str, dict[str, Any]]] = {
    "by_provider_number": {"summary": "By the Produktanbieter's number", "value": BY_PROVIDER_NUMBER},
    "by_application_number": {"summary": "By the Antragsnummer", "value": BY_APPLICATION_NUMBER},
    "with_comment": {"summary": "With a comment", "value": WITH_COMMENT},
    "with_hints": {"summary": "With a comment and hints", "value": WITH_HINTS},
    "of_applicant": {"summary": "The Antragsteller's status", "value": OF_APPLICANT},
    "both": {"summary": "Both statuses at once", "value": BOTH},
}
