"""
Attempts to identify by basic, video, photo and eid: every step with all that follows from it.

Whoever moves an attempt (portal, coupon, counter, agent, reviewer, card, timer, simulation) comes through here, so that
case status, notifications, timers and audit are the same for all of them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from fallwerk.domain.audit.model import SYSTEM, Actor, AuditEvent
from fallwerk.domain.errors import DomainError
from fallwerk.domain.identcase.attempt import Attempt, AttemptDetails, CaseFile
from fallwerk.domain.identcase.errors import CaseClosed, CaseUnknown
from fallwerk.domain.identcase.lifecycle import Role, WantedStep
from fallwerk.domain.identcase.methods_lifecycle import CANCELLATION, EXPIRY, Taken, TanMissing, advance, is_legal
from fallwerk.domain.identcase.model import CaseKind, CaseStatus, IdentCase, IdentStatus, Method
from fallwerk.domain.identcase.ports import CaseRow
from fallwerk.domain.identcase.service.case_state import erasure_of, with_status
from fallwerk.domain.mail.service import mail_result
from fallwerk.domain.notification.due import DueKind, DueWork
from fallwerk.domain.notification.service import notify
from fallwerk.domain.unit_of_work import UnitOfWork


class MethodNotOffered(DomainError):
    """The account does not offer this method."""


def _unchanged(details: AttemptDetails) -> AttemptDetails:
    return details


@dataclass(frozen=True, slots=True)
class MethodStep:
    """One wanted step of an attempt: where to, by whom, when, in which role (None: whichever may, for simulation)."""

    method: Method
    step: WantedStep
    actor: Actor
    role: Role | None
    now_us: int
    edit: Callable[[AttemptDetails], AttemptDetails] = _unchanged
    """What the step makes of the attempt's details; called with those of a new attempt where it begins one."""


def open_case(uow: UnitOfWork, tenant_id: int, case_id: str, *, lock: bool = False) -> CaseFile:
    """
    Return a case of START with everything that belongs to it.

    Args:
        lock: Hold the case until the transaction ends; every change begins with this.

    Raises:
        CaseUnknown: no such START case of this tenant.
    """
    file = uow.case_files.get(tenant_id, case_id, lock=lock)
    if file is None:
        raise CaseUnknown
    return file


def change_attempt(uow: UnitOfWork, tenant_id: int, case_id: str, step: MethodStep) -> CaseFile:
    """
    Take one step of an attempt of a case, in one transaction.

    Source: S-46 to S-48, W-05; decisions.md "Life cycle of the other methods".

    Returns:
        The case as it stands now.

    Raises:
        CaseUnknown: no such START case of this tenant.
        IllegalStep: nothing was changed; a closed case takes no step at all.
        RecordedBySameActor: nothing was changed; somebody else must take the step.
        TanMissing: nothing was changed; a success by video in class GwG needs a confirmed TAN.
    """
    return take_method_step(uow, open_case(uow, tenant_id, case_id, lock=True), step)


def take_method_step(uow: UnitOfWork, file: CaseFile, wanted: MethodStep) -> CaseFile:
    """Take a step of a case that is locked already (`open_case(…, lock=True)`); see `change_attempt`."""
    attempt = file.latest(wanted.method)
    taken = advance(
        wanted.method,
        None if attempt is None else attempt.identification,
        wanted.step,
        case_status=file.case.status,
        actor=wanted.role,
        same_actor=attempt is not None and attempt.details.recorded_by == wanted.actor.name,
        declined_closes=wanted.method in file.client.settings.declined_closes,
        now_us=wanted.now_us,
    )
    after = _moved(file, attempt, taken, wanted)
    if after.lacks_tan(file.client.settings.ident_class):
        raise TanMissing
    case = with_status(file.case, taken.case_status, wanted.now_us)
    changed = replace(file, case=case, attempts=file.with_attempt(after))
    uow.attempts.save(case.tenant_id, case.case_id, after)
    save_file(uow, changed)
    if case.status is CaseStatus.CLOSED:
        uow.due.drop(case.tenant_id, case.case_id, DueKind.EXPIRE, DueKind.REMIND)
        uow.due.add(erasure_of(case, file.client))
    if taken.event is not None:
        notify(uow, case, file.order, file.client, taken.event, now_us=wanted.now_us)
    mail_result(uow, changed, after, now_us=wanted.now_us)
    uow.audit.add(_step_event(case, after, wanted))
    return changed


def begin_attempt(
    uow: UnitOfWork, tenant_id: int, case_id: str, method: Method, *, actor: Actor, role: Role, now_us: int
) -> CaseFile:
    """
    Begin an attempt by a method, or go on with the one that is open already (two tabs, a page asked for again).

    Source: START §1 Definitions; S-42, S-43.

    Args:
        role: The user in the portal, or the post office that serves somebody without a coupon of ours.

    Raises:
        CaseUnknown: no such START case of this tenant.
        CaseClosed: closed, or its validity is over.
        MethodNotOffered: the account does not offer the method.
    """
    file = open_case(uow, tenant_id, case_id, lock=True)
    if file.case.status is CaseStatus.CLOSED or now_us >= file.case.valid_until_us:
        raise CaseClosed
    if method not in file.client.settings.methods:
        raise MethodNotOffered
    attempt = file.latest(method)
    if attempt is not None and attempt.open:
        return file
    return take_method_step(uow, file, MethodStep(method, WantedStep(IdentStatus.STARTED), actor, role, now_us))


def cancel_attempts(uow: UnitOfWork, tenant_id: int, case_id: str, *, actor: Actor, now_us: int) -> CaseFile:
    """
    Give up every open attempt as the person wishes; a case without one stays as it is.

    Source: W-03. A decline closes the case where the account's `declinedCloses` names its method; changing the method
    needs no cancelling, since attempts by several methods may be open at once.

    Raises:
        CaseUnknown: no such START case of this tenant.
    """
    file = open_case(uow, tenant_id, case_id, lock=True)
    for attempt in file.attempts:
        step = MethodStep(attempt.method, CANCELLATION, actor, Role.USER, now_us)
        if attempt.open and file.case.status is not CaseStatus.CLOSED:
            file = take_method_step(uow, file, step)
    return file


def expire_case(uow: UnitOfWork, work: DueWork, now_us: int) -> None:
    """
    Close a case whose validity is over: open attempts are declined by the gate, then the case is closed.

    Source: S-43; decisions.md "Time". One notification tells of all declines; a case without an open attempt is closed
    without one.
    """
    row = uow.cases.get(work.tenant_id, work.case_id, kind=CaseKind.START, lock=True)
    if row is None or row.case.status is CaseStatus.CLOSED:
        return
    file = open_case(uow, work.tenant_id, work.case_id)
    declined = [expired for attempt in file.attempts if (expired := _expired(file, attempt, now_us)) is not None]
    case = with_status(file.case, CaseStatus.CLOSED, now_us)
    for attempt in declined:
        file = replace(file, attempts=file.with_attempt(attempt))
        uow.attempts.save(case.tenant_id, case.case_id, attempt)
    file = replace(file, case=case)
    save_file(uow, file)
    uow.due.add(erasure_of(case, file.client))
    if declined:
        notify(uow, case, file.order, file.client, IdentStatus.DECLINED, now_us=now_us)
    for attempt in declined:
        mail_result(uow, file, attempt, now_us=now_us)
    numbers = ",".join(str(attempt.number) for attempt in declined)
    uow.audit.add(
        AuditEvent(
            case.tenant_id, now_us, SYSTEM, "case.expired", case.case_id, {"attempts": numbers} if numbers else {}
        )
    )


def save_file(uow: UnitOfWork, file: CaseFile) -> None:
    """Store the state of a case with what a client reads of it; every change of anything in the file ends here."""
    uow.cases.save(CaseRow(file.case, file.order, None), uow.result_of(file))


def _expired(file: CaseFile, attempt: Attempt, now_us: int) -> Attempt | None:
    """Return an attempt after the end of the case's validity, None if it is over already."""
    current, status = attempt.identification, file.case.status
    if not attempt.open or not is_legal(attempt.method, current, EXPIRY, case_status=status, actor=Role.SYSTEM):
        return None
    taken = advance(
        attempt.method,
        current,
        EXPIRY,
        case_status=status,
        actor=Role.SYSTEM,
        declined_closes=True,
        now_us=now_us,
    )
    return replace(attempt, identification=taken.identification)


def _moved(file: CaseFile, attempt: Attempt | None, taken: Taken, wanted: MethodStep) -> Attempt:
    """Return the attempt that the step began or moved; going into review remembers who recorded what is reviewed."""
    if attempt is None or taken.fresh:
        after = Attempt(len(file.attempts) + 1, taken.identification)
    else:
        after = replace(attempt, identification=taken.identification)
    details = wanted.edit(after.details)
    if taken.identification.status is IdentStatus.REVIEW_PENDING:
        details = replace(details, recorded_by=wanted.actor.name)
    return replace(after, details=details)


def _step_event(case: IdentCase, attempt: Attempt, wanted: MethodStep) -> AuditEvent:
    step = wanted.step
    details: dict[str, str | int | bool | None] = {
        "method": wanted.method.value,
        "attempt": attempt.number,
        "status": step.status.value,
        "caseStatus": case.status.value,
    }
    if step.sub_status is not None:
        details["subStatus"] = step.sub_status
    if step.sub_status_reason is not None:
        details["subStatusReason"] = step.sub_status_reason
    return AuditEvent(case.tenant_id, wanted.now_us, wanted.actor, "identification.changed", case.case_id, details)
