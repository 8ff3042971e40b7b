"""
What can stand in the way of an account's change.

DomainError
├── ClientUnknown
├── ClientIdTaken
├── ClientIdMalformed
├── SettingsRefused
└── KeysFromEnvironment
"""

from dataclasses import dataclass

from fallwerk.domain.errors import DomainError


@dataclass(frozen=True, slots=True)
class SettingFault:
    """What is wrong with one setting; `name` is a field of `ScrSettings`, the message repeats no value."""

    name: str
    message: str


class ClientUnknown(DomainError):
    """There is no client with this id."""


class ClientIdTaken(DomainError):
    """Another client has this id."""


class ClientIdMalformed(DomainError):
    """A client id has 1 to 16 characters `0-9A-Z` (decision 36)."""


class KeysFromEnvironment(DomainError):
    """The master keys come from the environment, where their operator rotates them."""


class SettingsRefused(DomainError):
    """Some settings cannot be used; nothing was changed."""

    def __init__(self, faults: tuple[SettingFault, ...]) -> None:
        super().__init__(", ".join(fault.name for fault in faults))
        self.faults = faults
