"""The desks of the delivery: packaging, courier, and the post office for rerouted letters."""

from dataclasses import dataclass

from fallwerk.domain.audit.model import Actor
from fallwerk.domain.desk.errors import AtAnotherDesk, ChecksMissing, Outdated
from fallwerk.domain.desk.model import COMPARED, DeliveryDesk
from fallwerk.domain.identcase.errors import CaseUnknown
from fallwerk.domain.identcase.lifecycle import LegalStep, WantedStep, is_legal, legal_steps
from fallwerk.domain.identcase.model import CaseKind, IdentCase, Identification, IdentStatus
from fallwerk.domain.identcase.ports import CaseRow, DeliveryOrder, ResultRenderer
from fallwerk.domain.identcase.service.case_state import client_of
from fallwerk.domain.identcase.service.change import Change, take_step
from fallwerk.domain.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class DeliveryCard:
    """A delivery case as a desk works on it."""

    case: IdentCase
    client_name: str
    client_id: str
    identification: Identification
    order: DeliveryOrder
    steps: tuple[LegalStep, ...]
    """What this desk can do next, in the order of the life cycle's table."""


@dataclass(frozen=True, slots=True)
class DeskStep:
    """A step that somebody at a desk takes."""

    case_id: str
    wanted: WantedStep
    seen_us: int
    """Last change of the identification that the person saw: two tabs and replayed forms do nothing."""
    compared: frozenset[str]
    """What was compared with the identity document; a success needs all of `COMPARED`."""
    actor: Actor
    now_us: int


def find_case(uow: UnitOfWork, case_id: str, reach: int | None) -> int:
    """
    Return the tenant of a case that somebody may reach.

    Raises:
        CaseUnknown: there is none, or it is another tenant's; the caller cannot tell which (C-03).
    """
    tenant_id = uow.cases.find_tenant(case_id)
    if tenant_id is None or reach not in {None, tenant_id}:
        raise CaseUnknown
    return tenant_id


def delivery_card(uow: UnitOfWork, desk: DeliveryDesk, case_id: str, reach: int | None) -> DeliveryCard:
    """
    Return a case that lies at a desk.

    Raises:
        CaseUnknown: no such delivery case in reach.
        AtAnotherDesk: it lies elsewhere: who does not work on it has no need to see whose it is.
    """
    tenant_id = find_case(uow, case_id, reach)
    row = uow.cases.get(tenant_id, case_id, kind=CaseKind.DELIVERY)
    order = uow.desks.delivery_order(tenant_id, case_id)
    if row is None or order is None:
        raise CaseUnknown
    identification = _at_desk(row, desk)
    client = client_of(uow, tenant_id)
    steps = (step for role in desk.roles for step in legal_steps(identification, actor=role))
    return DeliveryCard(
        case=row.case,
        client_name=client.settings.display_name or client.client_id,
        client_id=client.client_id,
        identification=identification,
        order=order,
        steps=tuple(steps),
    )


def take_desk_step(
    uow: UnitOfWork, desk: DeliveryDesk, step: DeskStep, render: ResultRenderer, reach: int | None
) -> IdentCase:
    """
    Take a step of a delivery case at a desk.

    Source: D-01 to D-03, W-05; the life cycle's gate decides.

    Raises:
        CaseUnknown: no such delivery case in reach.
        AtAnotherDesk, Outdated, ChecksMissing, IllegalStep: nothing was changed.
    """
    tenant_id = find_case(uow, step.case_id, reach)
    row = uow.cases.get(tenant_id, step.case_id, kind=CaseKind.DELIVERY, lock=True)
    if row is None:
        raise CaseUnknown
    current = _at_desk(row, desk)
    if current.modified_us != step.seen_us:
        raise Outdated
    missing = tuple(name for name in COMPARED if name not in step.compared)
    if step.wanted.status is IdentStatus.SUCCESS and missing:
        raise ChecksMissing(missing)
    role = next((role for role in desk.roles if is_legal(current, step.wanted, actor=role)), desk.roles[0])
    change = Change(tenant_id, step.case_id, step.wanted, step.actor, role, step.now_us)
    return take_step(uow, row, change, client_of(uow, tenant_id), render)


def _at_desk(row: CaseRow, desk: DeliveryDesk) -> Identification:
    current = row.identification
    if current is None or current.status not in desk.statuses:
        raise AtAnotherDesk(row.case.case_id, current.status if current else None)
    return current
