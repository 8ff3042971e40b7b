"""
The queue of people who wait for a video call: first come, first served, and who closes the page drops out of sight.

Source: issue "video". A waiting person's page reports about every five seconds; one that has been silent for
`PRESENT_US` is passed over, and is back in its old place if it reports again within `KEPT_US`.
"""

from typing import Final

from fallwerk.domain.audit.model import Actor, AuditEvent
from fallwerk.domain.desk.model import CALL_HELD_US
from fallwerk.domain.identcase.errors import CaseClosed
from fallwerk.domain.identcase.lifecycle import Role
from fallwerk.domain.identcase.model import CaseStatus, Method
from fallwerk.domain.identcase.service.attempts import begin_attempt
from fallwerk.domain.portal.model import Present
from fallwerk.domain.unit_of_work import UnitOfWork

PRESENT_US: Final = 30 * 1_000_000
KEPT_US: Final = 10 * 60 * 1_000_000
"""How long a place is kept for somebody who is away."""


def who_can_be_called(now_us: int) -> Present:
    """Return what tells who of the waiting can be called."""
    return Present(now_us - PRESENT_US, now_us - CALL_HELD_US)


def wait_for_call(uow: UnitOfWork, tenant_id: int, case_id: str, *, actor: Actor, now_us: int) -> int:
    """
    Join the queue, or stay in it, and return one's position counted from 1.

    Raises:
        CaseUnknown, CaseClosed, MethodNotOffered: as `begin_attempt`.
    """
    file = begin_attempt(uow, tenant_id, case_id, Method.VIDEO, actor=actor, role=Role.USER, now_us=now_us)
    if file.case.status is CaseStatus.CLOSED:
        raise CaseClosed
    waiting = uow.waiting.report(tenant_id, case_id, now_us, now_us - KEPT_US)
    if waiting.since_us == now_us:
        uow.audit.add(AuditEvent(tenant_id, now_us, actor, "call.waiting", case_id))
    return uow.waiting.ahead(waiting, who_can_be_called(now_us)) + 1


def stop_waiting(uow: UnitOfWork, tenant_id: int, case_id: str, *, actor: Actor, now_us: int) -> None:
    """Leave the queue; who is not in it stays out."""
    if uow.waiting.leave(tenant_id, case_id):
        uow.audit.add(AuditEvent(tenant_id, now_us, actor, "call.left_queue", case_id))


def forget_absent(uow: UnitOfWork, now_us: int) -> int:
    """Forget those whose place is not kept any more, so that nobody's place is counted among them; return how many."""
    return uow.waiting.drop_absent(now_us - KEPT_US)
