"""What is kept of an attempt to identify by basic, video, photo or eid, and the case around it."""

from dataclasses import dataclass, field, fields
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from fallwerk.domain.account.model import IdentClass, ScrClient
from fallwerk.domain.identcase.methods_lifecycle import is_open
from fallwerk.domain.identcase.model import (
    CaseOrder,
    Contact,
    DrivingLicence,
    IdentCase,
    Identification,
    IdentityDocument,
    IdentStatus,
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
    recording_accepted_us: int | None = None
    """When the person let the video call be recorded; None if they did not."""
    tan_channel: str = ""
    """`sms` or `email`, where a TAN was confirmed."""
    coupon_downloads: Count = field(default_factory=Count)
    app_requests: Count = field(default_factory=Count)
    """How often the coupon was opened on the phone."""
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

    def lacks_tan(self, ident_class: IdentClass) -> bool:
        """Tell whether it stands for a success, or proposes one, that needs a TAN and has none (R-04)."""
        found, proposed = self.identification.status, self.details.preliminary
        proposes = found is IdentStatus.REVIEW_PENDING and proposed is not None
        succeeds = proposed.status == IdentStatus.SUCCESS if proposes and proposed else found is IdentStatus.SUCCESS
        needed = self.method is Method.VIDEO and ident_class is IdentClass.GWG
        return needed and succeeds and not self.details.tan_channel


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person agreed to, in which words, when (W-02)."""

    kind: str
    """As `privacy`, `identification`, `recording`."""
    text_version: str
    given_us: int
    language: str
    """`de` or `en`: the words that were read."""


@dataclass(frozen=True, slots=True)
class Person:
    """What the person told us in the portal."""

    contact: Contact | None = None
    """As entered; None if the dialogue was skipped. It goes before what the client provided, field by field."""
    consents: tuple[Consent, ...] = ()
    """Oldest first."""


class BelongsTo(StrEnum):
    """What a record shows, in the words of results."""

    METHOD = "method"
    IDENTITY_DOCUMENT = "identificationdocument"
    DRIVING_LICENCE = "drivinglicence"


class ValidationStatus(StrEnum):
    """What a reviewer thinks of a picture, in the words of results."""

    UNCHECKED = "unchecked"
    VALID = "valid"
    INVALID = "invalid"


VALIDATION_SUB_STATUSES: Final = (
    "document not supported",
    "document not identifiable",
    "document expired",
    "fraud suspicion",
    "abuse",
    "person not identifiable",
    "bad exposure",
    "too blurry",
    "partly concealed",
    "picture detail not sufficient",
)
"""Why a picture is invalid; one of them must be named."""


@dataclass(frozen=True, slots=True)
class Validation:
    """A reviewer's judgement of one picture."""

    status: ValidationStatus = ValidationStatus.UNCHECKED
    sub_status: str = ""
    """One of `VALIDATION_SUB_STATUSES` where the picture is invalid, otherwise empty."""
    remark: str = ""


RECORD_TYPES: Final = MappingProxyType(
    {
        "result": BelongsTo.METHOD,
        "userface": BelongsTo.METHOD,
        "usersignature": BelongsTo.METHOD,
        "idfrontside": BelongsTo.IDENTITY_DOCUMENT,
        "idbackside": BelongsTo.IDENTITY_DOCUMENT,
        "idimage": BelongsTo.IDENTITY_DOCUMENT,
        "idsignature": BelongsTo.IDENTITY_DOCUMENT,
        "dlfrontside": BelongsTo.DRIVING_LICENCE,
        "dlbackside": BelongsTo.DRIVING_LICENCE,
        "dlimage": BelongsTo.DRIVING_LICENCE,
    }
)
"""Types of records, with what they belong to."""


@dataclass(frozen=True, slots=True)
class Record:
    """A picture or document of an attempt; its content lies in the blob store."""

    record_id: int
    attempt: int
    """Number of the attempt."""
    type: str
    """One of `RECORD_TYPES`."""
    mime_type: str
    blob_key: bytes
    size_bytes: int
    created_us: int
    submitted: bool = True
    """False while the person has not sent it off; nobody but them sees it until then."""
    validation: Validation | None = None
    """None where nobody judges it: everything but photo."""

    @property
    def belongs_to(self) -> BelongsTo:
        """What it shows."""
        return RECORD_TYPES[self.type]


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case of START with everything that belongs to it, as services, pages and results need it."""

    case: IdentCase
    order: CaseOrder
    client: ScrClient
    attempts: tuple[Attempt, ...] = ()
    """Oldest first."""
    person: Person = field(default_factory=Person)
    records: tuple[Record, ...] = ()
    """Oldest first."""
    coupon_count: int = 0
    """How many coupons were issued."""

    @property
    def contact(self) -> Contact | None:
        """The person's contact data: what they entered, and what the client provided where they entered nothing."""
        given, entered = self.order.contact, self.person.contact
        if given is None or entered is None:
            return entered or given
        return Contact(
            *(
                getattr(given, field.name) if getattr(entered, field.name) is None else getattr(entered, field.name)
                for field in fields(Contact)
            )
        )

    def records_of(self, number: int) -> tuple[Record, ...]:
        """Return the records of an attempt that were sent off, oldest first."""
        return tuple(record for record in self.records if record.attempt == number and record.submitted)

    def latest(self, method: Method) -> Attempt | None:
        """Return the latest attempt by a method, None if there is none."""
        return next((attempt for attempt in reversed(self.attempts) if attempt.method is method), None)

    def with_attempt(self, attempt: Attempt) -> tuple[Attempt, ...]:
        """Return the attempts with one added or replaced."""
        others = tuple(known for known in self.attempts if known.number != attempt.number)
        return tuple(sorted((*others, attempt), key=lambda known: known.number))
