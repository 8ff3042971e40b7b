"""What the portal may show of a case without knowing who asks: nothing personal (W-01)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from fallwerk.domain.identcase.model import CaseKind, CaseStatus
from fallwerk.domain.unit_of_work import Transactions, UnitOfWork

CASE_ID_LENGTH: Final = 12
_SEPARATORS: Final = frozenset("-\u2010\u2011\u2013.")


class State(Enum):
    """Where a case stands for the person it is about."""

    NEW = "new"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    EXPIRED = "expired"

    @property
    def is_over(self) -> bool:
        """Tell whether nothing more can be done with the case (S-43)."""
        return self in {State.DONE, State.EXPIRED}


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as its page shows it; times are microseconds since 1970."""

    case_id: str
    status: CaseStatus
    valid_until_us: int
    closed_us: int | None
    language: str
    """`de` or `en`: what the client said about its user."""
    display_name: str
    """The account's; may be empty."""

    def state(self, now_us: int) -> State:
        """
        Judge by the time now: a case that is past its end counts as expired even before the system closes it.

        One that was finished in time stays finished.
        """
        if self.status is CaseStatus.CLOSED:
            in_time = self.closed_us is not None and self.closed_us < self.valid_until_us
            return State.DONE if in_time else State.EXPIRED
        if now_us >= self.valid_until_us:
            return State.EXPIRED
        return State.NEW if self.status is CaseStatus.NEW else State.IN_PROGRESS


FindCase = Callable[[str], Awaitable[CaseView | None]]
"""Returns the case with an id, None if there is none that the portal shows."""


def normalised(text: str) -> str | None:
    """Return the case id that somebody wrote or copied, small or grouped by blanks or hyphens; None if it is none."""
    written = "".join(sign for sign in text if not sign.isspace() and sign not in _SEPARATORS)
    if len(written) != CASE_ID_LENGTH or not written.isascii() or not written.isalnum():
        return None
    return written.upper()


def finder(store: Transactions) -> FindCase:
    """Look cases up in the store; delivery cases have no page (decisions.md "Two kinds of case")."""

    async def find(case_id: str) -> CaseView | None:
        return await store.read(lambda uow: _find(uow, case_id))

    return find


def _find(uow: UnitOfWork, case_id: str) -> CaseView | None:
    tenant_id = uow.cases.find_tenant(case_id)
    if tenant_id is None:
        return None
    row = uow.cases.get(tenant_id, case_id, kind=CaseKind.START)
    if row is None:
        return None
    client = uow.accounts.scr_client_of(tenant_id)
    return CaseView(
        case_id=case_id,
        status=row.case.status,
        valid_until_us=row.case.valid_until_us,
        closed_us=row.case.closed_us,
        language="en" if row.order.preferred_language == "EN_UK" else "de",
        display_name=client.settings.display_name if client else "",
    )
