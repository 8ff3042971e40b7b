"""The operation of CUSTOMER: parse, ask the service, render."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from fallwerk.apis.policenwerk_customer import mapping
from fallwerk.apis.policenwerk_customer.errors import WIRE
from fallwerk.apis.policenwerk_customer.schema import Judge, read_customer
from fallwerk.dialects.policenwerk.envelope import json_response
from fallwerk.dialects.policenwerk.router import PREFIX, Call, Operation
from fallwerk.domain.customer.service import save_customer
from fallwerk.domain.idempotency import Answer, once
from fallwerk.domain.unit_of_work import Transactions, UnitOfWork
from fallwerk.kit.clock import BERLIN, Clock, from_us

CREATE: Final = "createCustomer"
PATH: Final = f"{PREFIX}/create"
OK: Final = 200


@dataclass(frozen=True, slots=True)
class CustomerRoutes:
    """Handlers over the store."""

    store: Transactions
    clock: Clock

    def operations(self) -> Sequence[Operation]:
        """Return the operations of the document."""
        return (Operation(CREATE, PATH, self.create, WIRE),)

    async def create(self, call: Call) -> Response:
        """Create a customer, or update the one with the same e-mail address (P-01, P-08)."""
        caller, now_us = call.caller, self.clock.now_us()
        body = read_customer(call.content, Judge(caller.broker.settings, from_us(now_us).astimezone(BERLIN).date()))
        customer, tenant_id, email = mapping.to_customer(body), caller.broker.tenant_id, body.email or ""
        repeated = call.idempotency(CREATE)

        def save(uow: UnitOfWork) -> Answer:
            saved = save_customer(uow, customer, tenant_id=tenant_id, email=email, now_us=now_us, actor=caller.actor)
            return Answer(OK, mapping.to_response(saved.customer_id, caller.login))

        def save_once(uow: UnitOfWork) -> Answer:
            return save(uow) if repeated is None else once(uow, repeated, now_us=now_us, make=lambda: save(uow))

        answer = await self.store.write(save_once)
        return json_response(answer.body, answer.status)
