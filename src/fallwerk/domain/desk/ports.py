"""What the desks need from outside."""

from typing import Protocol

from fallwerk.domain.desk.model import Pile, Wanted
from fallwerk.domain.identcase.ports import DeliveryOrder


class DeskRepository(Protocol):
    """What waits at the desks, over all tenants."""

    def pile(self, wanted: Wanted, limit: int) -> Pile:
        """Return the open cases that wait, oldest first."""

    def count(self, wanted: Wanted, limit: int) -> int:
        """Count the open cases that wait, up to a limit."""

    def delivery_order(self, tenant_id: int, case_id: str) -> DeliveryOrder | None:
        """Return recipient and place in its job of a delivery case."""
