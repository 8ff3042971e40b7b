"""
What can stand in the way of a change of a loan case.

DomainError
├── LoanCaseUnknown
├── LoanCaseDeleted
├── LoanCaseOutOfReach
├── LoanCaseNumberTaken
├── LoanCaseNumberMalformed
├── ApplicationUnknown
├── ApplicationAmbiguous
├── NumbersDisagree
├── DocumentUnknown
├── HintUnknown
├── HintChanged
├── OwnerNeeded
└── OwnerOutOfReach
"""

from fallwerk.domain.errors import DomainError


class LoanCaseUnknown(DomainError):
    """There is no Vorgang with this number."""


class LoanCaseDeleted(DomainError):
    """The Vorgang is deleted; it takes nothing any more."""


class LoanCaseOutOfReach(DomainError):
    """The Vorgang belongs to a partner that the caller's partner does not reach (decision 43)."""


class LoanCaseNumberTaken(DomainError):
    """Another Vorgang has this number, perhaps a deleted one."""


class LoanCaseNumberMalformed(DomainError):
    """A Vorgangsnummer has six characters `0-9A-Z` (public-facts.md)."""


class ApplicationUnknown(DomainError):
    """There is no application with this number."""


class ApplicationAmbiguous(DomainError):
    """Several applications in reach have this number of the Produktanbieter (A-02)."""


class NumbersDisagree(DomainError):
    """The two numbers of a call name different applications (A-02)."""


class DocumentUnknown(DomainError):
    """The loan case has no document with this content."""


class HintUnknown(DomainError):
    """The loan case has no such hint."""


class HintChanged(DomainError):
    """Somebody else ticked the hint since it was shown; nothing was changed."""


class OwnerNeeded(DomainError):
    """Nobody said which partner looks after the Vorgang."""


class OwnerOutOfReach(DomainError):
    """There is no partner with this id, or the caller's partner does not reach it; nobody learns which of the two."""
