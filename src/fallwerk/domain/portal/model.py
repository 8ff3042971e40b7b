"""How somebody who has only a case's address shows that the case is theirs."""

from dataclasses import dataclass
from enum import StrEnum


class Factor(StrEnum):
    """What a person can confirm with (W-01)."""

    BIRTH_DATE = "birth date"
    MAIL = "mail"
    SMS = "sms"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What the store keeps of the attempts at a case; times are microseconds since 1970."""

    failures: int = 0
    failing_since_us: int = 0
    """When the first of these failures happened."""
    code_until_us: int | None = None
    """End of the validity of the code sent last; None: there is none, or it was used."""
    codes_sent: int = 0
    sending_since_us: int = 0
    """When the first of these codes was sent."""


class Purpose(StrEnum):
    """What a code is for."""

    CONFIRM = "confirm"
    """The case is one's own (W-01)."""
    TAN = "tan"
    """The person in the call is the one who can be reached."""


@dataclass(frozen=True, slots=True)
class CodeMessage:
    """A code on its way to the person."""

    tenant_id: int
    case_id: str
    factor: Factor
    to: str
    """E-mail address, or phone number in the form of S-19."""
    code: str
    language: str
    """`de` or `en`."""
    valid_until_us: int
    purpose: Purpose = Purpose.CONFIRM


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody who waits; times are microseconds since 1970."""

    tenant_id: int
    case_id: str
    since_us: int
    seen_us: int


@dataclass(frozen=True, slots=True)
class Present:
    """Who of the waiting can be called: seen since an instant, with no agent who was heard of since another."""

    seen_since_us: int
    talking_since_us: int
