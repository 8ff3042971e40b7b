"""The two sides of a video call and what they tell each other until their browsers talk directly."""

from dataclasses import dataclass
from enum import StrEnum


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
