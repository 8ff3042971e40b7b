"""The document's words for what the domain knows of a customer, in the order of its table (P-03)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from fallwerk.domain.customer.model import StoredCustomer

WIRE_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "salutation": "anrede",
        "title": "titel",
        "first_name": "vorname",
        "last_name": "nachname",
        "birth_date": "geburtstag",
        "street": "strasse",
        "house_number": "hausnr",
        "postal_code": "plz",
        "city": "ort",
        "country": "land",
        "phone": "tel",
        "email": "email",
        "account_holder": "kontoinhaber",
        "iban": "iban",
        "company": "firma",
        "vat_id": "ustid",
        "register_number": "handelsr_nr",
        "register": "handelsr",
    }
)
"""Field of `Customer` → its name in the document."""
DOMAIN_NAMES: Final[Mapping[str, str]] = MappingProxyType({wire: name for name, wire in WIRE_NAMES.items()})


def customer_json(stored: StoredCustomer) -> dict[str, Any]:
    """Render a customer under the document's names; what is not known is null (P-11)."""
    known = stored.customer
    return {"customer_id": str(stored.customer_id), **{wire: getattr(known, name) for name, wire in WIRE_NAMES.items()}}
