"""What the services of a call need from the store."""

from collections.abc import Mapping
from typing import Protocol

from fallwerk.domain.call.model import Place, Seat, Side, Signal, Tan


class CallRepository(Protocol):
    """Seats and signals; rows of seconds, which any server process sees."""

    def sit(self, place: Place, seat: Seat) -> None:
        """Give the place to a browser; what was meant for the one before is dropped."""

    def keep(self, place: Place, seat: Seat, read_up_to: int) -> None:
        """Note that a browser is still there, and drop the signals that it has got."""

    def leave(self, place: Place, seat_id: int) -> None:
        """Free the place unless another browser has it by now."""

    def seats(self, tenant_id: int, case_id: str) -> Mapping[Side, Seat]:
        """Return who sits where."""

    def add(self, place: Place, signal: Signal, *, at_us: int) -> None:
        """Keep a signal for whoever has a place."""

    def signals(self, place: Place, after_id: int) -> tuple[Signal, ...]:
        """Return the signals for a place, oldest first."""

    def pending(self, place: Place) -> int:
        """Count the signals that a place has not dropped yet."""


class TanRepository(Protocol):
    """TANs of calls, one per case; whoever changes one holds the case."""

    def get(self, tenant_id: int, case_id: str) -> Tan | None:
        """Return what is kept, None if none was ever sent."""

    def save(self, tenant_id: int, case_id: str, tan: Tan) -> None:
        """Store everything but the digits."""

    def set_digits(self, tenant_id: int, case_id: str, tan: Tan, digits: str) -> None:
        """Replace the digits, of which only a keyed hash is kept that no other call has."""

    def is_digits(self, tenant_id: int, case_id: str, tan: Tan, digits: str) -> bool:
        """Tell in constant time whether these are the digits."""
