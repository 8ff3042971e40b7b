"""The post-office counter: find the case of a coupon, record the document, confirm or decline (S-47, W-05)."""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from fallwerk.domain.desk.counter import (
    CounterCase,
    CounterResult,
    Looked,
    counter_case,
    look_up,
    open_at_counter,
    record_at_counter,
)
from fallwerk.domain.desk.document import DOCUMENT_TYPES
from fallwerk.domain.desk.errors import LicenceMissing
from fallwerk.domain.desk.licence import is_licence_wanted
from fallwerk.domain.desk.model import COMPARED, COUNTED, POST_OFFICE, SHOWN_AT_ONCE, Wanted
from fallwerk.domain.identcase.errors import CaseClosed, ReferenceIdTaken
from fallwerk.domain.identcase.methods_codes import COUNTER_INCOMPLETE, NOT_CONFIRMED, REASONS_OF
from fallwerk.domain.identcase.model import IdentStatus, Method
from fallwerk.domain.identcase.ports import ResultRenderer
from fallwerk.domain.identcase.service.attempts import MethodNotOffered
from fallwerk.domain.staff.model import Action, StaffUser
from fallwerk.domain.staff.service import actor_of
from fallwerk.domain.unit_of_work import Transactions, UnitOfWork
from fallwerk.web.console.delivery import UNPROCESSABLE, DeliveryPages, number, read_step
from fallwerk.web.console.documents import ORDER, faults_of, read_document
from fallwerk.web.console.frame import Frame, Page, Visit, redirect
from fallwerk.web.console.licences import LICENCE_FORM, MISSING, is_empty, read_licence
from fallwerk.web.console.licences import faults_of as licence_faults_of

LARGEST_SIDE: Final = 1600
"""Pixels of a camera picture, in each direction; enough for a coupon held before it."""

ReadCodes = Callable[[bytes, int, int], Awaitable[list[str]]]
"""Finds the texts of the codes in a grey picture of some width and height."""


class CounterPages:
    """
    Pages of the counter.

    Args:
        render: The list form of a delivery result.
        read_codes: Reads the symbol of a coupon from a camera's picture.
    """

    def __init__(self, frame: Frame, store: Transactions, render: ResultRenderer, read_codes: ReadCodes) -> None:
        self._frame = frame
        self._store = store
        self._letters = DeliveryPages(frame, store, render, POST_OFFICE, folder="counter/letter")
        self._read_codes = read_codes

    def pages(self) -> tuple[Page, ...]:
        """Return the pages."""
        needed = Action.IDENTIFY
        letter = "/counter/letter/{case_id}"
        return (
            Page("console.counter", "GET", "/counter", needed, self.show, needs_camera=True),
            Page("console.counter.scan", "POST", "/counter/scan", needed, self.scan, takes_picture=True),
            Page("console.counter.letter", "GET", letter, needed, self._letters.show_case),
            Page("console.counter.letter.step", "POST", letter, needed, self._letters.take_step),
            Page("console.counter.new", "GET", "/counter/new", needed, self.show_new),
            Page("console.counter.new.record", "POST", "/counter/new", needed, self.record_new),
            Page("console.counter.case", "GET", "/counter/{case_id}", needed, self.show_case),
            Page("console.counter.record", "POST", "/counter/{case_id}", needed, self.record),
        )

    async def count(self, user: StaffUser) -> int:
        """Count the letters that wait to be collected."""
        wanted = Wanted((Method.DELIVERY,), POST_OFFICE.statuses, user.reach)
        return await self._store.read(lambda uow: uow.desks.count(wanted, COUNTED))

    async def show(self, visit: Visit) -> Response:
        """Ask for a coupon, or lead to what one is about."""
        find, accounting, reach = visit.asked("find"), visit.asked("accounting"), visit.user.reach
        looked = Looked()
        if find:
            looked = await self._store.read(lambda uow: look_up(uow, find, accounting, reach))
        if looked.case_id:
            return redirect(f"/counter/{looked.case_id}")
        if looked.letter:
            return redirect(f"/counter/letter/{looked.letter}")
        if looked.clients:
            scanned = looked.clients[0].settings.accounting_number
            return redirect("/counter/new", reference=looked.reference_id, accounting=scanned)
        wanted = Wanted((Method.DELIVERY,), POST_OFFICE.statuses, reach)
        pile = await self._store.read(lambda uow: uow.desks.pile(wanted, SHOWN_AT_ONCE))
        return self._frame.answer(
            visit,
            "counter.html",
            UNPROCESSABLE if looked.reason else 200,
            find=find,
            accounting=accounting,
            reason=looked.reason,
            pile=pile,
            shown=SHOWN_AT_ONCE,
        )

    async def scan(self, visit: Visit) -> Response:
        """Find the code in a camera's picture; the page's script sends grey values, no file that had to be parsed."""
        request = visit.request
        width, height = _side(request, "width"), _side(request, "height")
        if not width or not height or len(visit.picture) != width * height:
            return JSONResponse({"error": "picture"}, 400)
        found = await self._read_codes(visit.picture, width, height)
        return JSONResponse({"text": found[0] if found else ""})

    async def show_case(self, visit: Visit, faults: dict[str, str] | None = None) -> Response:
        """Show what was provided and the form for the document."""
        case_id, reach = visit.part("case_id"), visit.user.reach
        shown = await self._store.read(lambda uow: counter_case(uow, case_id, reach, visit.now_us))
        return self._form(visit, shown=shown, faults=faults or {}, action=f"/counter/{case_id}")

    async def record(self, visit: Visit) -> Response:
        """Record what came of it."""
        case_id, reach = visit.part("case_id"), visit.user.reach
        shown = await self._store.read(lambda uow: counter_case(uow, case_id, reach, visit.now_us))
        result, faults = _read_result(visit, with_licence=is_licence_wanted(shown.file.client.settings))
        if result is None:
            return await self.show_case(visit, faults)
        try:
            await self._store.write(lambda uow: record_at_counter(uow, case_id, result, reach))
        except (CaseClosed, MethodNotOffered, LicenceMissing):
            return self._frame.error(visit, 409)
        return redirect("/counter", done="counter")

    async def show_new(self, visit: Visit, faults: dict[str, str] | None = None) -> Response:
        """Show the form for a reference that nobody knows (S-47)."""
        reference, accounting, reach = visit.asked("reference"), visit.asked("accounting"), visit.user.reach
        looked = await self._store.read(lambda uow: look_up(uow, reference, accounting, reach))
        if not looked.clients:
            return redirect("/counter", find=reference, accounting=accounting)
        return self._form(
            visit,
            looked=looked,
            accounting=accounting,
            faults=faults or {},
            action="/counter/new",
        )

    async def record_new(self, visit: Visit) -> Response:
        """Open a case at the client that the accounting number names, with what came of it (S-47)."""
        client_id, reference, reach = visit.form.get("client"), visit.form.get("reference"), visit.user.reach
        accounting = visit.form.get("accounting")
        named = await self._store.read(lambda uow: look_up(uow, reference, accounting, reach))
        wants = {client.client_id: is_licence_wanted(client.settings) for client in named.clients}
        result, faults = _read_result(visit, with_licence=wants.get(client_id, False))

        def open_case(uow: UnitOfWork, wanted: CounterResult) -> None:
            # The form says which client of those that the accounting number names; nothing else is believed.
            looked = look_up(uow, reference, accounting, reach)
            chosen = [client for client in looked.clients if client.client_id == client_id]
            if not chosen:
                raise ReferenceIdTaken(looked.case_id)  # type: ignore[arg-type]
            open_at_counter(uow, client_id, reference, wanted, reach)

        if result is None:
            return await self._again(visit, faults)
        try:
            await self._store.write(lambda uow: open_case(uow, result))
        except ReferenceIdTaken:
            # Somebody opened it meanwhile, or this form was sent twice.
            return redirect("/counter", find=reference, accounting=accounting)
        except LicenceMissing:
            return self._frame.error(visit, 409)
        return redirect("/counter", done="counter_new")

    async def _again(self, visit: Visit, faults: dict[str, str]) -> Response:
        reference, accounting, reach = visit.form.get("reference"), visit.form.get("accounting"), visit.user.reach
        looked = await self._store.read(lambda uow: look_up(uow, reference, accounting, reach))
        if not looked.clients:
            return redirect("/counter", find=reference, accounting=accounting)
        return self._form(visit, looked=looked, accounting=accounting, faults=faults, action="/counter/new")

    def _form(
        self,
        visit: Visit,
        *,
        shown: CounterCase | None = None,
        looked: Looked | None = None,
        accounting: str = "",
        faults: dict[str, str],
        action: str,
    ) -> Response:
        return self._frame.answer(
            visit,
            "counter_case.html",
            UNPROCESSABLE if faults else 200,
            shown=shown,
            looked=looked,
            accounting=accounting,
            faults=faults,
            action=action,
            order=ORDER,
            with_licence=_asks_for_licence(shown, looked),
            licence_form=LICENCE_FORM,
            types=DOCUMENT_TYPES,
            written=visit.form,
            compared=COMPARED,
            declines=REASONS_OF[NOT_CONFIRMED],
            unfinished=REASONS_OF[COUNTER_INCOMPLETE],
        )


def _asks_for_licence(shown: CounterCase | None, looked: Looked | None) -> bool:
    """Tell whether the form has fields for a driving licence; of several clients one that wants it is enough."""
    clients = [shown.file.client] if shown else list(looked.clients) if looked else []
    return any(is_licence_wanted(client.settings) for client in clients)


def _read_result(visit: Visit, *, with_licence: bool) -> tuple[CounterResult | None, dict[str, str]]:
    """Read the result's form; a success needs whole documents, a decline what could be read, the third nothing."""
    form = visit.form
    step = read_step(form.get("step"), form.get("reason_" + form.get("step").rpartition("/")[2]), "", "")
    if step is None:
        return None, {"reason_" + form.get("step").rpartition("/")[2]: "reason_missing"}
    document = read_document(form)
    faults: dict[str, str] = {}
    if step.status is not IdentStatus.INCOMPLETE:
        succeeded = step.status is IdentStatus.SUCCESS
        faults = faults_of(document, now_us=visit.now_us, must_be_valid=succeeded)
        if with_licence and (succeeded or not is_empty(form)):
            born = document.birth_date
            faults |= licence_faults_of(form, now_us=visit.now_us, must_be_valid=succeeded, born=born)
    if step.status is IdentStatus.DECLINED:
        faults = {name: fault for name, fault in faults.items() if fault not in MISSING}
    if step.status is IdentStatus.SUCCESS and any(name not in form.all("compared") for name in COMPARED):
        faults["compared"] = "checks_missing"
    if faults:
        return None, faults
    result = CounterResult(
        step=step,
        document=document if form.get("number").strip() else None,
        licence=None if not with_licence or is_empty(form) else read_licence(form),
        seen_us=number(form.get("seen")),
        actor=actor_of(visit.user, visit.address),
        now_us=visit.now_us,
    )
    return result, {}


def _side(request: Request, name: str) -> int:
    side = number(request.query_params.get(name, ""))
    return side if side <= LARGEST_SIDE else 0
