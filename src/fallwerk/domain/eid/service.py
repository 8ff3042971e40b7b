"""Recording what a card said: the step of the life cycle that goes with each outcome."""

from types import MappingProxyType
from typing import Final

from fallwerk.domain.audit.model import Actor
from fallwerk.domain.eid.ports import CardOutcome, CardProblem
from fallwerk.domain.identcase.attempt import CaseFile
from fallwerk.domain.identcase.lifecycle import Role, WantedStep
from fallwerk.domain.identcase.methods_codes import CARD_INCOMPLETE, CARD_UNUSABLE
from fallwerk.domain.identcase.model import IdentStatus, Method
from fallwerk.domain.identcase.service.findings import Findings, record_result
from fallwerk.domain.unit_of_work import UnitOfWork

_INCOMPLETE: Final = IdentStatus.INCOMPLETE
_DECLINED: Final = IdentStatus.DECLINED

STEPS: Final = MappingProxyType(
    {
        CardProblem.CARD_REMOVED: WantedStep(_INCOMPLETE, CARD_INCOMPLETE, 9151),
        CardProblem.PIN_WRONG: WantedStep(_INCOMPLETE, CARD_INCOMPLETE, 9152),
        CardProblem.PIN_BLOCKED: WantedStep(_INCOMPLETE, CARD_INCOMPLETE, 9153),
        CardProblem.CANCELLED: WantedStep(_INCOMPLETE, CARD_INCOMPLETE, 9154),
        CardProblem.OTHER: WantedStep(_INCOMPLETE, CARD_INCOMPLETE, 9159),
        CardProblem.CARD_EXPIRED: WantedStep(_DECLINED, CARD_UNUSABLE, 9161),
        CardProblem.CARD_REVOKED: WantedStep(_DECLINED, CARD_UNUSABLE, 9162),
        CardProblem.ONLINE_OFF: WantedStep(_DECLINED, CARD_UNUSABLE, 9163),
        CardProblem.CARD_UNUSABLE: WantedStep(_DECLINED, CARD_UNUSABLE, 9169),
    }
)
"""What each problem makes of the attempt: what can be repeated is incomplete, what the card itself forbids declined."""


def record_card(
    uow: UnitOfWork, tenant_id: int, case_id: str, outcome: CardOutcome, *, actor: Actor, now_us: int
) -> CaseFile:
    """
    Record a card's outcome.

    Raises:
        CaseUnknown: no such START case of this tenant.
        IllegalStep: the attempt is over already, or the case is; nothing was changed.
    """
    step = WantedStep(IdentStatus.SUCCESS) if outcome.problem is None else STEPS[outcome.problem]
    return record_result(
        uow,
        tenant_id,
        case_id,
        method=Method.EID,
        step=step,
        findings=Findings(identity_document=outcome.document, dkk=outcome.dkk),
        actor=actor,
        role=Role.CARD,
        now_us=now_us,
    )
