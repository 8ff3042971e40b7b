"""
What clients read of their cases of START: the stored form of each, and lists of them.

A case that nothing has happened to since its start has no stored form, so that starting one costs nothing more; its
form is rendered of its order, as plain JSON, when somebody asks for it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Select, bindparam, func, select

from fallwerk.domain.account.model import ScrClient
from fallwerk.domain.identcase.filter import CaseFilter
from fallwerk.domain.identcase.model import CaseKind, CaseStatus
from fallwerk.domain.identcase.ports import ResultPage, UntouchedCase
from fallwerk.store.cases import restricted
from fallwerk.store.orders import plain_order_of
from fallwerk.store.tables import ident_case

if TYPE_CHECKING:
    from fallwerk.store.unit import Unit

_c: Final = ident_case.c


class StartResults:
    """See `domain.identcase.ports.StartResultRepository`."""

    def __init__(self, unit: "Unit") -> None:
        self._unit = unit

    def one(self, client: ScrClient, case_id: str) -> bytes | None:
        """Return the form of one case's result."""
        rows = self._unit.execute(_ONE, {"tenant": client.tenant_id, "case": case_id}).cursor.fetchall()
        return self._forms(client, rows)[0] if rows else None

    def listed(self, client: ScrClient, wanted: CaseFilter, limit: int) -> ResultPage:
        """Return the results that match, oldest first."""
        # The driver's own rows: ten thousand of them pass here in one call.
        rows = self._unit.execute(_filtered(wanted).limit(limit + 1), {"tenant": client.tenant_id}).cursor.fetchall()
        return ResultPage(self._forms(client, rows[:limit]), len(rows) > limit)

    def _forms(self, client: ScrClient, rows: Sequence[tuple[Any, ...]]) -> list[bytes]:
        """Open the stored forms, and render those of cases that nothing has happened to yet."""
        opened, rendered = self._unit.sealer.open, self._unit.context.render_untouched
        stored, ordered = b"result|%d|" % client.tenant_id, b"order|%d|" % client.tenant_id
        forms = []
        for sealed, untouched, case_id, status, archived, created_us, modified_us, valid_until_us in rows:
            if untouched:
                order = plain_order_of(opened(sealed, ordered + case_id.encode()))
                times = (created_us, modified_us, valid_until_us)
                forms.append(rendered(UntouchedCase(case_id, status, bool(archived), *times, order), client))
            else:
                forms.append(opened(sealed, stored + case_id.encode()))
        return forms


_COLUMNS: Final = (
    # One of the two: a list reads no order that it does not render.
    func.coalesce(_c.result_sealed, _c.order_sealed),
    _c.result_sealed.is_(None),
    _c.case_id,
    _c.status,
    _c.archived,
    _c.created_us,
    _c.modified_us,
    _c.valid_until_us,
)


def _filtered(wanted: CaseFilter) -> Select[Any]:
    statement = select(*_COLUMNS).where(_c.tenant_id == bindparam("tenant"), _c.kind == CaseKind.START.value)
    if CaseStatus.NEW not in wanted.statuses:
        # SQLite takes a partial index only for a query that repeats its condition.
        statement = statement.where(_c.status != CaseStatus.NEW.value)
    return restricted(statement, wanted)


_ONE: Final = select(*_COLUMNS).where(
    _c.tenant_id == bindparam("tenant"), _c.case_id == bindparam("case"), _c.kind == CaseKind.START.value
)
