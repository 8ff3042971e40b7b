"""Taking orders for delivery cases in bulk (D-06)."""

from collections.abc import Sequence
from dataclasses import dataclass

from fallwerk.domain.account.model import ScrClient
from fallwerk.domain.errors import DomainError
from fallwerk.domain.identcase.lifecycle import Role
from fallwerk.domain.identcase.model import CaseId, IdentCase
from fallwerk.domain.identcase.plan import NewCase
from fallwerk.domain.identcase.ports import CaseRow, DeliveryOrder, ResultRenderer
from fallwerk.domain.identcase.service.change import STARTED, Change, take_step
from fallwerk.domain.identcase.service.start import expiry_of, started_event, store_cases
from fallwerk.domain.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class PlannedOrder:
    """One good line of a bulk order."""

    new: NewCase
    client: ScrClient
    order: DeliveryOrder
    release: bool
    """False leaves the case `new` until it is released by itself."""


def start_orders(
    uow: UnitOfWork, planned: Sequence[PlannedOrder], render: ResultRenderer
) -> list[CaseId | DomainError]:
    """
    Start delivery cases, each `new` and at once `started` unless it waits for its release.

    Returns:
        Per order its case id, or `ReferenceIdTaken`.
    """
    outcomes, stored = store_cases(
        uow, [order.new for order in planned], lambda new: render(new.case, new.order.custom[0], None)
    )
    uow.due.add_many([expiry_of(new.case) for new in stored])
    uow.audit.add_many([started_event(new) for new in stored])
    accepted: list[tuple[PlannedOrder, IdentCase]] = [
        (order, case) for order, case in zip(planned, outcomes, strict=True) if not isinstance(case, DomainError)
    ]
    uow.cases.add_delivery_orders([(case, order.order) for order, case in accepted])
    for order, case in accepted:
        if order.release:
            _release(uow, order, case, render)
    return [case if isinstance(case, DomainError) else case.case_id for case in outcomes]


def _release(uow: UnitOfWork, order: PlannedOrder, case: IdentCase, render: ResultRenderer) -> None:
    row = CaseRow(case, order.new.order, None)
    change = Change(case.tenant_id, case.case_id, STARTED, order.new.actor, Role.SYSTEM, case.created_us)
    take_step(uow, row, change, order.client, render)
