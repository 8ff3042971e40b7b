"""CUSTOMER's request and answer ↔ the domain; pure functions."""

from fallwerk.apis.policenwerk_customer.schema import CustomerBody
from fallwerk.dialects.policenwerk.envelope import Login, rendered
from fallwerk.dialects.policenwerk.fields import WIRE_NAMES
from fallwerk.domain.customer.model import Customer


def to_customer(body: CustomerBody) -> Customer:
    """Turn a checked body into what the domain knows of a customer."""
    return Customer(**{name: getattr(body, wire) for name, wire in WIRE_NAMES.items()})


def to_response(customer_id: int, login: Login) -> bytes:
    """Render the 200 body, its members in the order of P-07."""
    return rendered({**login.members(), "error": "", "success": True, "customer_id": str(customer_id)})
