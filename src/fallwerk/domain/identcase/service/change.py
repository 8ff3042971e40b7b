"""Moving a case on: steps of a delivery identification, expiry, erasure, archive."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fallwerk.domain.account.model import ScrClient
from fallwerk.domain.audit.model import SYSTEM, Actor, AuditEvent
from fallwerk.domain.identcase.errors import CaseUnknown
from fallwerk.domain.identcase.lifecycle import (
    DUE_STEPS,
    Role,
    WantedStep,
    advance,
    is_legal,
    timers_ended,
    timers_started,
)
from fallwerk.domain.identcase.model import CaseKind, CaseStatus, IdentCase, IdentStatus
from fallwerk.domain.identcase.ports import CaseRow, ResultRenderer
from fallwerk.domain.identcase.service.attempts import expire_case
from fallwerk.domain.identcase.service.case_state import client_of, erasure_of, with_status
from fallwerk.domain.identcase.service.pictures import release_records
from fallwerk.domain.notification.due import DueKind, DueWork
from fallwerk.domain.notification.service import notify
from fallwerk.domain.unit_of_work import UnitOfWork

SYSTEM_TENANT = 0


@dataclass(frozen=True, slots=True)
class Change:
    """One wanted step of a delivery case: by whom, when, in which role (None: whichever may, for the simulation)."""

    tenant_id: int
    case_id: str
    step: WantedStep
    actor: Actor
    role: Role | None
    now_us: int


def change_delivery(uow: UnitOfWork, change: Change, render: ResultRenderer) -> IdentCase:
    """
    Take one step of a delivery identification with all that follows from it: result, timers, notifications, audit.

    Source: D-01 to D-05, D-60, D-66.

    Raises:
        CaseUnknown: no such delivery case of this tenant.
        IllegalStep: nothing was changed.
    """
    row = uow.cases.get(change.tenant_id, change.case_id, kind=CaseKind.DELIVERY, lock=True)
    if row is None:
        raise CaseUnknown
    client = client_of(uow, change.tenant_id)
    return take_step(uow, row, change, client, render)


def take_step(uow: UnitOfWork, row: CaseRow, change: Change, client: ScrClient, render: ResultRenderer) -> IdentCase:
    """Take a step of a case that is locked already."""
    taken = advance(row.identification, change.step, actor=change.role, now_us=change.now_us)
    case = with_status(row.case, taken.case_status, change.now_us)
    changed = CaseRow(case, row.order, taken.identification, max(row.attempt, 1))
    uow.cases.save(changed, render(case, row.order.custom[0], taken.identification))
    ended = timers_ended(row.identification, taken.identification)
    if ended:
        uow.due.drop(case.tenant_id, case.case_id, *ended)
    for kind, due_us in timers_started(taken.identification.status, client.settings, change.now_us):
        uow.due.add(DueWork(case.tenant_id, case.case_id, kind, due_us))
    if case.status is CaseStatus.CLOSED:
        uow.due.add(erasure_of(case, client))
    if taken.event is not None:
        notify(uow, case, row.order, client, taken.event, now_us=change.now_us)
    uow.audit.add(_step_event(case, change))
    return case


def run_due_step(uow: UnitOfWork, work: DueWork, render: ResultRenderer, now_us: int) -> None:
    """
    Take the step that a timer stands for, if it is still legal: expiry, pick-up, waiting period.

    Source: D-05, S-43; decisions.md "Time".
    """
    head = uow.cases.head(work.tenant_id, work.case_id)
    if head is None:
        return
    if head.kind is CaseKind.START:
        expire_case(uow, work, now_us)
        return
    row = uow.cases.get(work.tenant_id, work.case_id, kind=CaseKind.DELIVERY, lock=True)
    step = DUE_STEPS[work.kind]
    if row is None or not is_legal(row.identification, step, actor=Role.SYSTEM):
        return
    change = Change(work.tenant_id, work.case_id, step, SYSTEM, Role.SYSTEM, now_us)
    take_step(uow, row, change, client_of(uow, work.tenant_id), render)


def erase_case(uow: UnitOfWork, work: DueWork, now_us: int, compact_us: int) -> None:
    """
    Delete a case physically; audit keeps its id only, freed pages are cleaned by the work that this one orders.

    Source: DELIVERY §7.9 Note; D-50.
    """
    release_records(uow, work.tenant_id, work.case_id, now_us)
    for coupon in uow.coupons.of_case(work.tenant_id, work.case_id):
        uow.blobs.release(work.tenant_id, coupon.blob_key, now_us=now_us)
    uow.cases.erase(work.tenant_id, work.case_id)
    uow.due.add(DueWork(SYSTEM_TENANT, "", DueKind.COMPACT, compact_us))
    uow.audit.add(AuditEvent(work.tenant_id, now_us, SYSTEM, "case.erased", work.case_id))


def archive_cases(
    uow: UnitOfWork,
    client: ScrClient,
    case_ids: Sequence[str],
    *,
    actor: Actor,
    now_us: int,
    mark: Callable[[bytes], bytes],
) -> list[IdentCase]:
    """
    Archive closed cases of a client and return every closed one named, in request order.

    Source: DELIVERY §7.9; D-40, D-41. Other states, unknown and foreign ids are left alone.
    """
    archived = uow.cases.archive(client.tenant_id, case_ids, mark)
    events = [AuditEvent(client.tenant_id, now_us, actor, "case.archived", case_id) for case_id in archived.changed]
    uow.audit.add_many(events)
    return archived.cases


def _step_event(case: IdentCase, change: Change) -> AuditEvent:
    step = change.step
    details: dict[str, str | int | bool | None] = {"status": step.status.value, "caseStatus": case.status.value}
    if step.sub_status is not None:
        details["subStatus"] = step.sub_status
    if step.sub_status_reason is not None:
        details["subStatusReason"] = step.sub_status_reason
    return AuditEvent(case.tenant_id, change.now_us, change.actor, "identification.changed", case.case_id, details)


STARTED = WantedStep(IdentStatus.STARTED)
"""The step that releases an order."""
