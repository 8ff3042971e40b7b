"""
What can stand in the way of a staff user or a session.

DomainError
├── StaffUnknown
├── UsernameTaken
├── HomeUnknown
├── StaffRefused          what was given cannot be used; lists every fault
└── PasswordRefused
"""

from dataclasses import dataclass

from fallwerk.domain.errors import DomainError


@dataclass(frozen=True, slots=True)
class StaffFault:
    """What is wrong with one datum of a user; `name` is `username`, `name` or `roles`."""

    name: str
    message: str


class StaffUnknown(DomainError):
    """There is no user with this name, or none that is active."""


class UsernameTaken(DomainError):
    """Another user has this name."""


class HomeUnknown(DomainError):
    """There is no such SCR client, partner or broker."""


class StaffRefused(DomainError):
    """What was given for a user cannot be used; nothing was changed."""

    def __init__(self, faults: tuple[StaffFault, ...]) -> None:
        super().__init__(", ".join(fault.name for fault in faults))
        self.faults = faults


class PasswordRefused(DomainError):
    """A new password is too short, too long, the user's name or the present one; nothing was changed."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        """`too_short`, `too_long`, `is_username` or `is_present`."""
