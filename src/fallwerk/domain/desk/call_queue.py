"""
The queue of the video desk: who waits, and which agent talks to whom (W-05).

Source: issue "video". A call belongs to the agent who took it as long as their page is heard of: it renews the claim
every few seconds, and `CALL_HELD_US` after the last sign the person can be called again. An agent who comes back before
somebody else took the person goes on.
"""

from typing import Final

from fallwerk.domain.audit.model import SYSTEM, AuditEvent
from fallwerk.domain.call.service import is_agent_there
from fallwerk.domain.desk.delivery import find_case
from fallwerk.domain.desk.errors import AtAnotherDesk, CallTaken
from fallwerk.domain.desk.model import CALL_HELD_US, COUNTED, SHOWN_AT_ONCE, Caller, CallQueue, Claim, Wanted
from fallwerk.domain.identcase.attempt import Attempt, CaseFile
from fallwerk.domain.identcase.errors import CaseUnknown
from fallwerk.domain.identcase.methods_lifecycle import BEFORE_A_CALL
from fallwerk.domain.identcase.model import Method
from fallwerk.domain.identcase.service.attempts import open_case
from fallwerk.domain.portal.queue import who_can_be_called
from fallwerk.domain.staff.model import StaffUser
from fallwerk.domain.staff.service import actor_of
from fallwerk.domain.unit_of_work import UnitOfWork

TRIED: Final = 50
"""Waiting persons that one agent is offered at most before somebody must wait again: more agents never race."""


def queue_of(uow: UnitOfWork, user: StaffUser, *, now_us: int) -> CallQueue:
    """Return the calls that were begun and are not over: who waits on their page on top, longest first."""
    wanted = Wanted((Method.VIDEO,), BEFORE_A_CALL, user.reach)
    waiting = uow.waiting.present(who_can_be_called(now_us), user.reach, SHOWN_AT_ONCE)
    since = {(one.tenant_id, one.case_id): one.since_us for one in waiting}
    cases = {(one.tenant_id, one.case_id): one for one in uow.desks.of_cases(wanted, list(since))}
    here = [Caller(cases[place], since_us) for place, since_us in since.items() if place in cases]
    pile = uow.desks.pile(wanted, SHOWN_AT_ONCE)
    absent = [one for one in pile.waiting if (one.tenant_id, one.case_id) not in since]
    claims = uow.desks.claims([(one.tenant_id, one.case_id) for one in absent])
    held = {place: claim.user_id for place, claim in claims.items() if claim.is_held(now_us)}
    names = uow.staff.names(sorted(set(held.values())))
    others = [Caller(one, None, names.get(held.get((one.tenant_id, one.case_id), 0), "")) for one in absent]
    return CallQueue((*here, *others), count_here(uow, user, now_us=now_us), pile.more)


def count_here(uow: UnitOfWork, user: StaffUser, *, now_us: int) -> int:
    """Count who waits on their page, up to `COUNTED`."""
    return len(uow.waiting.present(who_can_be_called(now_us), user.reach, COUNTED))


def take_next(uow: UnitOfWork, user: StaffUser, *, address: str, now_us: int, system_us: int) -> str | None:
    """
    Take the person who has waited longest on their page, or go on with the call that the agent has.

    Agents who ask at the same time get different persons: each looks again once the case is theirs to change.

    Returns:
        The case; None if nobody waits.
    """
    for tenant_id, case_id in uow.desks.held_by(user.user_id, now_us - CALL_HELD_US):
        if _is_queued(uow, tenant_id, case_id):
            return case_id
        # Decided elsewhere, or given up by the person.
        uow.desks.drop_claim(tenant_id, case_id)
        uow.audit.add(AuditEvent(tenant_id, now_us, SYSTEM, "video.call_lapsed", case_id))
    for one in uow.waiting.present(who_can_be_called(now_us), user.reach, TRIED):
        try:
            _take(uow, one.tenant_id, one.case_id, user, address=address, now_us=now_us, system_us=system_us)
        except (CaseUnknown, AtAnotherDesk, CallTaken):
            continue
        return one.case_id
    return None


def take_call(uow: UnitOfWork, case_id: str, user: StaffUser, *, address: str, now_us: int, system_us: int) -> None:
    """
    Take a person out of the queue; whoever talks to them already keeps them.

    Raises:
        CaseUnknown: no such case in reach.
        AtAnotherDesk: the person does not wait.
        CallTaken: somebody else was quicker.
    """
    tenant_id = find_case(uow, case_id, user.reach)
    _take(uow, tenant_id, case_id, user, address=address, now_us=now_us, system_us=system_us)


def leave_call(uow: UnitOfWork, case_id: str, user: StaffUser, *, address: str, now_us: int) -> None:
    """
    Put a person back into the queue, in the old place; nothing happens if somebody else has them.

    Raises:
        CaseUnknown: no such case in reach.
    """
    tenant_id = find_case(uow, case_id, user.reach)
    held = uow.desks.claim(tenant_id, case_id)
    if held is not None and held.user_id == user.user_id:
        uow.desks.drop_claim(tenant_id, case_id)
        uow.audit.add(AuditEvent(tenant_id, now_us, actor_of(user, address), "video.call_left", case_id))


def queued(file: CaseFile) -> Attempt:
    """
    Return the attempt about which a call can be held.

    Raises:
        AtAnotherDesk: there is none.
    """
    attempt = file.latest(Method.VIDEO)
    if attempt is None or attempt.identification.status not in BEFORE_A_CALL:
        raise AtAnotherDesk(file.case.case_id, attempt.identification.status if attempt else None)
    return attempt


def _take(
    uow: UnitOfWork, tenant_id: int, case_id: str, user: StaffUser, *, address: str, now_us: int, system_us: int
) -> None:
    # Held from here on: who asks at the same time waits, and then sees the claim.
    queued(open_case(uow, tenant_id, case_id, lock=True))
    held = uow.desks.claim(tenant_id, case_id)
    is_mine = held is not None and held.user_id == user.user_id
    if held is not None and not is_mine:
        if held.is_held(now_us) or is_agent_there(uow, tenant_id, case_id, system_us=system_us):
            raise CallTaken(uow.staff.names([held.user_id]).get(held.user_id, ""))
        uow.audit.add(AuditEvent(tenant_id, now_us, SYSTEM, "video.call_lapsed", case_id))
    uow.desks.put_claim(tenant_id, case_id, Claim(user.user_id, held.taken_us if held and is_mine else now_us, now_us))
    if not is_mine:
        uow.audit.add(AuditEvent(tenant_id, now_us, actor_of(user, address), "video.call_taken", case_id))


def _is_queued(uow: UnitOfWork, tenant_id: int, case_id: str) -> bool:
    try:
        queued(open_case(uow, tenant_id, case_id))
    except (CaseUnknown, AtAnotherDesk):
        return False
    return True
