"""
Bulk orders for delivery cases: one JSON object per line, judged each by itself (D-06; decisions.md "Orders").

A body is refused as a whole before anything of it starts, or goes through in chunks of one transaction each. Under an
idempotency key each chunk keeps its answer, so that a call which broke off continues where it stopped.
"""

import asyncio
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import orjson

from fallwerk.dialects.problem import Problem
from fallwerk.dialects.scr.checking import BODY, NOT_AN_OBJECT, check
from fallwerk.dialects.scr.envelope import TOO_LARGE
from fallwerk.dialects.scr.faults import BadRequest, Fault
from fallwerk.dialects.scr.orderdata import OrderData
from fallwerk.dialects.scr.ordermapping import to_order
from fallwerk.domain.account.model import ScrClient
from fallwerk.domain.account.rules import is_client_id
from fallwerk.domain.audit.model import Actor
from fallwerk.domain.errors import DomainError, StoreUnavailable
from fallwerk.domain.idempotency import Answer, IdempotentCall, once
from fallwerk.domain.identcase.errors import ReferenceIdTaken
from fallwerk.domain.identcase.model import CaseKind
from fallwerk.domain.identcase.plan import plan_case
from fallwerk.domain.identcase.ports import ResultRenderer
from fallwerk.domain.identcase.service.orders import PlannedOrder, start_orders
from fallwerk.domain.notification.rules import storable
from fallwerk.domain.unit_of_work import Transactions, UnitOfWork
from fallwerk.kit.clock import Clock
from fallwerk.kit.jsonio import JsonFault, is_blank, read_json
from fallwerk.own.admin.mapping import to_delivery_order
from fallwerk.own.admin.schema import OrderLine

LINES_MAX: Final = 10_000
BYTES_MAX: Final = 64 * 1024 * 1024
LINE_BYTES_MAX: Final = 1024 * 1024
"""A line may be as large as the body of a start request."""
CHUNK: Final = 500
"""Lines that share a transaction."""
SLICE: Final = 25
"""Lines that are read or checked before other requests get their turn: some milliseconds."""

T = TypeVar("T")
Result = TypeVar("Result")


@dataclass(slots=True)
class Report:
    """What became of the lines, in their order."""

    accepted: list[dict[str, Any]] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)

    def reject(self, line: int, *faults: Fault) -> None:
        """Note a line's faults, each like an entry of START's 400 (S-34)."""
        errors = [
            {"reason": fault.reason, "errorcode": fault.errorcode, "key": fault.key, "message": fault.message}
            for fault in faults
        ]
        self.rejected.append({"line": line, "errors": errors})

    def add(self, other: dict[str, Any]) -> None:
        """Append the report of the chunk that follows."""
        self.accepted += other["accepted"]
        self.rejected += other["rejected"]

    def json(self) -> dict[str, Any]:
        """Return the answer's body."""
        return {"accepted": self.accepted, "rejected": self.rejected}


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is an object, with its number from 1."""

    number: int
    value: dict[str, Any]


@dataclass(frozen=True, slots=True)
class OrderIntake:
    """Takes bulk orders over the store."""

    store: Transactions
    clock: Clock
    render: ResultRenderer

    async def take(self, body: bytes, *, actor: Actor, repeated: IdempotentCall | None) -> dict[str, Any]:
        """
        Start every good line and report every bad one.

        Raises:
            Problem: 413, too many lines, nothing was started; 503, the store went away: `accepted` and `rejected` tell
                what became of the lines before `nextLine`.
            IdempotencyKeyReused: the key came with another body; nothing was started.
        """
        if count_lines(body) > LINES_MAX:
            raise Problem(413, f"At most {LINES_MAX} lines can be sent at once.")
        report = Report()
        for first, lines in chunks(body):
            call = None if repeated is None else chunk_call(repeated, first)
            try:
                report.add(await self._take_chunk(first, lines, actor, call))
            except StoreUnavailable:
                raise _interrupted(report, first) from None
        return report.json()

    async def _take_chunk(
        self, first: int, lines: Sequence[bytes], actor: Actor, call: IdempotentCall | None
    ) -> dict[str, Any]:
        report, now_us = Report(), self.clock.now_us()
        numbered = [(number, line) for number, line in enumerate(lines, start=first) if not is_blank(line)]
        read = await _in_slices(numbered, lambda entry: read_line(*entry))
        objects = _good(report, [number for number, _ in numbered], read)
        clients = await self._clients({line.value.get("clientId") for line in objects})
        checked = await _in_slices(objects, lambda line: plan_line(line, clients, actor=actor, now_us=now_us))
        numbers = [line.number for line in objects]
        planned = _good(report, numbers, checked)
        starting = [number for number, found in zip(numbers, checked, strict=True) if isinstance(found, PlannedOrder)]
        if not planned and call is None:
            return _sorted(report)

        def start(uow: UnitOfWork) -> Answer:
            outcomes = start_orders(uow, planned, self.render)
            return Answer(200, orjson.dumps(_outcome(report, starting, outcomes)))

        if call is None:
            answer = await self.store.write(start)
        else:
            answer = await self.store.write(lambda uow: once(uow, call, now_us=now_us, make=lambda: start(uow)))
        return orjson.loads(answer.body)  # type: ignore[no-any-return]

    async def _clients(self, wanted: set[object]) -> dict[str, ScrClient]:
        ids = [client_id for client_id in wanted if isinstance(client_id, str) and is_client_id(client_id)]
        if not ids:
            return {}
        found = await self.store.read(lambda uow: [uow.accounts.scr_client(client_id) for client_id in ids])
        return {client.client_id: client for client in found if client is not None}


def read_line(number: int, line: bytes) -> Line | BadRequest:
    """Parse one line."""
    if len(line) > LINE_BYTES_MAX:
        return BadRequest(Fault(BODY, TOO_LARGE))
    try:
        value = read_json(line)
    except JsonFault as fault:
        return BadRequest(Fault(BODY, fault.message))
    return Line(number, value) if isinstance(value, dict) else BadRequest(Fault(BODY, NOT_AN_OBJECT))


def plan_line(line: Line, clients: dict[str, ScrClient], *, actor: Actor, now_us: int) -> PlannedOrder | BadRequest:
    """Check one order and plan its case; the faults of the line come together, the client's first."""
    client_id = line.value.get("clientId")
    client = clients.get(client_id) if isinstance(client_id, str) else None
    faults = [] if client is None or client.settings.delivery_active else [Fault("clientId", NOT_ACTIVE)]
    if client is None and isinstance(client_id, str) and client_id:
        faults.append(Fault("clientId", UNKNOWN))
    settings = None if client is None else client.settings
    refusal: Callable[[str], str | None] | None = (
        None if settings is None else lambda url: storable(url, settings=settings)
    )
    try:
        order = check(OrderLine, line.value, webhook_refusal=refusal)
    except BadRequest as error:
        known = {fault.key for fault in faults}
        found = (_without_wrapper(fault) for fault in error.faults)
        return BadRequest(*faults, *(fault for fault in found if fault.key not in known))
    if faults or client is None:
        return BadRequest(*faults)
    case_order = to_order(order.orderData or OrderData())
    new = plan_case(case_order, client=client, kind=CaseKind.DELIVERY, actor=actor, now_us=now_us)
    return PlannedOrder(new, client, to_delivery_order(order), release=order.release is not False)


UNKNOWN: Final = "There is no client with this id."
NOT_ACTIVE: Final = "The client is not set up for identification on delivery."


def reference_id_taken(error: ReferenceIdTaken) -> Fault:
    """Say it as START's 409 does (S-16)."""
    message = f"Case with CaseId {error.holder} already uses ReferenceId."
    return Fault("orderData.processData.referenceId", message, "90016", "referenceId not unique")


def count_lines(body: bytes) -> int:
    """Count lines; a line end at the end of the body begins none."""
    return body.count(b"\n") + (1 if body and not body.endswith(b"\n") else 0)


def chunks(body: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """Cut a body into chunks of lines, each with the number of its first one."""
    first, lines, start = 1, list[bytes](), 0
    while start < len(body):
        end = body.find(b"\n", start)
        end = len(body) if end < 0 else end
        lines.append(body[start:end])
        start = end + 1
        if len(lines) == CHUNK:
            yield first, lines
            first, lines = first + CHUNK, []
    if lines:
        yield first, lines


def chunk_call(call: IdempotentCall, first: int) -> IdempotentCall:
    """Return the key of one chunk; every chunk knows the whole body, so that another body is noticed at the first."""
    digest = hashlib.sha256(call.request).digest()
    return IdempotentCall(call.tenant_id, f"{call.operation}/{first}", call.key, digest)


async def _in_slices(items: Sequence[T], work: Callable[[T], Result]) -> list[Result]:
    """Do some work for each item, giving way to other requests again and again."""
    done: list[Result] = []
    for start in range(0, len(items), SLICE):
        done += [work(item) for item in items[start : start + SLICE]]
        await asyncio.sleep(0)
    return done


def _good(report: Report, numbers: Sequence[int], found: Sequence[T | BadRequest]) -> list[T]:
    """Reject the bad lines and return what the others became."""
    for number, outcome in zip(numbers, found, strict=True):
        if isinstance(outcome, BadRequest):
            report.reject(number, *outcome.faults)
    return [outcome for outcome in found if not isinstance(outcome, BadRequest)]


def _outcome(report: Report, numbers: Sequence[int], outcomes: Sequence[str | DomainError]) -> dict[str, Any]:
    """Add what became of the planned orders; the transaction may run again, so the report itself stays as it is."""
    whole = Report([], list(report.rejected))
    for number, outcome in zip(numbers, outcomes, strict=True):
        if isinstance(outcome, ReferenceIdTaken):
            whole.reject(number, reference_id_taken(outcome))
        elif isinstance(outcome, DomainError):
            raise outcome
        else:
            whole.accepted.append({"line": number, "caseId": outcome})
    return _sorted(whole)


def _sorted(report: Report) -> dict[str, Any]:
    return {"accepted": report.accepted, "rejected": sorted(report.rejected, key=lambda entry: entry["line"])}


def _without_wrapper(fault: Fault) -> Fault:
    """S-34: a key is the path without a leading `orderData`."""
    return Fault(fault.key.removeprefix("orderData."), fault.message, fault.errorcode, fault.reason)


def _interrupted(report: Report, next_line: int) -> Problem:
    detail = "The store went away; the lines before nextLine are done, the others were not started."
    members = {**report.json(), "nextLine": next_line}
    return Problem(503, detail, headers={"Retry-After": "1"}, members=members)
