"""A webhook notification and what became of it; times are microseconds since 1970."""

from dataclasses import dataclass
from enum import StrEnum


class DeliveryStatus(StrEnum):
    """Where a notification stands, in the control API's words."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try; either a status code came back or an error says in short words why not."""

    at_us: int
    status_code: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one try led to."""

    status_code: int | None = None
    error: str | None = None
    final: bool = False
    """The target was refused; trying again would be refused again (D-67)."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notification to one URL."""

    delivery_id: int
    tenant_id: int
    case_id: str
    url: str
    body: bytes
    event: str
    status: DeliveryStatus
    attempts: tuple[Attempt, ...]
    next_attempt_at_us: int | None
    created_us: int
