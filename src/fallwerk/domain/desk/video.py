"""The video agent's desk: a call that was taken, what must be checked in it, recording its result (W-05, S-46)."""

from dataclasses import dataclass
from typing import Final

from fallwerk.domain.desk.call_queue import queued
from fallwerk.domain.desk.delivery import find_case
from fallwerk.domain.desk.errors import AtAnotherDesk, ChecksMissing, Outdated
from fallwerk.domain.identcase.attempt import Attempt, CaseFile, Preliminary, Review
from fallwerk.domain.identcase.lifecycle import Role, WantedStep
from fallwerk.domain.identcase.model import IdentityDocument, IdentStatus, Method
from fallwerk.domain.identcase.service.attempts import open_case
from fallwerk.domain.identcase.service.findings import Findings, record_result
from fallwerk.domain.staff.model import StaffUser
from fallwerk.domain.staff.service import actor_of
from fallwerk.domain.unit_of_work import UnitOfWork

CONNECTION_LOST: Final = 9131
"""The reason with which a person keeps the place in the queue."""
CHECKS: Final = (
    "recording_accepted",
    "picture_good",
    "document_genuine",
    "document_tilted",
    "face_matches",
    "data_read",
    "acts_freely",
)
"""What an agent must have seen before a person counts as identified."""
TAN_CHECK: Final = "tan_confirmed"
"""In class GwG the person also repeats a number that was sent to them."""


@dataclass(frozen=True, slots=True)
class CallCard:
    """A call that somebody took."""

    file: CaseFile
    attempt: Attempt
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CallResult:
    """What came of a call."""

    step: WantedStep
    preliminary: Preliminary | None
    """None where the call broke off."""
    document: IdentityDocument | None
    passed: frozenset[str]
    tan_channel: str
    """`sms`, `email`, or empty."""
    seen_us: int
    address: str
    now_us: int


def checks_of(file: CaseFile) -> tuple[str, ...]:
    """Return what must be checked in a call about a case."""
    is_gwg = file.client.settings.ident_class == "GwG"
    return (*CHECKS, TAN_CHECK) if is_gwg else CHECKS


def call_card(uow: UnitOfWork, case_id: str, user: StaffUser) -> CallCard:
    """
    Return the call that somebody took.

    Raises:
        CaseUnknown: no such case in reach.
        AtAnotherDesk: it is over, or another agent's.
    """
    tenant_id = find_case(uow, case_id, user.reach)
    file = open_case(uow, tenant_id, case_id)
    attempt = queued(file)
    held = uow.desks.claim(tenant_id, case_id)
    if held is None or held.user_id != user.user_id:
        raise AtAnotherDesk(case_id, attempt.identification.status)
    return CallCard(file, attempt, checks_of(file))


def open_call(uow: UnitOfWork, case_id: str, user: StaffUser, *, now_us: int) -> CallCard:
    """Return the call that somebody took, and keep it for them; raises as `call_card`."""
    card = call_card(uow, case_id, user)
    uow.desks.keep_claim(card.file.case.tenant_id, case_id, now_us)
    return card


def record_call(uow: UnitOfWork, case_id: str, result: CallResult, user: StaffUser) -> None:
    """
    Record what came of a call; a reviewer decides whether it stands, the person hears of neither before (S-46).

    Raises:
        CaseUnknown, AtAnotherDesk, Outdated, ChecksMissing, IllegalStep: nothing was changed.
    """
    card = call_card(uow, case_id, user)
    if card.attempt.identification.modified_us != result.seen_us:
        raise Outdated
    missing = tuple(name for name in card.checks if name not in result.passed)
    succeeded = result.preliminary is not None and result.preliminary.status == IdentStatus.SUCCESS
    if succeeded and missing:
        raise ChecksMissing(missing)
    tenant_id = card.file.case.tenant_id
    record_result(
        uow,
        tenant_id,
        case_id,
        method=Method.VIDEO,
        step=result.step,
        findings=_findings(card, result, user),
        actor=actor_of(user, result.address),
        role=Role.AGENT,
        now_us=result.now_us,
    )
    uow.desks.drop_claim(tenant_id, case_id)
    if result.step.sub_status_reason != CONNECTION_LOST:
        # What a person still has to fetch or to mend takes a while: the next in the queue is somebody else.
        uow.waiting.leave(tenant_id, case_id)


def _findings(card: CallCard, result: CallResult, user: StaffUser) -> Findings:
    accepted = "recording_accepted" in result.passed
    confirmed = TAN_CHECK in result.passed
    return Findings(
        identity_document=result.document,
        preliminary=result.preliminary,
        reviews=tuple(Review(name, name in result.passed) for name in card.checks) if result.preliminary else (),
        service_center=user.home.name or "Fallwerk",
        agent_alias=f"Agent {user.user_id}",
        recording_accepted_us=result.now_us
        if accepted and card.attempt.details.recording_accepted_us is None
        else None,
        tan_channel=result.tan_channel if confirmed else "",
    )
