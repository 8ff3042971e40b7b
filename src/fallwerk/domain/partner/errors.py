"""
What can stand in the way of a change of partners and their clients.

DomainError
├── PartnerUnknown
├── ParentUnknown
├── PartnerTaken
├── PartnerLoop
├── OAuthClientUnknown
├── OAuthClientTaken
└── FieldsRefused
"""

from fallwerk.domain.account.errors import SettingFault
from fallwerk.domain.errors import DomainError


class PartnerUnknown(DomainError):
    """There is no partner with this id."""


class ParentUnknown(DomainError):
    """The partner that is to stand above does not exist."""


class PartnerTaken(DomainError):
    """Another partner has this id."""


class PartnerLoop(DomainError):
    """A partner cannot stand below itself."""


class OAuthClientUnknown(DomainError):
    """There is no OAuth client with this id."""


class OAuthClientTaken(DomainError):
    """Another OAuth client has this id."""


class FieldsRefused(DomainError):
    """Some values cannot be used; nothing was changed. The faults name fields of `ClientSettings` or of a partner."""

    def __init__(self, faults: tuple[SettingFault, ...]) -> None:
        super().__init__(", ".join(fault.name for fault in faults))
        self.faults = faults
