"""The operation of the export: parse, run the query in one reading transaction, render."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from fallwerk.dialects.kex.answers import json_response
from fallwerk.dialects.kex.router import Call, Operation
from fallwerk.dialects.problem import Problem
from fallwerk.domain.idempotency import Answer
from fallwerk.domain.loancase.model import Caller
from fallwerk.domain.unit_of_work import Transactions, UnitOfWork
from fallwerk.neighbours.kex_export.errors import BAD_REQUEST, WIRE, QueryFault, fault_of
from fallwerk.neighbours.kex_export.mapping import rendered
from fallwerk.neighbours.kex_export.schema import QueryBody, read_query

PATH: Final = "kreditsmart/kex/vorgaenge"
SCOPE: Final = "privatkredit:vorgang:lesen"
BODY_BYTES_MAX: Final = 64 * 1024
"""Of a query with its variables."""


@dataclass(frozen=True, slots=True)
class ExportRoutes:
    """Handlers over the store."""

    store: Transactions

    def operations(self) -> Sequence[Operation]:
        """Return the operation."""
        return (Operation("readVorgang", "POST", PATH, self.read, SCOPE, WIRE, max_body_bytes=BODY_BYTES_MAX),)

    async def read(self, call: Call) -> Response:
        """Read a Vorgang with what was asked for (N-03)."""
        caller = Caller(call.actor, call.reach)
        try:
            query = await _read(call)
            status, body = await self.store.read(lambda uow: _run(uow, query, caller))
        except QueryFault as fault:
            status, body = BAD_REQUEST, rendered(None, [{"message": fault.message}], has_data=False)
        return json_response(Answer(status, body))


async def _read(call: Call) -> QueryBody:
    try:
        return read_query(await call.body.json())
    except Problem as problem:
        raise fault_of(problem) from None


def _run(uow: UnitOfWork, query: QueryBody, caller: Caller) -> tuple[int, bytes]:
    # Here and not at the start: who never reads a Vorgang does not pay for the library. It is one of the database's
    # own threads that waits for it, never the event loop.
    from fallwerk.neighbours.kex_export.graph import run  # noqa: PLC0415

    return run(uow, query, caller)
