"""
What can stand in the way at a desk.

DomainError
├── Outdated              what was shown has changed since
├── AtAnotherDesk
├── ChecksMissing
├── LicenceMissing
├── CallTaken
└── identcase.errors.CaseUnknown, identcase.lifecycle.IllegalStep
"""

from dataclasses import dataclass

from fallwerk.domain.errors import DomainError
from fallwerk.domain.identcase.model import IdentStatus


class Outdated(DomainError):
    """The case has changed since it was shown, or lies at another desk by now; nothing was changed."""


@dataclass(frozen=True, slots=True)
class AtAnotherDesk(DomainError):
    """The case is not at this desk now; only where it stands may be told."""

    case_id: str
    status: IdentStatus | None


class ChecksMissing(DomainError):
    """A result needs that everything which must be compared was; nothing was changed."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(", ".join(names))
        self.names = names


class LicenceMissing(DomainError):
    """The account wants the driving licence with every success, and none was recorded; nothing was changed."""


class CallTaken(DomainError):
    """Another agent talks to the person already; nothing was changed."""

    def __init__(self, by: str) -> None:
        super().__init__("")
        self.by = by
        """The agent's name, for colleagues."""
