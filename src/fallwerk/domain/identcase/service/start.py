"""Opening cases."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fallwerk.domain.audit.model import AuditEvent
from fallwerk.domain.errors import DomainError
from fallwerk.domain.identcase.errors import ReferenceIdTaken
from fallwerk.domain.identcase.model import CaseId, IdentCase
from fallwerk.domain.identcase.plan import NewCase
from fallwerk.domain.mail.service import order_start_mails
from fallwerk.domain.notification.due import DueKind, DueWork
from fallwerk.domain.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class StartedCase:
    """What the caller needs to send the user on."""

    case_id: CaseId
    valid_until_us: int


def start_case(uow: UnitOfWork, new: NewCase) -> StartedCase:
    """
    Open one identification case.

    Raises:
        ReferenceIdTaken: also for the loser of two simultaneous requests.
    """
    outcome = start_cases(uow, [new])[0]
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome


def start_cases(uow: UnitOfWork, planned: Sequence[NewCase]) -> list[StartedCase | DomainError]:
    """
    Open identification cases that clients asked for at the same time; one that fails does not touch its neighbours.

    Source: START §2; S-01, S-15, S-16, S-31, S-43, S-44.

    Returns:
        Per case what its caller needs, or `ReferenceIdTaken`.
    """
    outcomes, stored = store_cases(uow, planned, lambda _: None)
    uow.due.add_many([expiry_of(case.case) for case in stored])
    uow.audit.add_many([started_event(case) for case in stored])
    order_start_mails(uow, stored)
    return [
        outcome if isinstance(outcome, DomainError) else StartedCase(outcome.case_id, outcome.valid_until_us)
        for outcome in outcomes
    ]


def store_cases(
    uow: UnitOfWork, planned: Sequence[NewCase], result_of: Callable[[NewCase], bytes | None]
) -> tuple[list[IdentCase | DomainError], list[NewCase]]:
    """Store cases; one whose own new id is taken gets another, one whose reference id is taken is refused."""
    outcomes: list[IdentCase | DomainError] = [new.case for new in planned]
    stored: list[NewCase] = []
    waiting = list(enumerate(planned))
    while waiting:
        found = uow.cases.add_many([new for _, new in waiting], [result_of(new) for _, new in waiting])
        again: list[tuple[int, NewCase]] = []
        for (index, new), holder in zip(waiting, found, strict=True):
            if holder is None:
                outcomes[index] = new.case
                stored.append(new)
            elif holder == new.case.case_id or not new.case.reference_given:
                again.append((index, new.with_new_id()))
            else:
                outcomes[index] = ReferenceIdTaken(holder)
        waiting = again
    return outcomes, stored


def expiry_of(case: IdentCase) -> DueWork:
    """The end of a case's validity, as work that falls due then."""
    return DueWork(case.tenant_id, case.case_id, DueKind.EXPIRE, case.valid_until_us)


def started_event(new: NewCase) -> AuditEvent:
    """The audit event of a new case."""
    case = new.case
    return AuditEvent(case.tenant_id, case.created_us, new.actor, "case.started", case.case_id, {"kind": case.kind})
