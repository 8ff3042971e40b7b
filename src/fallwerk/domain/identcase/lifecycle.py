"""
The life cycle of a delivery identification: one table of steps with one gate.

Source: DELIVERY §2.3, §4.1; D-01 to D-05; decisions.md "Life cycle of a delivery identification". Nothing else assigns
a status to a delivery identification.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from fallwerk.domain.account.model import ScrSettings
from fallwerk.domain.errors import DomainError
from fallwerk.domain.identcase import codes
from fallwerk.domain.identcase.model import CaseStatus, Identification, IdentStatus, Method, PostOffice
from fallwerk.domain.notification.due import DueKind

DAY_US: Final = 24 * 60 * 60 * 1_000_000


class Role(StrEnum):
    """Who may take a step; each life cycle has steps for some of them."""

    SYSTEM = "system"
    PACKAGING = "packaging"
    COURIER = "courier"
    POST_OFFICE = "post office"
    RECIPIENT = "recipient"
    USER = "user"
    AGENT = "agent"
    REVIEWER = "reviewer"
    CARD = "card"


class StatusType(StrEnum):
    """Types of status that a client can ask to be notified of (DELIVERY §2.3)."""

    NOTIFICATION = "notification"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class WantedStep:
    """Where an identification is to go."""

    status: IdentStatus
    sub_status: int | None = None
    sub_status_reason: int | None = None
    post_office: PostOffice | None = None
    """Where the envelope was handed over; kept for a success after rerouting, ignored everywhere else (D-22)."""


@dataclass(frozen=True, slots=True)
class LegalStep:
    """A step that may come next: a status, its sub status if it needs one, and the reasons of which it needs one."""

    status: IdentStatus
    sub_status: int | None
    sub_status_reasons: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """A row of the table; the source None is an accepted order without an identification yet."""

    sources: frozenset[IdentStatus | None]
    legal: LegalStep
    by: Role


@dataclass(frozen=True, slots=True)
class Advance:
    """What a step makes of an identification and its case."""

    identification: Identification
    case_status: CaseStatus
    event: IdentStatus | None
    """The status to notify of, None if this one is never notified; see `event_wanted`."""


class IllegalStep(DomainError):
    """The step, or its combination of codes, is not in the table for this state and role; nothing was changed."""

    def __init__(self, current: IdentStatus | None, wanted: WantedStep, legal: tuple[LegalStep, ...]) -> None:
        super().__init__(f"{current or 'no identification'} cannot become {wanted.status}")
        self.current = current
        self.wanted = wanted
        self.legal = legal


_NONE: Final = None
_STARTED: Final = IdentStatus.STARTED
_DMC: Final = IdentStatus.DMC_PROVIDED
_ANNOUNCED: Final = IdentStatus.PACKAGING_ANNOUNCED
_INCOMPLETE: Final = IdentStatus.INCOMPLETE
_DELIVERY: Final = IdentStatus.DELIVERY_STARTED
_REROUTED: Final = IdentStatus.REROUTED
_SUCCESS: Final = IdentStatus.SUCCESS
_DECLINED: Final = IdentStatus.DECLINED
_BEFORE_DELIVERY: Final = frozenset({_STARTED, _DMC, _ANNOUNCED, _INCOMPLETE})


def _step(sources: set[IdentStatus | None] | frozenset[IdentStatus], to: IdentStatus, by: Role, sub: int = 0) -> Step:
    reasons = codes.REASONS_OF[sub] if sub else ()
    return Step(frozenset(sources), LegalStep(to, sub or None, reasons), by)


STEPS: Final = (
    _step({_NONE}, _STARTED, Role.SYSTEM),
    _step({_STARTED}, _DMC, Role.SYSTEM),
    _step({_DMC, _INCOMPLETE}, _ANNOUNCED, Role.PACKAGING),
    _step({_ANNOUNCED}, _INCOMPLETE, Role.PACKAGING, codes.PACKAGING_PROBLEM),
    _step({_ANNOUNCED}, _DELIVERY, Role.COURIER),
    _step({_DELIVERY}, _REROUTED, Role.COURIER),
    _step({_DELIVERY}, _SUCCESS, Role.COURIER),
    _step({_REROUTED}, _SUCCESS, Role.POST_OFFICE),
    _step({_NONE, *_BEFORE_DELIVERY, _DELIVERY, _REROUTED}, _DECLINED, Role.SYSTEM, codes.EXPIRED),
    _step({_DELIVERY}, _DECLINED, Role.COURIER, codes.ABNORMAL),
    _step({_REROUTED}, _DECLINED, Role.POST_OFFICE, codes.ABNORMAL),
    _step(_BEFORE_DELIVERY, _DECLINED, Role.SYSTEM, codes.OTHER_PROBLEM),
    _step({_REROUTED}, _DECLINED, Role.SYSTEM, codes.NOT_PICKED_UP),
    _step({_ANNOUNCED, _INCOMPLETE}, _DECLINED, Role.PACKAGING, codes.NOT_PRODUCIBLE),
    _step({_DELIVERY, _REROUTED}, _DECLINED, Role.RECIPIENT, codes.REFUSED),
    _step({_STARTED, _DMC}, _DECLINED, Role.SYSTEM, codes.BAD_DATA),
    _step({_DELIVERY}, _DECLINED, Role.COURIER, codes.NOT_DELIVERABLE),
    _step({_DMC, _ANNOUNCED, _INCOMPLETE}, _DECLINED, Role.SYSTEM, codes.NOT_SHIPPED),
)
"""
Every step there is. Only an expiry declines what has not started (decisions.md "Time"). What the document gives to
"courier / post office" is the courier's at the door and the post office's after rerouting.
"""

CASE_STATUS: Final = MappingProxyType(
    {
        _STARTED: CaseStatus.IN_PROGRESS,
        _DMC: CaseStatus.IN_PROGRESS,
        _ANNOUNCED: CaseStatus.IN_PROGRESS,
        _INCOMPLETE: CaseStatus.IN_PROGRESS,
        _DELIVERY: CaseStatus.IN_PROGRESS,
        _REROUTED: CaseStatus.IN_PROGRESS,
        _SUCCESS: CaseStatus.CLOSED,
        _DECLINED: CaseStatus.CLOSED,
    }
)
"""The case status that goes with each status of the life cycle."""

NOTIFIED: Final = MappingProxyType(
    {
        _STARTED: StatusType.NOTIFICATION,
        _REROUTED: StatusType.NOTIFICATION,
        _SUCCESS: StatusType.FINAL,
        _DECLINED: StatusType.FINAL,
    }
)
"""Statuses that notify, with their type (decision 38: `started` does)."""


@dataclass(frozen=True, slots=True)
class Timer:
    """A waiting period that begins with a state and, if the step is still legal at its end, takes that step."""

    kind: DueKind
    starts_with: IdentStatus
    days: Callable[[ScrSettings], int]
    """Whole days of 24 hours."""
    step: WantedStep


TIMERS: Final = (
    Timer(DueKind.SHIPMENT, _DMC, lambda s: s.shipment_wait_days, WantedStep(_DECLINED, codes.NOT_SHIPPED, 336)),
    Timer(DueKind.PICK_UP, _REROUTED, lambda s: s.post_office_days, WantedStep(_DECLINED, codes.NOT_PICKED_UP, 330)),
)

DUE_STEPS: Final = MappingProxyType(
    {DueKind.EXPIRE: WantedStep(_DECLINED, codes.EXPIRED), **{timer.kind: timer.step for timer in TIMERS}}
)
"""The step to take when work of a kind falls due; it does nothing if the step is illegal by then (`is_legal`)."""


def advance(current: Identification | None, step: WantedStep, *, actor: Role | None, now_us: int) -> Advance:
    """
    Take a step of the life cycle.

    Source: D-01 to D-05, D-22, decision 25.

    Args:
        current: None while the case is `new`; the step then creates the identification.
        actor: Who takes the step; None plays whichever role may (simulation).

    Raises:
        IllegalStep: with what is legal from here for this actor.
    """
    status = _status(current)
    if not is_legal(current, step, actor=actor):
        raise IllegalStep(status, step, legal_steps(current, actor=actor))
    identification = Identification(
        method=Method.DELIVERY,
        status=step.status,
        created_us=now_us if current is None else current.created_us,
        modified_us=now_us,
        sub_status=step.sub_status,
        sub_status_reason=step.sub_status_reason,
        identified_us=now_us if _identifies(step) else None,
        post_office=step.post_office if (status, step.status) == (_REROUTED, _SUCCESS) else None,
    )
    event = step.status if step.status in NOTIFIED else None
    return Advance(identification, CASE_STATUS[step.status], event)


def is_legal(current: Identification | None, step: WantedStep, *, actor: Role | None) -> bool:
    """Tell whether `advance` would take this step."""
    return any(_matches(row.legal, step) for row in _rows(_status(current), actor))


def legal_steps(current: Identification | None, *, actor: Role | None = None) -> tuple[LegalStep, ...]:
    """Return what may come next in the table's order; empty after a final state."""
    return tuple(dict.fromkeys(row.legal for row in _rows(_status(current), actor)))


def role_for(current: Identification | None, step: WantedStep) -> Role | None:
    """Return who takes this step in reality, None if it is illegal."""
    return next((row.by for row in _rows(_status(current), None) if _matches(row.legal, step)), None)


def event_wanted(
    settings_events: tuple[str, ...], status: IdentStatus, notified: Mapping[IdentStatus, StatusType] = NOTIFIED
) -> bool:
    """
    Tell whether a client asked to be notified of a status.

    Source: DELIVERY §2.3; D-60, S-48.

    Args:
        settings_events: Names of statuses, or of types: `notification`, `final`.
        notified: The life cycle's statuses that notify at all.
    """
    kind = notified.get(status)
    return kind is not None and (status.value in settings_events or kind.value in settings_events)


def timers_started(status: IdentStatus, settings: ScrSettings, now_us: int) -> tuple[tuple[DueKind, int], ...]:
    """Return the kind and due time (µs since 1970) of each timer that begins with reaching a status."""
    return tuple(
        (timer.kind, now_us + timer.days(settings) * DAY_US) for timer in TIMERS if timer.starts_with is status
    )


def timers_ended(before: Identification | None, after: Identification) -> tuple[DueKind, ...]:
    """Return the kinds of due work that a step made pointless: their own step was legal before and is not any more."""
    return tuple(
        kind
        for kind, step in DUE_STEPS.items()
        if is_legal(before, step, actor=Role.SYSTEM) and not is_legal(after, step, actor=Role.SYSTEM)
    )


def _status(current: Identification | None) -> IdentStatus | None:
    """Return the state a step starts from."""
    if current is None:
        return None
    if current.method is not Method.DELIVERY:
        raise ValueError(f"the delivery life cycle was asked about an identification by {current.method}")
    return current.status


def _rows(status: IdentStatus | None, actor: Role | None) -> Iterator[Step]:
    """Rows that start from a state and may be taken by an actor."""
    return (row for row in STEPS if status in row.sources and actor in {None, row.by})


def _matches(legal: LegalStep, step: WantedStep) -> bool:
    """Codes are required where the table lists them and forbidden elsewhere (D-03)."""
    if (step.status, step.sub_status) != (legal.status, legal.sub_status):
        return False
    if not legal.sub_status_reasons:
        return step.sub_status_reason is None
    return step.sub_status_reason in legal.sub_status_reasons


def _identifies(step: WantedStep) -> bool:
    """Decision 25: the person was in fact identified by a success, and by a decline for abnormalities."""
    return step.status is _SUCCESS or step.sub_status == codes.ABNORMAL
