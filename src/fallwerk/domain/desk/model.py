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


CALL_HELD_US: Final = 60 * 1_000_000
"""How long a call stays an agent's whose page has fallen silent."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Which agent talks to a person; times are microseconds since 1970."""

    user_id: int
    taken_us: int
    seen_us: int
    """When the agent's page was last heard of."""

    def is_held(self, now_us: int) -> bool:
        """Tell whether the call is still the agent's, as far as time says."""
        return now_us < self.seen_us + CALL_HELD_US


@dataclass(frozen=True, slots=True)
class Caller:
    """A case at the video desk, as its list shows it."""

    case: Waiting
    here_since_us: int | None
    """Since when the person has waited on their page; None: they are not there, or are being talked to."""
    taken_by: str = ""
    """Name of the agent who talks to them."""


@dataclass(frozen=True, slots=True)
class CallQueue:
    """The video desk: who waits on their page, longest first, then the other calls that were begun."""

    callers: tuple[Caller, ...]
    here: int
    """How many wait on their page."""
    more: bool
