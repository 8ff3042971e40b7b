"""Example values of the import, for its description and the tests."""

from typing import Any, Final

SMALLEST: Final[dict[str, Any]] = {"kundenbetreuer": {"partnerId": "ABC12"}}
WITH_APPLICANT: Final[dict[str, Any]] = {
    "kundenbetreuer": {"partnerId": "ABC12"},
    "leadquelle": "Vergleichsportal",
    "antragsteller1": {"personendaten": {"anrede": "FRAU", "vorname": "Erika", "nachname": "Mustermann"}},
    "finanzbedarf": {"finanzierungszweck": "FREIE_VERWENDUNG", "finanzierungswunsch": {"kreditbetrag": 12000.50}},
}
REQUESTS: Final[dict[str, dict[str, Any]]] = {
    "smallest": {"summary": "What is mandatory", "value": SMALLEST},
    "with_applicant": {"summary": "With an Antragsteller", "value": WITH_APPLICANT},
}
ANSWER: Final[dict[str, Any]] = {
    "vorgangsnummer": "AB1234",
    "messages": [],
    "antragsteller1": {"id": "5a1c6a54-36a5-4d8c-9e54-1f1d1f5bd5a1"},
}
