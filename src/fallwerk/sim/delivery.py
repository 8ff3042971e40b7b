"""
Playing the outside actors of a delivery: what the sandbox's `simulate` takes, and who would do it in reality.

Source: control-api.md; decisions.md "Simulate". Every step of the table can be played, the system's own included;
whether it is legal decides the life cycle's gate, which is called without a role.
"""

from collections.abc import Mapping
from typing import Final, cast

from fallwerk.domain.identcase.lifecycle import Role, WantedStep, role_for
from fallwerk.domain.identcase.model import Identification, IdentStatus, Method, PostOffice

TEXT_LENGTH: Final = 100
_KNOWN: Final = ("method", "status", "subStatus", "subStatusReason", "postOffice")
_KNOWN_OFFICE: Final = ("streetAddress", "city")


class SimulationFault(Exception):
    """The request does not say which step is meant; the message names the field."""


def read_simulation(body: object) -> WantedStep:
    """
    Read the body of a simulate call.

    Returns:
        A step of well-formed parts, which may still be illegal. `null` and empty strings count as absent.

    Raises:
        SimulationFault: not an object, a field of the wrong type, an unknown field, method or status, or a text that
            is too long.
    """
    fields = object_of("body", body, _KNOWN)
    one_of("method", fields.get("method"), tuple(method.value for method in Method))
    status = one_of("status", fields.get("status"), tuple(status.value for status in IdentStatus))
    return WantedStep(
        status=IdentStatus(status),
        sub_status=code_of("subStatus", fields.get("subStatus")),
        sub_status_reason=code_of("subStatusReason", fields.get("subStatusReason")),
        post_office=_post_office(fields.get("postOffice")),
    )


def actor_for(current: Identification | None, step: WantedStep) -> Role | None:
    """Return who would take this step in reality, for the audit log; None if the step is illegal."""
    return role_for(current, step)


def object_of(name: str, value: object, known: tuple[str, ...]) -> Mapping[str, object]:
    """Read an object that may hold known fields only."""
    if not isinstance(value, dict):
        raise SimulationFault(f"{name} must be an object")
    fields = cast("Mapping[str, object]", value)
    for field in fields:
        if field not in known:
            raise SimulationFault(f"{name} has an unknown field; known are {', '.join(known)}")
    return fields


def one_of(name: str, value: object, allowed: tuple[str, ...]) -> str:
    """Read one of some texts."""
    if not isinstance(value, str) or value not in allowed:
        raise SimulationFault(f"{name} must be one of: {', '.join(allowed)}")
    return value


def code_of(name: str, value: object) -> int | None:
    """Read an integer, or nothing."""
    # JSON's true is an int to Python and would pass for code 1.
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise SimulationFault(f"{name} must be an integer")
    return value


def _post_office(value: object) -> PostOffice | None:
    if value is None or value == "":
        return None
    fields = object_of("postOffice", value, _KNOWN_OFFICE)
    street = text_of("postOffice.streetAddress", fields.get("streetAddress"))
    city = text_of("postOffice.city", fields.get("city"))
    return PostOffice(street, city) if street or city else None


def text_of(name: str, value: object) -> str | None:
    """Read a text of bounded length, or nothing; an empty one is nothing."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise SimulationFault(f"{name} must be a string")
    if any("\ud800" <= character <= "\udfff" for character in value):
        # Half a character is legal JSON but no text: it could neither be stored nor sent on.
        raise SimulationFault(f"{name} is not valid Unicode")
    if len(value) > TEXT_LENGTH:
        raise SimulationFault(f"{name} is too long (max. {TEXT_LENGTH} characters)")
    return value or None
