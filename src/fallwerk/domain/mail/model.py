"""A message to the person of a case and what became of it; times are microseconds since 1970."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Channel(StrEnum):
    """How a message travels."""

    MAIL = "mail"
    SMS = "sms"


class MailKind(StrEnum):
    """What a message is about; each has its templates."""

    START = "start"
    """Where to begin, for a start without the client's server (S-44)."""
    REMINDER = "reminder"
    """The case's validity ends soon (W-03)."""
    COUPON = "coupon"
    """A coupon for the post office was made."""
    NEW_PICTURES = "new pictures"
    """The reviewer wants other pictures."""
    SUCCESS = "success"
    DECLINED = "declined"
    CODE = "code"
    """The code that shows that a case is one's own (W-01)."""
    TAN = "tan"
    """The TAN of a video call in class GwG."""


class MessageStatus(StrEnum):
    """Where a message stands."""

    PENDING = "pending"
    SENT = "sent"
    """Taken over by the mail server or the gateway."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class MailAttempt:
    """One try; `error` says in short words why it failed, without a personal datum."""

    at_us: int
    error: str | None = None


@dataclass(frozen=True, slots=True)
class MailOutcome:
    """What one try led to; no error: it was taken over."""

    error: str | None = None
    final: bool = False
    """Trying again would be refused again."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one person."""

    message_id: int
    tenant_id: int
    case_id: str
    channel: Channel
    kind: MailKind
    to: str
    """E-mail address, or phone number in the form of S-19."""
    facts: Mapping[str, str]
    """What the template says, as it was given: to be shown and never interpreted."""
    status: MessageStatus
    attempts: tuple[MailAttempt, ...]
    created_us: int
    useless_us: int
    """When the message says nothing any more: it is not tried after this."""

    @property
    def pending(self) -> bool:
        """Tell whether it is still to be sent."""
        return self.status is MessageStatus.PENDING


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a letter; it is read when the letter is written and lies nowhere but in the blob store."""

    name: str
    content_type: str
    content: bytes = field(repr=False)
    blob_key: bytes


@dataclass(frozen=True, slots=True)
class MessageSummary:
    """What became of a message, without the person."""

    message_id: int
    client_id: str | None
    """Whose case it is about."""
    case_id: str
    channel: Channel
    kind: MailKind
    status: MessageStatus
    attempts: tuple[MailAttempt, ...]
    created_us: int


@dataclass(frozen=True, slots=True)
class Letter:
    """A message in its words."""

    subject: str
    """One line; empty for a text message."""
    text: str
    html: str = ""
    """Empty for a text message."""
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class PostedFile:
    """An attachment as the sandbox's mailbox knows it; its content stays where it was stored."""

    name: str
    content_type: str
    size_bytes: int
    blob_key: bytes


@dataclass(frozen=True, slots=True)
class PostedLetter:
    """A letter in the sandbox's mailbox: what would have been sent (control-api.md)."""

    message_id: int
    tenant_id: int
    to: str
    letter: Letter
    """Without its attachments."""
    at_us: int
    files: tuple[PostedFile, ...] = ()


@dataclass(frozen=True, slots=True)
class MessageCount:
    """How many messages have not arrived."""

    pending: int
    failed: int
