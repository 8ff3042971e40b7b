"""Example bodies of creating a customer: the document's own and small ones, for OpenAPI, the docs and the tests."""

from typing import Any, Final

USER_ID: Final = "4712"
LOGIN_TOKEN: Final = "7d1f3a52-9c1b-5b7a-8f60-1a2b3c4d5e6f"  # noqa: S105 - the sandbox's demo broker, known to everybody
_CREDENTIALS: Final = {"user_id": USER_ID, "login_token": LOGIN_TOKEN}
_ADDRESS: Final = {"strasse": "Musterstraße", "hausnr": "1a", "plz": "12345", "ort": "Musterstadt"}

REFUSED_REQUEST: Final[dict[str, Any]] = {
    **_CREDENTIALS,
    "nachname": "Mustermann",
    **_ADDRESS,
    "email": "keine-gueltige-email",
    "land": 2,
}
"""CUSTOMER, Beispiele, 1 (credentials in place of the redacted ones, decision 41)."""

CREATED_REQUEST: Final[dict[str, Any]] = {
    **_CREDENTIALS,
    "vorname": "Max",
    "nachname": "Mustermann",
    **_ADDRESS,
    "email": "test@test.de",
    "land": 2,
}
"""CUSTOMER, Beispiele, 2 (as above)."""

FULL_REQUEST: Final[dict[str, Any]] = {
    **_CREDENTIALS,
    "anrede": 2,
    "titel": 4,
    "vorname": "Max",
    "nachname": "Mustermann",
    "geburtstag": "1980-05-21",
    "strasse": "Max-Muster-Weg",
    "hausnr": "10b",
    "plz": "12345",
    "ort": "Musterstadt",
    "land": 1,
    "tel": "+49 (0)1234-998877 6",
    "email": "max.mustermann@policenwerk.de",
    "kontoinhaber": "Erika Mustermann",
    "iban": "DE02701500000000594937",
    "firma": "MAX Muster GmbH & Co KG",
    "ustid": "DE123456789",
    "handelsr_nr": "HRA 1234",
    "handelsr": "AG Würzburg",
}
"""The values of the document's tables."""

REQUESTS: Final = {
    "created": {"summary": "The document's second example", "value": CREATED_REQUEST},
    "refused": {"summary": "The document's first example", "value": REFUSED_REQUEST},
    "full": {"summary": "Every field of the document's tables", "value": FULL_REQUEST},
}
"""By name, as OpenAPI lists examples."""

_LOGIN: Final = {"login": True, "token_valid_until": "2027-06-11 00:00:00", "warning": ""}

REFUSED_RESPONSE: Final[dict[str, Any]] = {
    **_LOGIN,
    "error": {
        "vorname": ["Das Feld vorname ist ein Pflichtfeld."],
        "email": ["Das Feld email beinhaltet keine gültige E-Mail-Adresse."],
    },
}
"""CUSTOMER, Beispiele, answer 1."""

CREATED_RESPONSE: Final[dict[str, Any]] = {**_LOGIN, "error": "", "success": True, "customer_id": "34313"}
"""CUSTOMER, Beispiele, answer 2."""

EXPIRING_RESPONSE: Final[dict[str, Any]] = {
    **CREATED_RESPONSE,
    "warning": "Login-Token is about to expire in less than 14 days",
}
"""CUSTOMER, JSON-Felder, `warning`."""
