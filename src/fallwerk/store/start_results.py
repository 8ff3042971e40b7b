"""
What clients read of their cases of START: the stored form of each, and lists of them.

A case that nothing has happened to since its start has no stored form, so that starting one costs nothing more; its
form is rendered of its order when somebody asks for it.
"""

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Select, bindparam, select

from fallwerk.domain.account.model import ScrClient
from fallwerk.domain.identcase.attempt import CaseFile
from fallwerk.domain.identcase.filter import CaseFilter
from fallwerk.domain.identcase.model import CaseKind, CaseStatus
from fallwerk.domain.identcase.ports import ResultPage
from fallwerk.store.cases import CHUNK, case_of, context_of, restricted
from fallwerk.store.orders import order_of
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
        row = self._unit.execute(_ONE, {"tenant": client.tenant_id, "case": case_id}).one_or_none()
        return None if row is None else self._opened(row, client)

    def listed(self, client: ScrClient, wanted: CaseFilter, limit: int) -> ResultPage:
        """Return the results that match, oldest first."""
        tenant_id = client.tenant_id
        rows = self._unit.execute(_filtered(wanted).limit(limit + 1), {"tenant": tenant_id}).cursor.fetchall()
        prefix, opened = b"result|%d|" % tenant_id, self._unit.sealer.open
        fresh = self._fresh(client, [case_id for case_id, sealed in rows[:limit] if sealed is None])
        results = [
            fresh[case_id] if sealed is None else opened(sealed, prefix + case_id.encode())
            for case_id, sealed in rows[:limit]
        ]
        return ResultPage(results, len(rows) > limit)

    def _fresh(self, client: ScrClient, case_ids: list[str]) -> dict[str, bytes]:
        """Render cases that nothing has happened to yet."""
        found: dict[str, bytes] = {}
        for start in range(0, len(case_ids), CHUNK):
            key = {"tenant": client.tenant_id, "cases": case_ids[start : start + CHUNK]}
            found.update({row.case_id: self._opened(row, client) for row in self._unit.execute(_SOME, key).all()})
        return found

    def _opened(self, row: Any, client: ScrClient) -> bytes:  # noqa: ANN401 - a row of the table
        open_sealed = self._unit.sealer.open
        if row.result_sealed is not None:
            return open_sealed(bytes(row.result_sealed), context_of("result", row.tenant_id, row.case_id))
        order = order_of(open_sealed(bytes(row.order_sealed), context_of("order", row.tenant_id, row.case_id)))
        return self._unit.result_of(CaseFile(case_of(row), order, client))


def _filtered(wanted: CaseFilter) -> Select[Any]:
    statement = select(_c.case_id, _c.result_sealed).where(
        _c.tenant_id == bindparam("tenant"), _c.kind == CaseKind.START.value
    )
    if CaseStatus.NEW not in wanted.statuses:
        # SQLite takes a partial index only for a query that repeats its condition.
        statement = statement.where(_c.status != CaseStatus.NEW.value)
    return restricted(statement, wanted)


_ONE: Final = select(ident_case).where(
    _c.tenant_id == bindparam("tenant"), _c.case_id == bindparam("case"), _c.kind == CaseKind.START.value
)
_SOME: Final = select(ident_case).where(
    _c.tenant_id == bindparam("tenant"), _c.case_id.in_(bindparam("cases", expanding=True))
)
