"""Which delivery cases a list asks for."""

from dataclasses import dataclass

from fallwerk.domain.identcase.model import CaseStatus


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """
    Conditions that a listed case fulfils all of; times are microseconds since 1970, both ends inclusive.

    Source: DELIVERY §6.5; D-24.
    """

    statuses: frozenset[CaseStatus] = frozenset({CaseStatus.CLOSED})
    """Any of these; empty matches nothing."""
    include_archived: bool = False
    """True adds archived cases to the others (decision 24)."""
    created_from_us: int | None = None
    created_until_us: int | None = None
    closed_from_us: int | None = None
    """With either bound of this pair, a case without a closing time does not match."""
    closed_until_us: int | None = None
