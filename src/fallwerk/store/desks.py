"""What waits at the desks: open attempts over all tenants, oldest first."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Select, and_, delete, func, select, text, tuple_, update

from fallwerk.domain.account.model import ScrClient
from fallwerk.domain.desk.model import Claim, Pile, Waiting, Wanted
from fallwerk.domain.identcase.model import CaseStatus, IdentCase, Identification, IdentStatus, Method
from fallwerk.domain.identcase.ports import DeliveryOrder
from fallwerk.store.methods_tables import ident_person
from fallwerk.store.orders import contact_of, order_of, recipient_of
from fallwerk.store.staff_tables import desk_claim
from fallwerk.store.statements import upsert
from fallwerk.store.tables import delivery_order, ident_case, identification, scr_client

if TYPE_CHECKING:
    from fallwerk.store.unit import Unit

_i: Final = identification.c
_c: Final = ident_case.c
_d: Final = delivery_order.c
_SHOWN: Final = (
    identification,
    scr_client.c.client_id,
    _c.order_sealed,
    ident_person.c.data_sealed.label("person_sealed"),
    _d.recipient_sealed,
    _d.job_id,
    _d.position,
)
"""What a list shows of a case."""
_ACCOUNTING_NUMBER: Final = re.compile(r"[0-9A-Za-z-]{1,20}")
_OPEN: Final = text("identification.status NOT IN ('success', 'declined')")
"""Spelt as the partial index is, with its values in the text: no engine looks into parameters before it plans."""


class Desks:
    """See `domain.desk.ports.DeskRepository`."""

    def __init__(self, unit: "Unit") -> None:
        self._unit = unit

    def pile(self, wanted: Wanted, limit: int) -> Pile:
        """Return the open cases that wait, oldest first."""
        statement = _matching(wanted, select(*_SHOWN))
        rows = self._unit.execute(statement.order_by(_i.modified_us, _i.case_id).limit(limit + 1)).all()
        return Pile(tuple(self._waiting(row) for row in rows[:limit]), len(rows) > limit)

    def count(self, wanted: Wanted, limit: int) -> int:
        """Count the open cases that wait, up to a limit."""
        some = _matching(wanted, select(_i.case_id)).limit(limit).subquery()
        return int(self._unit.execute(select(func.count()).select_from(some)).scalar_one())

    def delivery_order(self, tenant_id: int, case_id: str) -> DeliveryOrder | None:
        """Return recipient and place in its job of a delivery case."""
        statement = select(delivery_order).where(_d.tenant_id == tenant_id, _d.case_id == case_id)
        row = self._unit.execute(statement).one_or_none()
        if row is None:
            return None
        opened = self._unit.sealer.open(bytes(row.recipient_sealed), _context("recipient", row))
        return DeliveryOrder(recipient_of(opened), row.job_id, row.position)

    def clients_of_accounting(self, accounting_number: str) -> list[ScrClient]:
        """Return the SCR clients with an accounting number, by client id."""
        if not _ACCOUNTING_NUMBER.fullmatch(accounting_number):
            return []
        # Settings are kept as compact JSON, and the number's form holds no sign that LIKE or JSON would read otherwise.
        pattern = f'%"accounting_number":"{accounting_number}"%'
        statement = select(scr_client.c.tenant_id).where(scr_client.c.settings.like(pattern))
        tenants = self._unit.execute(statement.order_by(scr_client.c.client_id)).scalars().all()
        found = (self._unit.accounts.scr_client_of(tenant_id) for tenant_id in tenants)
        # LIKE may not tell capitals from small letters.
        return [client for client in found if client and client.settings.accounting_number == accounting_number]

    def by_reference(self, tenant_id: int, reference_id: str) -> IdentCase | None:
        """Return the case of a tenant that carries a reference id."""
        statement = select(_c.case_id).where(_c.tenant_id == tenant_id, _c.reference_id == reference_id)
        case_id = self._unit.execute(statement).scalar()
        return None if case_id is None else self._unit.cases.head(tenant_id, case_id)

    def claim(self, tenant_id: int, case_id: str) -> Claim | None:
        """Return who talks to the person of a case."""
        row = self._unit.execute(select(desk_claim).where(*_claimed(tenant_id, case_id))).one_or_none()
        return None if row is None else _claim(row)

    def put_claim(self, tenant_id: int, case_id: str, claim: Claim) -> None:
        """Note who talks to the person of a case."""
        values = {"user_id": claim.user_id, "taken_us": claim.taken_us, "seen_us": claim.seen_us}
        upsert(self._unit, desk_claim, {"tenant_id": tenant_id, "case_id": case_id, **values})

    def keep_claim(self, tenant_id: int, case_id: str, now_us: int) -> None:
        """Note that whoever talks to the person of a case is still there."""
        self._unit.execute(update(desk_claim).where(*_claimed(tenant_id, case_id)).values(seen_us=now_us))

    def held_by(self, user_id: int, seen_since_us: int) -> list[tuple[int, str]]:
        """Return tenant and case of the calls of an agent whose page was heard of lately, the oldest first."""
        found = select(desk_claim).where(desk_claim.c.user_id == user_id, desk_claim.c.seen_us > seen_since_us)
        rows = self._unit.execute(found.order_by(desk_claim.c.taken_us))
        return [(row.tenant_id, row.case_id) for row in rows]

    def claims(self, cases: Sequence[tuple[int, str]]) -> dict[tuple[int, str], Claim]:
        """Return who talks to the persons of some cases (tenant, case id)."""
        if not cases:
            return {}
        among = tuple_(desk_claim.c.tenant_id, desk_claim.c.case_id).in_(list(cases))
        rows = self._unit.execute(select(desk_claim).where(among))
        return {(row.tenant_id, row.case_id): _claim(row) for row in rows}

    def of_cases(self, wanted: Wanted, cases: Sequence[tuple[int, str]]) -> list[Waiting]:
        """Return those of some cases (tenant, case id) that wait, in no order."""
        if not cases:
            return []
        statement = _matching(wanted, select(*_SHOWN)).where(tuple_(_i.tenant_id, _i.case_id).in_(list(cases)))
        return [self._waiting(row) for row in self._unit.execute(statement)]

    def drop_claim(self, tenant_id: int, case_id: str) -> None:
        """Note that nobody does any more."""
        self._unit.execute(delete(desk_claim).where(*_claimed(tenant_id, case_id)))

    def _waiting(self, row: Any) -> Waiting:  # noqa: ANN401 - a row of the list
        return Waiting(
            tenant_id=row.tenant_id,
            case_id=row.case_id,
            client_id=row.client_id,
            identification=Identification(
                method=Method(row.method),
                status=IdentStatus(row.status),
                created_us=row.created_us,
                modified_us=row.modified_us,
                sub_status=row.sub_status,
                sub_status_reason=row.sub_status_reason,
            ),
            name=self._name(row),
            job_id=row.job_id,
            position=row.position,
        )

    def _name(self, row: Any) -> str:  # noqa: ANN401 - a row of the list
        if row.recipient_sealed is not None:
            recipient = recipient_of(self._unit.sealer.open(bytes(row.recipient_sealed), _context("recipient", row)))
            return f"{recipient.first_name} {recipient.last_name}"
        given = order_of(self._unit.sealer.open(bytes(row.order_sealed), _context("order", row))).contact
        entered = None
        if row.person_sealed is not None:
            entered = contact_of(self._unit.sealer.open(bytes(row.person_sealed), _context("person", row)))
        # What the person entered in the portal goes before what the client knew, field by field.
        found = [getattr(entered, name, None) or getattr(given, name, None) for name in ("first_name", "last_name")]
        return " ".join(part for part in found if part)


def _matching(wanted: Wanted, columns: Select[Any]) -> Select[Any]:
    """Add tables and conditions of a list to what it asks for."""
    statement = (
        columns.join_from(identification, ident_case, _same_case(ident_case))
        .join(scr_client, scr_client.c.tenant_id == _i.tenant_id)
        .outerjoin(delivery_order, _same_case(delivery_order))
        .outerjoin(ident_person, _same_case(ident_person))
        .where(
            _i.method.in_([method.value for method in wanted.methods]),
            _i.status.in_([status.value for status in wanted.statuses]),
            _OPEN,
            _c.status != CaseStatus.CLOSED.value,
        )
    )
    if wanted.tenant_id is not None:
        statement = statement.where(_i.tenant_id == wanted.tenant_id)
    if wanted.job_id is not None:
        statement = statement.where(_d.job_id == wanted.job_id)
    return statement


def _claimed(tenant_id: int, case_id: str) -> tuple[Any, Any]:
    return desk_claim.c.tenant_id == tenant_id, desk_claim.c.case_id == case_id


def _claim(row: Any) -> Claim:  # noqa: ANN401 - a row of the table
    return Claim(row.user_id, row.taken_us, row.seen_us)


def _same_case(table: Any) -> Any:  # noqa: ANN401 - a table, a condition
    return and_(table.c.tenant_id == _i.tenant_id, table.c.case_id == _i.case_id)


def _context(what: str, row: Any) -> bytes:  # noqa: ANN401 - a row
    return f"{what}|{row.tenant_id}|{row.case_id}".encode()
