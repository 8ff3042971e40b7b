"""
The life cycles of basic, video, photo and eid: one table of steps with one gate.

Source: START §1 Definitions, §2 ProcessData, §4 Requirements; S-46, S-48, W-05; decisions.md "Life cycle of the other
methods", "Time". Nothing else assigns a status to an attempt of these methods. A case may hold several attempts, one
per method and restart; each walks its method's table by itself, and the gate says what that makes of the case.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from fallwerk.domain.errors import DomainError
from fallwerk.domain.identcase import methods_codes as codes
from fallwerk.domain.identcase.lifecycle import IllegalStep, LegalStep, Role, StatusType, Step, WantedStep
from fallwerk.domain.identcase.model import CaseStatus, Identification, IdentStatus, Method

_STARTED: Final = IdentStatus.STARTED
_COUPON: Final = IdentStatus.COUPON_REQUESTED
_INCOMPLETE: Final = IdentStatus.INCOMPLETE
_PENDING: Final = IdentStatus.REVIEW_PENDING
_SUCCESS: Final = IdentStatus.SUCCESS
_DECLINED: Final = IdentStatus.DECLINED
FINAL: Final = frozenset({_SUCCESS, _DECLINED})
"""An attempt ends here; while its case is open, a declined one can be followed by another attempt."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a step makes of an attempt and its case."""

    identification: Identification
    case_status: CaseStatus
    fresh: bool
    """True if the step began another attempt instead of moving one."""
    event: IdentStatus | None
    """The status to notify of, None if nothing a client hears of changed."""


class RecordedBySameActor(DomainError):
    """Who recorded a result cannot confirm or decline it: that takes a second pair of eyes."""


class TanMissing(DomainError):
    """In class GwG nobody counts as identified by video who has not confirmed a TAN in the call."""


def _step(sources: set[IdentStatus | None], to: IdentStatus, by: Role, sub: int = 0) -> Step:
    reasons = codes.REASONS_OF[sub] if sub else ()
    return Step(frozenset(sources), LegalStep(to, sub or None, reasons), by)


def _always(opened: set[IdentStatus | None]) -> tuple[Step, ...]:
    """What any open attempt can meet: its person gives up, or the case's validity ends."""
    return (
        _step(opened, _DECLINED, Role.USER, codes.CANCELLED),
        _step(opened, _DECLINED, Role.SYSTEM, codes.EXPIRED),
    )


_AT_COUNTER: Final[set[IdentStatus | None]] = {_STARTED, _COUPON, _INCOMPLETE}
_BEFORE_REVIEW: Final[set[IdentStatus | None]] = {_STARTED, _INCOMPLETE}

BEFORE_A_CALL: Final = (_STARTED, _INCOMPLETE)
"""Where an attempt by video stands while its person can be called."""

STEPS: Final = MappingProxyType(
    {
        Method.BASIC: (
            _step({None, _DECLINED}, _STARTED, Role.USER),
            # Somebody may stand at the counter whose coupon we never made, or whose case we do not know (S-47).
            _step({None, _DECLINED}, _STARTED, Role.POST_OFFICE),
            _step({None, *_AT_COUNTER}, _COUPON, Role.USER),
            _step(_AT_COUNTER, _INCOMPLETE, Role.POST_OFFICE, codes.COUNTER_INCOMPLETE),
            _step(_AT_COUNTER, _SUCCESS, Role.POST_OFFICE),
            _step(_AT_COUNTER, _DECLINED, Role.POST_OFFICE, codes.NOT_CONFIRMED),
            *_always(_AT_COUNTER),
        ),
        Method.VIDEO: (
            _step({None, _DECLINED}, _STARTED, Role.USER),
            _step(_BEFORE_REVIEW, _INCOMPLETE, Role.AGENT, codes.CALL_INCOMPLETE),
            # The server itself notices a call that breaks off, whoever left it.
            _step(_BEFORE_REVIEW, _INCOMPLETE, Role.SYSTEM, codes.CALL_INCOMPLETE),
            _step(_BEFORE_REVIEW, _PENDING, Role.AGENT),
            _step({_PENDING}, _SUCCESS, Role.REVIEWER),
            _step({_PENDING}, _DECLINED, Role.REVIEWER, codes.NOT_CONFIRMED),
            *_always({*_BEFORE_REVIEW, _PENDING}),
        ),
        Method.PHOTO: (
            _step({None, _DECLINED}, _STARTED, Role.USER),
            _step(_BEFORE_REVIEW, _PENDING, Role.USER),
            _step({_PENDING}, _INCOMPLETE, Role.REVIEWER, codes.PICTURES_WANTED),
            _step({_PENDING}, _SUCCESS, Role.REVIEWER),
            _step({_PENDING}, _DECLINED, Role.REVIEWER, codes.NOT_CONFIRMED),
            *_always({*_BEFORE_REVIEW, _PENDING}),
        ),
        Method.EID: (
            _step({None, _DECLINED}, _STARTED, Role.USER),
            _step(_BEFORE_REVIEW, _INCOMPLETE, Role.CARD, codes.CARD_INCOMPLETE),
            _step(_BEFORE_REVIEW, _SUCCESS, Role.CARD),
            _step(_BEFORE_REVIEW, _DECLINED, Role.CARD, codes.CARD_UNUSABLE),
            *_always(_BEFORE_REVIEW),
        ),
    }
)
"""Every step there is, per method; the source None is a case without an attempt by the method."""

NOTIFIED: Final = MappingProxyType(
    {
        _COUPON: StatusType.NOTIFICATION,
        _INCOMPLETE: StatusType.NOTIFICATION,
        _PENDING: StatusType.NOTIFICATION,
        _SUCCESS: StatusType.FINAL,
        _DECLINED: StatusType.FINAL,
    }
)
"""Statuses that notify, with their type (S-48)."""

EXPIRY: Final = WantedStep(_DECLINED, codes.EXPIRED)
CANCELLATION: Final = WantedStep(_DECLINED, codes.CANCELLED)


def advance(
    method: Method,
    current: Identification | None,
    step: WantedStep,
    *,
    case_status: CaseStatus,
    actor: Role | None,
    same_actor: bool = False,
    declined_closes: bool,
    now_us: int,
) -> Taken:
    """
    Take a step of an attempt's life cycle.

    Source: decisions.md "Life cycle of the other methods", decision 25; S-46, S-48, W-05.

    Args:
        current: The latest attempt by the method, None if there is none.
        case_status: Of a closed case nothing moves any more.
        actor: In which role the step is taken; None plays whichever role may (simulation).
        same_actor: Whether the one who acts is the one who recorded the result under review.
        declined_closes: Whether a decline of this method closes the case; an expiry always does.

    Raises:
        IllegalStep: with what is legal from here for this actor.
        RecordedBySameActor: the step is legal, but somebody else must take it.
    """
    status = None if current is None else current.status
    if not is_legal(method, current, step, case_status=case_status, actor=actor):
        raise IllegalStep(status, step, legal_steps(method, current, case_status=case_status, actor=actor))
    by = actor or role_for(method, current, step)
    if same_actor and by is Role.REVIEWER:
        raise RecordedBySameActor
    fresh = current is None or current.status in FINAL
    identification = Identification(
        method=method,
        status=step.status,
        created_us=now_us if current is None or fresh else current.created_us,
        modified_us=now_us,
        sub_status=step.sub_status,
        sub_status_reason=step.sub_status_reason,
        identified_us=now_us if step.status is _SUCCESS else None,
    )
    event = step.status if step.status in NOTIFIED and _differs(current, step) else None
    return Taken(identification, _case_status(step, declined_closes=declined_closes), fresh, event)


def beginning(method: Method, now_us: int) -> Identification:
    """Return how an attempt begins, for a desk that shows what could follow; nothing is taken by it."""
    return Identification(method=method, status=_STARTED, created_us=now_us, modified_us=now_us)


def is_legal(
    method: Method, current: Identification | None, step: WantedStep, *, case_status: CaseStatus, actor: Role | None
) -> bool:
    """Tell whether `advance` would take this step, the second pair of eyes apart."""
    return any(_matches(row.legal, step) for row in _rows(method, current, case_status, actor))


def legal_steps(
    method: Method, current: Identification | None, *, case_status: CaseStatus, actor: Role | None = None
) -> tuple[LegalStep, ...]:
    """Return what may come next in the table's order; empty in a closed case."""
    return tuple(dict.fromkeys(row.legal for row in _rows(method, current, case_status, actor)))


def role_for(method: Method, current: Identification | None, step: WantedStep) -> Role | None:
    """Return who takes this step of an open case in reality, None if it is illegal."""
    rows = _rows(method, current, CaseStatus.IN_PROGRESS, None)
    return next((row.by for row in rows if _matches(row.legal, step)), None)


def is_open(identification: Identification) -> bool:
    """Tell whether an attempt can still move by itself."""
    return identification.status not in FINAL


def _rows(
    method: Method, current: Identification | None, case_status: CaseStatus, actor: Role | None
) -> Iterator[Step]:
    """Rows that start from a state and may be taken by an actor."""
    status = None if current is None else current.status
    if case_status is CaseStatus.CLOSED:
        return iter(())
    return (row for row in STEPS[method] if status in row.sources and actor in {None, row.by})


def _matches(legal: LegalStep, step: WantedStep) -> bool:
    """Codes are required where the table lists them and forbidden elsewhere."""
    if (step.status, step.sub_status) != (legal.status, legal.sub_status):
        return False
    if not legal.sub_status_reasons:
        return step.sub_status_reason is None
    return step.sub_status_reason in legal.sub_status_reasons


def _case_status(step: WantedStep, *, declined_closes: bool) -> CaseStatus:
    closes = step.status is _SUCCESS or (
        step.status is _DECLINED and (declined_closes or step.sub_status == codes.EXPIRED)
    )
    return CaseStatus.CLOSED if closes else CaseStatus.IN_PROGRESS


def _differs(current: Identification | None, step: WantedStep) -> bool:
    """A second coupon changes nothing that a client was not told already."""
    if current is None:
        return True
    known = (current.status, current.sub_status, current.sub_status_reason)
    return known != (step.status, step.sub_status, step.sub_status_reason)
