"""What lies at a desk: which cases wait there, and who may work on them."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from fallwerk.domain.identcase.lifecycle import Role
from fallwerk.domain.identcase.model import Identification, IdentStatus, Method

SHOWN_AT_ONCE: Final = 50
COUNTED: Final = 500
"""A desk's pile is counted up to here; more is simply much."""

COMPARED: Final = ("first_name", "last_name", "birth_date", "document")
"""What must have been compared with the identity document before a person counts as identified."""


@dataclass(frozen=True, slots=True)
class DeliveryDesk:
    """A desk of the delivery: the states in which a case lies there, and the roles that are played there."""

    name: str
    statuses: tuple[IdentStatus, ...]
    roles: tuple[Role, ...]


PACKAGING: Final = DeliveryDesk(
    "packaging",
    (IdentStatus.DMC_PROVIDED, IdentStatus.PACKAGING_ANNOUNCED, IdentStatus.INCOMPLETE),
    (Role.PACKAGING,),
)
COURIER: Final = DeliveryDesk(
    # The courier writes down what the recipient does: a refusal is the recipient's step.
    "courier",
    (IdentStatus.PACKAGING_ANNOUNCED, IdentStatus.DELIVERY_STARTED),
    (Role.COURIER, Role.RECIPIENT),
)
POST_OFFICE: Final = DeliveryDesk("counter", (IdentStatus.REROUTED,), (Role.POST_OFFICE, Role.RECIPIENT))
DELIVERY_DESKS: Final[Mapping[str, DeliveryDesk]] = MappingProxyType(
    {desk.name: desk for desk in (PACKAGING, COURIER, POST_OFFICE)}
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A case that waits at a desk, as its list shows it; times are microseconds since 1970."""

    tenant_id: int
    case_id: str
    client_id: str
    identification: Identification
    name: str
    """First and last name of the person, empty where nobody knows them yet."""
    job_id: str | None = None
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Pile:
    """What waits at a desk, oldest first."""

    waiting: tuple[Waiting, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which waiting cases a list asks for."""

    methods: tuple[Method, ...]
    statuses: tuple[IdentStatus, ...]
    tenant_id: int | None = None
    """None: those of every tenant."""
    job_id: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """Which agent talks to a person, and since when."""

    user_id: int
    taken_us: int
