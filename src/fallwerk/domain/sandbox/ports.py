"""What the sandbox's own control needs from the store, beside what the use cases need."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from fallwerk.domain.sandbox.model import CallFault, Component, OrderedFaults
from fallwerk.domain.unit_of_work import UnitOfWork

T = TypeVar("T")


class SandboxRepository(Protocol):
    """The sandbox's state: its clock, its faults, and a clean slate."""

    def offset_us(self) -> int:
        """Return the stored offset of the clock in microseconds."""

    def set_offset_us(self, offset_us: int) -> None:
        """Store the offset of the clock."""

    def take_turn(self, *, now_us: int, until_us: int) -> bool:
        """Take the one lease on changing the clock, unless somebody holds it; all by the machine's clock."""

    def renew_turn(self, *, held_until_us: int, until_us: int) -> bool:
        """Prolong the lease; False if it ran out and somebody else took it."""

    def end_turn(self, held_until_us: int) -> None:
        """Give the lease back."""

    def faults(self) -> OrderedFaults:
        """Return what is ordered."""

    def order(self, fault: CallFault) -> None:
        """Store a fault of calls."""

    def consume(self, fault_id: int) -> bool:
        """Take one of the fault's times; False if none is left. Processes never take more than there are."""

    def set_component(self, component: Component, *, available: bool) -> None:
        """Declare a component unavailable, or available again."""

    def clear_faults(self) -> None:
        """Forget every fault."""

    def wipe(self) -> None:
        """Delete every row but keys, id blocks and the lease on the clock."""


class SandboxUnit(UnitOfWork, Protocol):
    """One transaction that may touch the sandbox's state too."""

    @property
    def sandbox(self) -> SandboxRepository:
        """The sandbox's state."""


class SandboxStore(Protocol):
    """The store as the sandbox's control sees it; see `domain.unit_of_work.Transactions`."""

    async def write(self, work: Callable[[SandboxUnit], T]) -> T:
        """Run `work` in one transaction and return after its durable commit."""

    async def read(self, work: Callable[[SandboxUnit], T]) -> T:
        """Run a query against one snapshot."""
