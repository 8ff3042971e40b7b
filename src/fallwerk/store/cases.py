"""Identification cases in the database."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy import Select, bindparam, delete, select, update

from fallwerk.domain.identcase.filter import CaseFilter
from fallwerk.domain.identcase.model import (
    CaseId,
    CaseKind,
    CaseStatus,
    IdentCase,
    Identification,
    IdentStatus,
    Method,
    PostOffice,
)
from fallwerk.domain.identcase.plan import NewCase
from fallwerk.domain.identcase.ports import Archived, CaseRow, DeliveryOrder, ResultPage
from fallwerk.store.call_tables import call_seat, call_signal, call_tan
from fallwerk.store.document_tables import coupon
from fallwerk.store.mail_tables import mail, sandbox_mail
from fallwerk.store.methods_tables import ident_consent, ident_person, ident_record
from fallwerk.store.orders import order_bytes, order_of, recipient_bytes
from fallwerk.store.portal_tables import confirmation, waiting_person
from fallwerk.store.rows import insert_new_rows, insert_rows
from fallwerk.store.sealing import normalised
from fallwerk.store.staff_tables import desk_claim
from fallwerk.store.statements import upsert
from fallwerk.store.tables import (
    case_directory,
    delivery_order,
    due_work,
    idempotency,
    ident_case,
    identification,
    notification,
)

if TYPE_CHECKING:
    from fallwerk.store.unit import Unit

CHUNK: Final = 500
"""Cases that one statement names at most."""
OF_A_CASE: Final = (
    coupon,
    call_seat,
    call_signal,
    call_tan,
    confirmation,
    desk_claim,
    waiting_person,
    ident_record,
    ident_consent,
    ident_person,
    idempotency,
    due_work,
    notification,
    mail,
    sandbox_mail,
    identification,
    delivery_order,
    ident_case,
)
"""Tables whose rows go with a case; the directory follows them."""


class Cases:
    """The repository of identification cases; see `domain.identcase.ports.CaseRepository`."""

    def __init__(self, unit: "Unit") -> None:
        self._unit = unit

    def add_many(self, cases: Sequence[NewCase], results: Sequence[bytes | None]) -> list[CaseId | None]:
        """Store new cases; say per case what stands in its way."""
        rows: dict[CaseId, tuple[Any, ...]] = {}
        firsts: list[IdentCase] = []
        for new, result in zip(cases, results, strict=True):
            if new.case.case_id not in rows:
                rows[new.case.case_id] = self._row(new, result)
                firsts.append(new.case)
        # One order of rows in all processes keeps them from deadlocking.
        ordered = sorted(firsts, key=lambda case: (case.tenant_id, case.reference_id))
        insert = self._insert_sqlite if self._unit.is_sqlite else self._insert_postgres
        stored = insert(ordered, rows)
        taken = {case.case_id: self._holder(case) for case in ordered if case.case_id not in stored}
        return [_obstacle(new.case.case_id, stored, taken) for new in cases]

    def _insert_sqlite(self, ordered: Sequence[IdentCase], rows: dict[CaseId, tuple[Any, ...]]) -> set[CaseId]:
        places = [(case.case_id, case.tenant_id) for case in ordered]
        known = insert_new_rows(self._unit, case_directory, places, "case_id")
        fresh = [rows[case.case_id] for case in ordered if case.case_id in known]
        stored = insert_new_rows(self._unit, ident_case, fresh, "case_id")
        if refused := sorted(known - stored):
            self._unit.execute(delete(case_directory).where(case_directory.c.case_id.in_(refused)))
        return stored

    def _insert_postgres(self, ordered: Sequence[IdentCase], rows: dict[CaseId, tuple[Any, ...]]) -> set[CaseId]:
        # Should another process store the same id just now, the directory refuses the commit and each case is tried
        # alone, when the id is known.
        fresh = [rows[case.case_id] for case in ordered]
        stored: set[CaseId] = insert_new_rows(self._unit, ident_case, fresh, "case_id", unless_in=case_directory)
        insert_rows(
            self._unit, case_directory, [(case.case_id, case.tenant_id) for case in ordered if case.case_id in stored]
        )
        return stored

    def _holder(self, case: IdentCase) -> CaseId:
        """Return who holds a reference id; the case's own id if that holder went away meanwhile."""
        found = self._unit.execute(_HOLDER, {"tenant": case.tenant_id, "reference": case.reference_id}).scalar()
        return CaseId(found) if found else case.case_id

    def _row(self, new: NewCase, result: bytes | None) -> tuple[Any, ...]:
        case, order, sealer = new.case, new.order, self._unit.sealer
        contact, document = order.contact, order.identity_document
        last_name = (contact.last_name if contact else None) or (document.last_name if document else None)
        return (
            case.tenant_id,
            case.case_id,
            case.kind.value,
            case.status.value,
            case.archived,
            case.reference_id,
            case.reference_given,
            case.created_us,
            case.modified_us,
            case.closed_us,
            case.valid_until_us,
            sealer.seal(order_bytes(order), context_of("order", case.tenant_id, case.case_id)),
            None if result is None else sealer.seal(result, context_of("result", case.tenant_id, case.case_id)),
            self._find(case.tenant_id, "last name", last_name),
            self._find(case.tenant_id, "email", contact.email if contact else None),
            self._find(case.tenant_id, "custom1", order.custom[0]),
            self._find(case.tenant_id, "document", document.number if document else None),
        )

    def _find(self, tenant_id: int, kind: str, value: str | None) -> bytes | None:
        return self._unit.hashes.blind(tenant_id, kind, normalised(value)) if value else None

    def add_delivery_orders(self, orders: Sequence[tuple[IdentCase, DeliveryOrder]]) -> None:
        """Store recipients and positions of new delivery cases."""
        rows = []
        for case, order in orders:
            context = context_of("recipient", case.tenant_id, case.case_id)
            sealed = self._unit.sealer.seal(recipient_bytes(order.recipient), context)
            rows.append((case.tenant_id, case.case_id, order.job_id, order.position, sealed))
        insert_rows(self._unit, delivery_order, rows)

    def get(self, tenant_id: int, case_id: str, *, kind: CaseKind, lock: bool = False) -> CaseRow | None:
        """Return a case with its order and latest identification."""
        statement = LOCKED_CASE if lock else CASE
        row = self._unit.execute(statement, {"tenant": tenant_id, "case": case_id}).one_or_none()
        if row is None or row.kind != kind:
            return None
        order = order_of(self._unit.sealer.open(row.order_sealed, context_of("order", tenant_id, case_id)))
        attempt = self._unit.execute(_ATTEMPT, {"tenant": tenant_id, "case": case_id}).first()
        if attempt is None:
            return CaseRow(case_of(row), order, None)
        return CaseRow(case_of(row), order, self._identification(attempt), attempt.number)

    def _identification(self, row: Any) -> Identification:  # noqa: ANN401 - a row of the table
        post_office = None
        # What the methods of START find out is read by `attempts.py`.
        if row.details_sealed is not None and row.method == Method.DELIVERY:
            context = context_of("details", row.tenant_id, row.case_id)
            details = orjson.loads(self._unit.sealer.open(row.details_sealed, context))
            post_office = PostOffice(details["street_address"], details["city"])
        return Identification(
            method=Method(row.method),
            status=IdentStatus(row.status),
            created_us=row.created_us,
            modified_us=row.modified_us,
            sub_status=row.sub_status,
            sub_status_reason=row.sub_status_reason,
            identified_us=row.identified_us,
            post_office=post_office,
        )

    def find_tenant(self, case_id: str) -> int | None:
        """Look a case up in the directory."""
        (rows,) = self._unit.ask((_TENANT_OF,), {"case": case_id})
        return rows[0].tenant_id if rows else None

    def head(self, tenant_id: int, case_id: str) -> IdentCase | None:
        """Return a case without its order."""
        row = self._unit.execute(CASE, {"tenant": tenant_id, "case": case_id}).one_or_none()
        return None if row is None else case_of(row)

    def save(self, row: CaseRow, result: bytes | None) -> None:
        """Store state, latest identification and result of a case."""
        case, tenant_id = row.case, row.case.tenant_id
        context = context_of("result", tenant_id, case.case_id)
        self._unit.later(
            _SAVE,
            {
                "tenant": tenant_id,
                "case": case.case_id,
                "status": case.status.value,
                "archived": case.archived,
                "modified_us": case.modified_us,
                "closed_us": case.closed_us,
                "result_sealed": None if result is None else self._unit.sealer.seal(result, context),
            },
        )
        if row.identification is not None:
            self._save_attempt(case, row.identification, max(row.attempt, 1))

    def _save_attempt(self, case: IdentCase, attempt: Identification, number: int) -> None:
        details = None
        if attempt.post_office is not None:
            context = context_of("details", case.tenant_id, case.case_id)
            details = self._unit.sealer.seal(orjson.dumps(attempt.post_office), context)
        values = {
            "tenant_id": case.tenant_id,
            "case_id": case.case_id,
            "number": number,
            "method": attempt.method.value,
            "status": attempt.status.value,
            "sub_status": attempt.sub_status,
            "sub_status_reason": attempt.sub_status_reason,
            "created_us": attempt.created_us,
            "modified_us": attempt.modified_us,
            "identified_us": attempt.identified_us,
            "details_sealed": details,
        }
        upsert(self._unit, identification, values)

    def result(self, tenant_id: int, case_id: str) -> bytes | None:
        """Open the stored list form of one result."""
        sealed = self._unit.execute(_RESULT, {"tenant": tenant_id, "case": case_id}).scalar()
        return None if sealed is None else self._unit.sealer.open(sealed, context_of("result", tenant_id, case_id))

    def results(self, tenant_id: int, wanted: CaseFilter, limit: int) -> ResultPage:
        """Open the stored results that match, oldest first."""
        statement = _filtered(wanted).limit(limit + 1)
        # The driver's own rows: ten thousand of them pass here in one call.
        rows = self._unit.execute(statement, {"tenant": tenant_id}).cursor.fetchall()
        prefix, opened = b"result|%d|" % tenant_id, self._unit.sealer.open
        results = [opened(sealed, prefix + case_id.encode()) for case_id, sealed in rows[:limit]]
        return ResultPage(results, len(rows) > limit)

    def archive(self, tenant_id: int, case_ids: Sequence[str], mark: Callable[[bytes], bytes]) -> Archived:
        """Archive closed cases."""
        wanted = list(dict.fromkeys(case_ids))
        found: dict[str, IdentCase] = {}
        changed: list[CaseId] = []
        for start in range(0, len(wanted), CHUNK):
            chunk = sorted(wanted[start : start + CHUNK])
            rows = self._unit.execute(_CLOSED, {"tenant": tenant_id, "cases": chunk}).all()
            found.update((row.case_id, replace(case_of(row), archived=True)) for row in rows)
            fresh = [row for row in rows if not row.archived]
            changed.extend(CaseId(row.case_id) for row in fresh)
            if fresh:
                self._unit.execute(_ARCHIVE, [self._archived(row, mark) for row in fresh])
        return Archived([found[case_id] for case_id in wanted if case_id in found], changed)

    def _archived(self, row: Any, mark: Callable[[bytes], bytes]) -> dict[str, Any]:  # noqa: ANN401 - a row
        sealed = row.result_sealed
        if sealed is not None:
            context = context_of("result", row.tenant_id, row.case_id)
            sealed = self._unit.sealer.seal(mark(self._unit.sealer.open(sealed, context)), context)
        return {"tenant": row.tenant_id, "case": row.case_id, "sealed": sealed}

    def erase(self, tenant_id: int, case_id: str) -> None:
        """Delete every row of a case but its audit events."""
        for table in OF_A_CASE:
            self._unit.execute(
                delete(table).where(table.c.tenant_id == bindparam("tenant"), table.c.case_id == bindparam("case")),
                {"tenant": tenant_id, "case": case_id},
            )
        self._unit.execute(delete(case_directory).where(case_directory.c.case_id == case_id))


def _obstacle(case_id: CaseId, stored: set[CaseId], taken: dict[CaseId, CaseId]) -> CaseId | None:
    """Tell what kept a case out: nothing, its reference id's holder, or its own id, which another case has."""
    if case_id in stored:
        # One row is one case: a second one of the same new id has to find another.
        stored.remove(case_id)
        return None
    return taken.get(case_id, case_id)


def context_of(what: str, tenant_id: int, case_id: str) -> bytes:
    """Name what a sealed value of a case is bound to."""
    return b"%b|%d|%b" % (what.encode(), tenant_id, case_id.encode())


def case_of(row: Any) -> IdentCase:  # noqa: ANN401 - a row of the table
    """Read a row of the table."""
    return IdentCase(
        tenant_id=row.tenant_id,
        case_id=CaseId(row.case_id),
        kind=CaseKind(row.kind),
        status=CaseStatus(row.status),
        archived=bool(row.archived),
        reference_id=row.reference_id,
        reference_given=bool(row.reference_given),
        created_us=row.created_us,
        modified_us=row.modified_us,
        closed_us=row.closed_us,
        valid_until_us=row.valid_until_us,
    )


def _filtered(wanted: CaseFilter) -> Select[Any]:
    columns = ident_case.c
    statement = select(columns.case_id, columns.result_sealed).where(
        columns.tenant_id == bindparam("tenant"),
        columns.kind == CaseKind.DELIVERY.value,
    )
    return restricted(statement, wanted)


def restricted(statement: Select[Any], wanted: CaseFilter) -> Select[Any]:
    """Restrict a list of one tenant's cases of one kind, and put it in the order of D-26."""
    columns = ident_case.c
    statement = statement.where(columns.status.in_(sorted(status.value for status in wanted.statuses)))
    if not wanted.include_archived:
        statement = statement.where(columns.archived.is_(False))
    for column, start, end in (
        (columns.created_us, wanted.created_from_us, wanted.created_until_us),
        (columns.closed_us, wanted.closed_from_us, wanted.closed_until_us),
    ):
        if start is not None:
            statement = statement.where(column >= start)
        if end is not None:
            statement = statement.where(column <= end)
    return statement.order_by(columns.created_us, columns.case_id)


_c: Final = ident_case.c
_KEY: Final = (_c.tenant_id == bindparam("tenant"), _c.case_id == bindparam("case"))
_HOLDER: Final = select(_c.case_id).where(
    _c.tenant_id == bindparam("tenant"), _c.reference_id == bindparam("reference")
)
CASE: Final = select(ident_case).where(*_KEY)
LOCKED_CASE: Final = CASE.with_for_update()
_ATTEMPT: Final = (
    select(identification)
    .where(identification.c.tenant_id == bindparam("tenant"), identification.c.case_id == bindparam("case"))
    .order_by(identification.c.number.desc())
    .limit(1)
)
_TENANT_OF: Final = select(case_directory.c.tenant_id).where(case_directory.c.case_id == bindparam("case"))
_RESULT: Final = select(_c.result_sealed).where(*_KEY, _c.kind == CaseKind.DELIVERY.value)
_SAVE: Final = (
    update(ident_case)
    .where(_c.tenant_id == bindparam("tenant"), _c.case_id == bindparam("case"))
    .values(
        status=bindparam("status"),
        archived=bindparam("archived"),
        modified_us=bindparam("modified_us"),
        closed_us=bindparam("closed_us"),
        result_sealed=bindparam("result_sealed"),
    )
)
_CLOSED: Final = (
    select(ident_case)
    .where(
        _c.tenant_id == bindparam("tenant"),
        _c.case_id.in_(bindparam("cases", expanding=True)),
        _c.status == CaseStatus.CLOSED.value,
    )
    .order_by(_c.case_id)
    .with_for_update()
)
_ARCHIVE: Final = update(ident_case).where(*_KEY).values(archived=True, result_sealed=bindparam("sealed"))
