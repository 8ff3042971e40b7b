"""What is kept of an attempt to identify by basic, video, photo or eid, and the case around it."""

from dataclasses import dataclass, field

from fallwerk.domain.account.model import ScrClient
from fallwerk.domain.identcase.methods_lifecycle import is_open
from fallwerk.domain.identcase.model import (
    CaseOrder,
    DrivingLicence,
    IdentCase,
    Identification,
    IdentityDocument,
    Method,
)


@dataclass(frozen=True, slots=True)
class Preliminary:
    """What an agent found; a reviewer decides whether it stands (S-46: the user hears of neither before)."""

    status: str
    """`success` or `declined`."""
    sub_status: int | None = None
    sub_status_reason: int | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """One thing that an agent had to look at, and whether it was in order."""

    name: str
    passed: bool


@dataclass(frozen=True, slots=True)
class Count:
    """How often something happened, and when last."""

    times: int = 0
    last_us: int | None = None

    def once_more(self, now_us: int) -> "Count":
        """Return the count after it happened again."""
        return Count(self.times + 1, now_us)


@dataclass(frozen=True, slots=True)
class AttemptDetails:
    """What one attempt found out; kept sealed."""

    identity_document: IdentityDocument | None = None
    """As recorded at the counter, in the call, from the pictures or from the card."""
    driving_licence: DrivingLicence | None = None
    recorded_by: str = ""
    """Name of the actor who recorded the result under review; somebody else must confirm it (W-05)."""
    preliminary: Preliminary | None = None
    reviews: tuple[Review, ...] = ()
    service_center: str = ""
    """Where the agent of a video call sits."""
    agent_alias: str = ""
    recording_accepted: bool | None = None
    """Whether the person let the video call be recorded; None if nobody asked."""
    tan_channel: str = ""
    """`sms` or `email`, where a TAN was confirmed."""
    coupon_downloads: Count = field(default_factory=Count)
    app_requests: Count = field(default_factory=Count)
    mail_requests: Count = field(default_factory=Count)
    dkk: str = ""
    """The card's own pseudonym for this service."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt by one method."""

    number: int
    """Counted from 1 within the case, whatever the method."""
    identification: Identification
    details: AttemptDetails = field(default_factory=AttemptDetails)

    @property
    def method(self) -> Method:
        """The method it goes by."""
        return self.identification.method

    @property
    def open(self) -> bool:
        """True while it can still move."""
        return is_open(self.identification)


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case of START with everything that belongs to it, as services, pages and results need it."""

    case: IdentCase
    order: CaseOrder
    client: ScrClient
    attempts: tuple[Attempt, ...] = ()
    """Oldest first."""

    def latest(self, method: Method) -> Attempt | None:
        """Return the latest attempt by a method, None if there is none."""
        return next((attempt for attempt in reversed(self.attempts) if attempt.method is method), None)

    def with_attempt(self, attempt: Attempt) -> tuple[Attempt, ...]:
        """Return the attempts with one added or replaced."""
        others = tuple(known for known in self.attempts if known.number != attempt.number)
        return tuple(sorted((*others, attempt), key=lambda known: known.number))
