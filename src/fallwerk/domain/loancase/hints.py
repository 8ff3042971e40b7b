"""The check-list: hints that a clerk ticks off, and what keeps two of them from undoing each other's work."""

from fallwerk.domain.audit.model import AuditEvent
from fallwerk.domain.loancase.errors import HintChanged, HintUnknown
from fallwerk.domain.loancase.model import Caller, HintPlace, HintTick, LoanCase
from fallwerk.domain.loancase.service import reachable_case
from fallwerk.domain.unit_of_work import UnitOfWork


def tick_hint(uow: UnitOfWork, case_number: str, place: HintPlace, *, caller: Caller, now_us: int) -> None:
    """
    Tick a hint off; one that is ticked already keeps its time and who did it.

    Source: STATUS "hinweise" as a check-list; U-11, A-05.

    Raises:
        LoanCaseUnknown, LoanCaseDeleted, LoanCaseOutOfReach, HintUnknown: nothing was changed.
    """
    case = _held(uow, case_number, place, caller)
    if uow.hints.tick(case.tenant_id, place, HintTick(now_us, caller.actor.name)):
        uow.audit.add(_event("hint.ticked", case, place, caller, now_us))


def untick_hint(
    uow: UnitOfWork, case_number: str, place: HintPlace, seen: HintTick, *, caller: Caller, now_us: int
) -> None:
    """
    Take a tick back; one that is gone already stays gone.

    Args:
        seen: The tick that was shown: nobody takes back what somebody else ticked since.

    Raises:
        HintChanged: nothing was changed. Otherwise as `tick_hint`.
    """
    case = _held(uow, case_number, place, caller)
    known = uow.hints.get(case.tenant_id, place)
    if known is None:
        return
    if known.at_us != seen.at_us:
        raise HintChanged
    uow.hints.untick(case.tenant_id, place)
    uow.audit.add(_event("hint.unticked", case, place, caller, now_us))


def _held(uow: UnitOfWork, case_number: str, place: HintPlace, caller: Caller) -> LoanCase:
    """Return the case of a hint that exists, with its application held, so that ticks come one after the other."""
    case = reachable_case(uow, case_number, caller)
    uow.loans.application(case.tenant_id, place.application_number, lock=True)
    history = uow.loans.histories(case.tenant_id, case_number).get(place.application_number, [])
    hints = [change.hints for change in history if change.change_id == place.change_id]
    if not hints or not 1 <= place.number <= len(hints[0]):
        raise HintUnknown
    return case


def _event(name: str, case: LoanCase, place: HintPlace, caller: Caller, at_us: int) -> AuditEvent:
    details: dict[str, str | int | bool | None] = {"change": place.change_id, "hint": place.number}
    return AuditEvent(case.tenant_id, at_us, caller.actor, name, place.application_number, details)
