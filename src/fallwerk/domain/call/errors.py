"""
What can stand in the way of a call's TAN.

DomainError
├── NoTanNeeded    the case's class asks for none
├── NoTanChannel
├── TooManyTans
├── NoTanAsked
└── WrongTan
"""

from fallwerk.domain.call.model import TanState
from fallwerk.domain.errors import DomainError


class NoTanNeeded(DomainError):
    """Only calls in class GwG have a TAN; nothing was sent."""


class NoTanChannel(DomainError):
    """There is neither a number nor an address that a TAN could be sent to here, or not this one."""


class TooManyTans(DomainError):
    """No further TAN is sent until an instant."""

    def __init__(self, until_us: int) -> None:
        super().__init__(until_us)
        self.until_us = until_us


class NoTanAsked(DomainError):
    """There is no TAN that could be confirmed now; nothing was judged."""

    def __init__(self, state: TanState) -> None:
        super().__init__(state.value)
        self.state = state


class WrongTan(DomainError):
    """It is another one; the attempt is counted."""

    def __init__(self, left: int) -> None:
        super().__init__(left)
        self.left = left
        """Attempts that are left before another TAN must be sent."""
