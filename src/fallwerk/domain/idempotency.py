"""
`Idempotency-Key`: a creating call that is repeated gets its first answer again (C-11).

Only answers of calls that created something are kept; a call that was refused is judged anew.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from fallwerk.domain.errors import DomainError

KEPT_US: Final = 24 * 3600 * 1_000_000
"""How long a first answer is kept: 24 hours."""


class IdempotencyKeyReused(DomainError):
    """The key came before with another body."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the first call answered; `case_id` lets the answer go with its case."""

    status: int
    body: bytes
    case_id: str | None = None


@dataclass(frozen=True, slots=True)
class IdempotentCall:
    """One call under a key; `request` is everything that must be equal for the call to count as the same."""

    tenant_id: int
    operation: str
    key: str
    request: bytes


class IdempotencyRepository(Protocol):
    """First answers by tenant, operation and key."""

    def claim(self, call: IdempotentCall, *, now_us: int, expires_us: int) -> Answer | None:
        """
        Take the key for this transaction, or return the answer it led to.

        Of two calls at once the second waits for the first one's transaction.

        Raises:
            IdempotencyKeyReused: the key came with another request.
        """

    def find(self, call: IdempotentCall, *, now_us: int) -> Answer | None:
        """
        Return the answer that the key led to, None if it is free; takes nothing, so `claim` still decides.

        Raises:
            IdempotencyKeyReused: the key came with another request.
        """

    def keep(self, call: IdempotentCall, answer: Answer) -> None:
        """Store the answer of the call that claimed the key."""

    def expire(self, now_us: int) -> None:
        """Delete answers whose time is over."""


class HasIdempotency(Protocol):
    """A unit of work that keeps first answers."""

    @property
    def idempotency(self) -> IdempotencyRepository:
        """First answers."""


def once(uow: HasIdempotency, call: IdempotentCall, *, now_us: int, make: Callable[[], Answer]) -> Answer:
    """Run `make` unless the same call was answered before; its answer is committed with what it did."""
    known = uow.idempotency.claim(call, now_us=now_us, expires_us=now_us + KEPT_US)
    if known is not None:
        return known
    answer = make()
    uow.idempotency.keep(call, answer)
    return answer
