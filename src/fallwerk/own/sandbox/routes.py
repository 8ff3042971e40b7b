"""
The sandbox's control: clock, outside actors, webhook log, mails, request journal, faults, reset.

Source: control-api.md "Sandbox control"; decisions.md "Simulate", "Time", "Sandbox". In production nothing of it
exists: the application does not mount it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from fallwerk.domain.audit.model import Actor
from fallwerk.domain.document.ports import BlobStore
from fallwerk.domain.identcase.lifecycle import IllegalStep, WantedStep
from fallwerk.domain.identcase.model import CaseKind
from fallwerk.domain.identcase.ports import ResultRenderer
from fallwerk.domain.identcase.service.attempts import MethodNotOffered
from fallwerk.domain.identcase.service.case_state import client_of
from fallwerk.domain.identcase.service.change import Change, take_step
from fallwerk.domain.sandbox.ports import SandboxStore, SandboxUnit
from fallwerk.kit.clock import Clock
from fallwerk.kit.journal import Journal
from fallwerk.kit.slowdown import Slowdown
from fallwerk.own.api import Call, Handler, Operation, OwnApi, json_answer
from fallwerk.own.sandbox import schema
from fallwerk.own.sandbox.clock import SandboxClock
from fallwerk.own.sandbox.errors import WIRE, case_unknown, fault, not_a_delivery_case
from fallwerk.own.sandbox.faults import FaultBook
from fallwerk.own.sandbox.played_methods import play_method
from fallwerk.own.sandbox.reset import Reset
from fallwerk.sim import methods
from fallwerk.sim.delivery import SimulationFault, actor_for, read_simulation

PREFIX: Final = "/sandbox/v1"
MAX_BODY_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class SandboxRoutes:
    """
    Handlers over the store.

    Args:
        render: Makes the stored list form of a result.
        single_form: Makes the form in which one result is answered of the stored one.
    """

    store: SandboxStore
    clock: Clock
    sandbox_clock: SandboxClock
    faults: FaultBook
    journal: Journal
    reset: Reset
    render: ResultRenderer
    single_form: Callable[[bytes], bytes]
    blobs: BlobStore

    def api(self, *more: Operation, token: str, slowdown: Slowdown) -> OwnApi:
        """Return the ASGI application, with operations of the other areas."""
        return OwnApi(PREFIX, (*self.operations(), *more), token, slowdown, WIRE)

    def operations(self) -> Sequence[Operation]:
        """Return the operations."""
        return (
            _operation("readClock", "GET", "clock", self.read_clock),
            _operation("advanceClock", "POST", "clock", self.advance_clock),
            _operation("simulate", "POST", "cases/{caseId}/simulate", self.simulate),
            _operation("listDeliveries", "GET", "deliveries", self.list_deliveries),
            _operation("listRequests", "GET", "requests", self.list_requests),
            _operation("orderFault", "POST", "faults", self.order_fault),
            _operation("clearFaults", "DELETE", "faults", self.clear_faults),
            _operation("reset", "POST", "reset", self.start_again),
        )

    async def read_clock(self, _call: Call) -> Response:
        """Tell the system's time."""
        return self._time()

    async def advance_clock(self, call: Call) -> Response:
        """Move the clock forward; everything that falls due is done before the answer."""
        await self.sandbox_clock.advance(schema.read_advance(call.json()))
        return self._time()

    async def simulate(self, call: Call) -> Response:
        """Play the outside actor of one step."""
        body, case_id, address = call.json(), call.parameters["caseId"], call.actor.address
        try:
            method = methods.method_of(body)
            wanted = read_simulation(body) if method is None else methods.read_simulation(body)
        except SimulationFault as error:
            raise fault("", f"{error}.") from None
        if not schema.is_case_id(case_id):
            raise case_unknown()
        try:
            if isinstance(wanted, WantedStep):
                stored = await self.store.write(lambda uow: self._play(uow, case_id, wanted, address))
                return Response(self.single_form(stored), media_type="application/json")
            played = await play_method(
                self.store, self.blobs, case_id, wanted, address=address, now_us=self.clock.now_us()
            )
            return Response(played, media_type="application/json")
        except IllegalStep as error:
            return json_answer(schema.illegal_step_body(str(error), error.legal), 409)
        except MethodNotOffered:
            return json_answer(schema.illegal_step_body(f"the account does not offer {method}", ()), 409)

    def _play(self, uow: SandboxUnit, case_id: str, step: WantedStep, address: str) -> bytes:
        """Take the step by the same rules as a person would and return the case's stored result."""
        tenant_id = uow.cases.find_tenant(case_id)
        if tenant_id is None:
            raise case_unknown()
        row = uow.cases.get(tenant_id, case_id, kind=CaseKind.DELIVERY, lock=True)
        if row is None:
            raise not_a_delivery_case()
        role = actor_for(row.identification, step)
        actor = Actor(f"sandbox:{role.value}" if role else "sandbox", address)
        change = Change(tenant_id, case_id, step, actor, None, self.clock.now_us())
        take_step(uow, row, change, client_of(uow, tenant_id), self.render)
        stored = uow.cases.result(tenant_id, case_id)
        if stored is None:
            raise LookupError("a delivery case has no stored result")
        return stored

    async def list_deliveries(self, call: Call) -> Response:
        """Show the webhook log, oldest first, one entry per URL."""
        case_id = call.query.get("caseId")
        if case_id is not None and not schema.is_case_id(case_id):
            return json_answer([])
        deliveries = await self.store.read(lambda uow: uow.notifications.of_case(case_id))
        return json_answer([schema.delivery_body(delivery) for delivery in deliveries])

    async def list_requests(self, call: Call) -> Response:
        """Show the request journal, newest first."""
        wanted = schema.read_journal_filter(call.query)
        # Reads the rings of all processes, some megabytes: not on the event loop.
        entries = await run_in_threadpool(self.journal.entries, wanted)
        return json_answer([schema.request_body(entry) for entry in entries])

    async def order_fault(self, call: Call) -> Response:
        """Order a fault of calls, or switch a component."""
        wanted = schema.read_fault(call.json())
        await self.faults.order(wanted)
        return json_answer(schema.fault_body(wanted), 201)

    async def clear_faults(self, _call: Call) -> Response:
        """Forget every fault; all components are back."""
        await self.faults.clear()
        return Response(status_code=204)

    async def start_again(self, _call: Call) -> Response:
        """Go back to the demo data."""
        await self.reset()
        return self._time()

    def _time(self) -> Response:
        return json_answer(schema.clock_body(self.clock.now_us(), self.clock.offset_us()))


def _operation(name: str, method: str, path: str, handle: Handler) -> Operation:
    return Operation(name, method, path, handle, max_body_bytes=MAX_BODY_BYTES)
