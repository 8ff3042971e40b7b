"""The operations of START: parse, ask the service, render."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from starlette.responses import Response

from fallwerk.apis.scr_start import mapping
from fallwerk.apis.scr_start.alive import AliveCheck
from fallwerk.apis.scr_start.errors import WIRE
from fallwerk.apis.scr_start.schema import read_order, refuse_content
from fallwerk.dialects.scr.auth import Caller
from fallwerk.dialects.scr.envelope import json_response
from fallwerk.dialects.scr.idempotency import read_idempotency
from fallwerk.dialects.scr.router import Call, Operation
from fallwerk.domain.account.model import ScrClient
from fallwerk.domain.coupon.errors import CouponNotActive
from fallwerk.domain.coupon.model import CouponWish, IssuedCoupon
from fallwerk.domain.coupon.service import CouponOffice
from fallwerk.domain.idempotency import Answer, IdempotentCall, once
from fallwerk.domain.identcase.model import CaseKind
from fallwerk.domain.identcase.plan import NewCase, plan_case
from fallwerk.domain.identcase.service.start import StartedCase, start_case, start_cases
from fallwerk.domain.notification.rules import storable
from fallwerk.domain.unit_of_work import Transactions, UnitOfWork
from fallwerk.kit.clock import Clock

CREATED = 201
OK = b'{"status":"OK"}'
NOK = b'{"status":"NOK"}'


@dataclass(frozen=True, slots=True)
class StartRoutes:
    """Handlers over the store."""

    store: Transactions
    clock: Clock
    alive: AliveCheck
    public_base_url: str
    coupons: CouponOffice

    def operations(self) -> Sequence[Operation]:
        """Return the operations of the document."""
        return (
            Operation("startCase", "POST", "{clientId}/cases", self.start, WIRE, takes_body=True),
            Operation(
                "issueCoupon",
                "POST",
                "{clientId}/cases/{caseId}/piCouponByFile",
                self.issue_coupon,
                WIRE,
                takes_body=True,
                permit=_coupons_active,
            ),
            Operation(
                "checkAlive",
                "GET",
                "{clientId}/alive",
                self.check_alive,
                alive_only_allowed=True,
                when_store_away=lambda: json_response(NOK),
            ),
        )

    async def start(self, call: Call) -> Response:
        """Create an identification case (S-01)."""
        client = call.caller.client
        data = read_order(call.body, webhook_refusal=lambda url: storable(url, settings=client.settings))
        order, now_us = mapping.to_order(data), self.clock.now_us()
        new = plan_case(order, client=client, kind=CaseKind.START, actor=call.actor, now_us=now_us)
        repeated = read_idempotency(call, "startCase")
        if repeated is not None:
            answer = await self.store.write(lambda uow: self._once(uow, repeated, new, client))
            return json_response(answer.body, answer.status)
        started = await self.store.write_together(start_cases, new)
        return json_response(self._body(started, client), CREATED)

    async def issue_coupon(self, call: Call) -> Response:
        """Create a coupon for the post office (S-60)."""
        refuse_content(call.body)
        tenant_id, case_id = call.caller.client.tenant_id, call.parameters["caseId"]
        wish = CouponWish(tenant_id, case_id, call.actor, self.clock.now_us())
        repeated = read_idempotency(call, "issueCoupon")
        if repeated is not None:
            # Every body that is taken says the same; what makes the call another one is its case.
            repeated = replace(repeated, request=case_id.encode("utf-8", "surrogatepass"))
            answer = await self.coupons.issue_once(wish, repeated, _coupon_answer)
            return json_response(answer.body, answer.status)
        issued = await self.coupons.issue(wish)
        return json_response(mapping.to_coupon_response(issued), CREATED)

    def _once(self, uow: UnitOfWork, call: IdempotentCall, new: NewCase, client: ScrClient) -> Answer:
        def make() -> Answer:
            started = start_case(uow, new)
            return Answer(CREATED, self._body(started, client), started.case_id)

        return once(uow, call, now_us=new.case.created_us, make=make)

    def _body(self, started: StartedCase, client: ScrClient) -> bytes:
        return mapping.to_response(
            started.case_id,
            started.valid_until_us,
            public_base_url=self.public_base_url,
            ios_scheme=client.settings.ios_scheme,
            package_name=client.settings.package_name,
        )

    async def check_alive(self, call: Call) -> Response:
        """Tell whether every component is available (S-80)."""
        available = await self.alive.available(call.caller.client.client_id)
        return json_response(OK if available else NOK)


def _coupons_active(caller: Caller) -> None:
    """Refuse a client without coupons before anything else is looked at (S-63, S-66)."""
    if not caller.client.settings.coupon_active:
        raise CouponNotActive


def _coupon_answer(issued: IssuedCoupon) -> Answer:
    return Answer(CREATED, mapping.to_coupon_response(issued), issued.sheet.case_id)
