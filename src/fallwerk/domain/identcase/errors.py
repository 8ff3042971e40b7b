"""
What can stand in the way of a case.

DomainError
├── ReferenceIdTaken
├── CaseUnknown
├── CaseClosed
└── IllegalStep           lifecycle.py
"""

from fallwerk.domain.errors import DomainError
from fallwerk.domain.identcase.model import CaseId


class ReferenceIdTaken(DomainError):
    """Another case of the same client already uses this reference id."""

    def __init__(self, holder: CaseId) -> None:
        super().__init__(holder)
        self.holder = holder


class CaseUnknown(DomainError):
    """No such case, or not one of this client and kind: the caller cannot tell which."""


class CaseClosed(DomainError):
    """The case is closed and takes no more changes."""
