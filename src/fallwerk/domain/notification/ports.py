"""What the notification services need from outside."""

from collections.abc import Sequence
from typing import Protocol

from fallwerk.domain.notification.due import DueKind, DueQueue, DueWork
from fallwerk.domain.notification.model import Delivery


class NotificationRepository(Protocol):
    """Webhook deliveries with their attempts."""

    def add(self, delivery: Delivery) -> None:
        """Store a new delivery."""

    def get_many(self, keys: Sequence[tuple[int, str, int]]) -> dict[tuple[int, str, int], Delivery]:
        """Return deliveries by tenant, case and delivery id; those that are gone are left out."""

    def save(self, *deliveries: Delivery) -> None:
        """Store status, attempts and the time of the next one."""

    def of_case(self, case_id: str | None) -> list[Delivery]:
        """Return the deliveries of a case, or of all cases, oldest first."""


class DueRepository(Protocol):
    """The outbox (D-66)."""

    def add(self, *works: DueWork) -> None:
        """Write due work in this transaction; a row with the same key is replaced."""

    def add_many(self, works: Sequence[DueWork]) -> None:
        """Write many new rows with one statement."""

    def claim(self, *, now_us: int, owner: str, system_now_us: int, lease_us: int, limit: int) -> list[DueWork]:
        """Lease what is due, oldest first; nobody else gets it before the lease ends."""

    def done(self, *works: DueWork) -> None:
        """Delete finished work."""

    def postpone(self, work: DueWork, due_us: int) -> None:
        """Give work back, to be done at `due_us`."""

    def next_due_us(self) -> int | None:
        """Return the earliest due time of all work, leased or not; None if there is none."""

    def queue(self, now_us: int) -> DueQueue:
        """Measure the queue."""

    def lease_owners(self) -> list[str]:
        """Return who holds leases now."""

    def release_leases(self, *owners: str) -> None:
        """Give back what dead processes hold."""

    def drop(self, tenant_id: int, case_id: str, *kinds: DueKind) -> None:
        """Delete the work of these kinds that a case no longer needs."""
