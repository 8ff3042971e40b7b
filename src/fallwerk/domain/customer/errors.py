"""
What can stand in the way of a change of a broker or a look at its customers.

DomainError
├── BrokerUnknown
├── UserIdTaken
├── CustomerUnknown
└── BrokerSettingsRefused
"""

from fallwerk.domain.account.errors import SettingFault
from fallwerk.domain.errors import DomainError


class BrokerUnknown(DomainError):
    """There is no broker with this user id."""


class UserIdTaken(DomainError):
    """Another broker has this user id."""


class CustomerUnknown(DomainError):
    """The broker has no customer with this id."""


class BrokerSettingsRefused(DomainError):
    """Some settings cannot be used; nothing was changed."""

    def __init__(self, faults: tuple[SettingFault, ...]) -> None:
        super().__init__(", ".join(fault.name for fault in faults))
        self.faults = faults
