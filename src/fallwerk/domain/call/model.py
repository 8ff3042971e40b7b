"""The two sides of a video call and what they tell each other until their browsers talk directly."""

from dataclasses import dataclass
from enum import StrEnum

from fallwerk.domain.desk.model import Claim
from fallwerk.domain.portal.model import Factor


class Side(StrEnum):
    """Who sits at one end."""

    PERSON = "person"
    AGENT = "agent"

    @property
    def other(self) -> "Side":
        """The other end."""
        return Side.AGENT if self is Side.PERSON else Side.PERSON


@dataclass(frozen=True, slots=True)
class Place:
    """One end of the call about a case."""

    tenant_id: int
    case_id: str
    side: Side


@dataclass(frozen=True, slots=True)
class Seat:
    """A browser that sits at a place; the latest one has it."""

    seat_id: int
    seen_us: int
    """By the system's clock: whether a browser is there has nothing to do with a clock that a test advances."""


@dataclass(frozen=True, slots=True)
class Signal:
    """What one browser tells the other: an offer, an answer, or a way to reach it."""

    signal_id: int
    body: str


@dataclass(frozen=True, slots=True)
class Look:
    """What a browser's connection sees when it looks."""

    is_mine: bool
    """False: another browser took the seat."""
    other_id: int | None
    """Who sits opposite; None: nobody."""
    is_taken: bool
    """Whether an agent has taken the call."""
    signals: tuple[Signal, ...]
    """Not seen before, oldest first."""
    tan: "TanView"


class TanState(StrEnum):
    """Where the TAN of a call stands."""

    NONE = "none"
    """None was sent in this call."""
    SENT = "sent"
    CONFIRMED = "confirmed"
    EXPIRED = "expired"
    SPENT = "spent"
    """Too many wrong ones: another must be sent."""


@dataclass(frozen=True, slots=True)
class Tan:
    """What the store keeps of a case's TAN; of its digits only a keyed hash. Times are microseconds since 1970."""

    attempt: int = 0
    """Number of the attempt to identify that it belongs to."""
    user_id: int = 0
    taken_us: int = 0
    """The agent and the instant at which they took the call that it belongs to; no other call can use it."""
    factor: Factor = Factor.SMS
    until_us: int = 0
    failures: int = 0
    confirmed_us: int | None = None
    sent_us: int = 0
    times_sent: int = 0
    sending_since_us: int = 0
    """When the first of these was sent."""

    def is_of(self, attempt: int, claim: Claim) -> bool:
        """Tell whether it was sent in this call."""
        return (self.attempt, self.user_id, self.taken_us) == (attempt, claim.user_id, claim.taken_us)


@dataclass(frozen=True, slots=True)
class TanView:
    """What both sides see of the TAN."""

    state: TanState = TanState.NONE
    factor: Factor | None = None
    """How it was sent."""
    left: int = 0
    """Attempts that are left."""
