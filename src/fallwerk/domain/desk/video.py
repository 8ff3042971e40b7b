"""The video agent's desk: a call that was taken, what must be checked in it, recording its result (W-05, S-46)."""

from dataclasses import dataclass
from typing import Final

from fallwerk.domain.call.model import TanState, TanView
from fallwerk.domain.call.tan import needs_tan, send_tan, tan_of
from fallwerk.domain.desk.call_queue import queued
from fallwerk.domain.desk.delivery import find_case
from fallwerk.domain.desk.errors import AtAnotherDesk, ChecksMissing, Outdated
from fallwerk.domain.desk.model import Claim
from fallwerk.domain.identcase.attempt import Attempt, CaseFile, Preliminary, Review
from fallwerk.domain.identcase.lifecycle import Role, WantedStep
from fallwerk.domain.identcase.model import IdentityDocument, IdentStatus, Method
from fallwerk.domain.identcase.service.attempts import open_case
from fallwerk.domain.identcase.service.findings import Findings, record_result
from fallwerk.domain.portal.model import Factor
from fallwerk.domain.portal.ports import CodeSender
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
"""In class GwG the person also confirms a TAN; this is seen by the system and ticked by nobody."""
TAN_CHANNELS: Final = {Factor.SMS: "sms", Factor.MAIL: "email"}
"""In the words of results."""


@dataclass(frozen=True, slots=True)
class CallCard:
    """A call that somebody took."""

    file: CaseFile
    attempt: Attempt
    claim: Claim
    checks: tuple[str, ...]
    tan: TanView | None
    """None: the case's class asks for none."""


@dataclass(frozen=True, slots=True)
class CallResult:
    """What came of a call."""

    step: WantedStep
    preliminary: Preliminary | None
    """None where the call broke off."""
    document: IdentityDocument | None
    passed: frozenset[str]
    seen_us: int
    address: str
    now_us: int


def call_card(uow: UnitOfWork, case_id: str, user: StaffUser, *, now_us: int, lock: bool = False) -> CallCard:
    """
    Return the call that somebody took.

    Args:
        lock: Hold the case until the transaction ends.

    Raises:
        CaseUnknown: no such case in reach.
        AtAnotherDesk: it is over, or another agent's.
    """
    tenant_id = find_case(uow, case_id, user.reach)
    file = open_case(uow, tenant_id, case_id, lock=lock)
    attempt = queued(file)
    held = uow.desks.claim(tenant_id, case_id)
    if held is None or held.user_id != user.user_id:
        raise AtAnotherDesk(case_id, attempt.identification.status)
    tan = tan_of(uow, file, attempt, now_us=now_us) if needs_tan(file) else None
    return CallCard(file, attempt, held, CHECKS, tan)


def open_call(uow: UnitOfWork, case_id: str, user: StaffUser, *, now_us: int) -> CallCard:
    """Return the call that somebody took, and keep it for them; raises as `call_card`."""
    card = call_card(uow, case_id, user, now_us=now_us)
    uow.desks.keep_claim(card.file.case.tenant_id, case_id, now_us)
    return card


def send_tan_in_call(
    uow: UnitOfWork,
    case_id: str,
    user: StaffUser,
    factor: Factor | None,
    *,
    sender: CodeSender | None,
    address: str,
    now_us: int,
) -> None:
    """
    Send the person in a call a TAN, by the best way or a chosen one.

    Raises:
        CaseUnknown, AtAnotherDesk: the call is not the agent's.
        NoTanNeeded, NoTanChannel, TooManyTans: nothing was sent.
    """
    card = call_card(uow, case_id, user, now_us=now_us, lock=True)
    send_tan(
        uow,
        card.file,
        card.attempt,
        card.claim,
        factor,
        sender=sender,
        actor=actor_of(user, address),
        now_us=now_us,
    )


def record_call(uow: UnitOfWork, case_id: str, result: CallResult, user: StaffUser) -> None:
    """
    Record what came of a call; a reviewer decides whether it stands, the person hears of neither before (S-46).

    Raises:
        CaseUnknown, AtAnotherDesk, Outdated, ChecksMissing, TanMissing, IllegalStep: nothing was changed.
    """
    card = call_card(uow, case_id, user, now_us=result.now_us, lock=True)
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
    checked = {name: name in result.passed for name in card.checks}
    tan_channel = ""
    if card.tan is not None:
        # What was ticked or sent along does not matter: the system saw it, or it did not happen.
        checked[TAN_CHECK] = card.tan.state is TanState.CONFIRMED
        if checked[TAN_CHECK] and card.tan.factor is not None:
            tan_channel = TAN_CHANNELS[card.tan.factor]
    # A call that broke off leaves no TAN to the next one.
    ended = result.preliminary is not None
    return Findings(
        identity_document=result.document,
        preliminary=result.preliminary,
        reviews=tuple(Review(name, passed) for name, passed in checked.items()) if ended else (),
        service_center=user.home.name or "Fallwerk",
        agent_alias=f"Agent {user.user_id}",
        recording_accepted_us=result.now_us
        if accepted and card.attempt.details.recording_accepted_us is None
        else None,
        tan_channel=tan_channel if ended else "",
    )
