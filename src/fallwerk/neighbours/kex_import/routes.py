"""The operation of the import: parse, ask the service, render."""

import codecs
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from fallwerk.dialects.kex.answers import CREATED, answer_once
from fallwerk.dialects.kex.checking import parse
from fallwerk.dialects.kex.router import Call, Operation
from fallwerk.domain.idempotency import Answer
from fallwerk.domain.loancase.model import Caller
from fallwerk.domain.loancase.service import import_loan_case
from fallwerk.domain.unit_of_work import Transactions, UnitOfWork
from fallwerk.kit.clock import Clock
from fallwerk.neighbours.kex_import.errors import WIRE
from fallwerk.neighbours.kex_import.mapping import imported_answer
from fallwerk.neighbours.kex_import.schema import read_environment, read_partner_id

PATH: Final = "vorgang"
SCOPE: Final = "privatkredit:vorgang:schreiben"


@dataclass(frozen=True, slots=True)
class ImportRoutes:
    """Handlers over the store."""

    store: Transactions
    clock: Clock
    max_body_bytes: int

    def operations(self) -> Sequence[Operation]:
        """Return the operation."""
        size = self.max_body_bytes
        return (Operation("importVorgang", "POST", PATH, self.create, SCOPE, WIRE, max_body_bytes=size),)

    async def create(self, call: Call) -> Response:
        """Open a Vorgang and keep all that was said of it (N-01)."""
        body = await call.body.read()
        environment, partner_id = read_environment(call.query), read_partner_id(parse(body))
        now_us, caller = self.clock.now_us(), Caller(call.actor, call.reach)
        request = body.removeprefix(codecs.BOM_UTF8)

        def create(uow: UnitOfWork) -> Answer:
            made = import_loan_case(uow, partner_id, request, environment=environment, caller=caller, now_us=now_us)
            return Answer(CREATED, imported_answer(made))

        same = environment.value.encode() + b"\0" + body
        return await answer_once(self.store, call, same, create, now_us=now_us)
