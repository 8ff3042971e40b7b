"""The operation of STATUS: parse, ask the service, render."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from fallwerk.apis.kex_status.errors import WIRE
from fallwerk.apis.kex_status.mapping import to_order
from fallwerk.apis.kex_status.schema import read_status
from fallwerk.dialects.kex.answers import EMPTY, OK, answer_once
from fallwerk.dialects.kex.checking import parse
from fallwerk.dialects.kex.router import Call, Operation
from fallwerk.domain.idempotency import Answer
from fallwerk.domain.loancase.model import Caller
from fallwerk.domain.loancase.service import change_application_status
from fallwerk.domain.unit_of_work import Transactions, UnitOfWork
from fallwerk.kit.clock import Clock

PATH: Final = "kreditsmart/kex/antraege/status"
SCOPE: Final = "privatkredit:antrag:schreiben"


@dataclass(frozen=True, slots=True)
class StatusRoutes:
    """Handlers over the store."""

    store: Transactions
    clock: Clock
    max_body_bytes: int

    def operations(self) -> Sequence[Operation]:
        """Return the operation of the document."""
        size = self.max_body_bytes
        return (Operation("changeStatus", "POST", PATH, self.change, SCOPE, WIRE, max_body_bytes=size),)

    async def change(self, call: Call) -> Response:
        """Change the status of an application, or add to it (A-01)."""
        body = await call.body.read()
        order = to_order(read_status(parse(body), call.client.settings.edition))
        now_us, caller = self.clock.now_us(), Caller(call.actor, call.reach)

        def change(uow: UnitOfWork) -> Answer:
            change_application_status(uow, order, caller=caller, now_us=now_us)
            return Answer(OK, EMPTY)

        return await answer_once(self.store, call, body, change, now_us=now_us)
