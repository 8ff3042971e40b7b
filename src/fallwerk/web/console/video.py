"""The video agent's desk: queue, a call, its checks, its result (W-05, S-46); the call's picture is the call page's."""

from starlette.responses import JSONResponse, Response

from fallwerk.domain.call.errors import NoTanChannel, NoTanNeeded, TooManyTans
from fallwerk.domain.call.tan import ways_of
from fallwerk.domain.desk.call_queue import count_here, leave_call, queue_of, take_call, take_next
from fallwerk.domain.desk.document import DOCUMENT_TYPES
from fallwerk.domain.desk.errors import AtAnotherDesk, CallTaken, ChecksMissing
from fallwerk.domain.desk.model import SHOWN_AT_ONCE
from fallwerk.domain.desk.video import CallResult, open_call, record_call, send_tan_in_call
from fallwerk.domain.identcase.attempt import Preliminary
from fallwerk.domain.identcase.lifecycle import WantedStep
from fallwerk.domain.identcase.methods_codes import CALL_INCOMPLETE, NOT_CONFIRMED, REASONS_OF
from fallwerk.domain.identcase.methods_lifecycle import TanMissing
from fallwerk.domain.identcase.model import IdentityDocument, IdentStatus
from fallwerk.domain.portal.model import Factor
from fallwerk.domain.portal.ports import CodeSender
from fallwerk.domain.staff.model import Action, StaffUser
from fallwerk.domain.unit_of_work import Transactions, UnitOfWork
from fallwerk.kit.clock import Clock
from fallwerk.kit.pages import HEADERS, asks_for_json
from fallwerk.web.console.delivery import UNPROCESSABLE, number, read_step
from fallwerk.web.console.documents import ORDER, faults_of, read_document
from fallwerk.web.console.frame import Frame, Page, Visit, redirect

ALREADY = 409
TOO_MANY = 429


class VideoPages:
    """
    Pages of the video agent.

    Args:
        sender: How TANs reach people; None: not at all.
    """

    def __init__(self, frame: Frame, store: Transactions, clock: Clock, sender: CodeSender | None) -> None:
        self._frame = frame
        self._store = store
        self._clock = clock
        self._sender = sender

    def pages(self) -> tuple[Page, ...]:
        """Return the pages."""
        needed, one = Action.ANSWER_CALLS, "/video/{case_id}"
        return (
            Page("console.video", "GET", "/video", needed, self.show_list),
            Page("console.video.next", "POST", "/video/next", needed, self.take_next),
            Page("console.video.take", "POST", f"{one}/take", needed, self.take),
            Page(
                "console.video.tan",
                "POST",
                f"{one}/tan",
                needed,
                self.send_tan,
                needs_camera=True,
                needs_microphone=True,
            ),
            Page("console.video.leave", "POST", f"{one}/leave", needed, self.leave),
            Page("console.video.call", "GET", one, needed, self.show_call, needs_camera=True, needs_microphone=True),
            Page("console.video.record", "POST", one, needed, self.record, needs_camera=True, needs_microphone=True),
        )

    async def count(self, user: StaffUser) -> int:
        """Count who waits for a call on their page."""
        now_us = self._clock.now_us()
        return await self._store.read(lambda uow: count_here(uow, user, now_us=now_us))

    async def show_list(self, visit: Visit, status: int = 200, *, taken: str = "", nobody: bool = False) -> Response:
        """Show who waits, longest first, and the other calls that were begun."""
        queue = await self._store.read(lambda uow: queue_of(uow, visit.user, now_us=visit.now_us))
        return self._frame.answer(
            visit, "video_list.html", status, queue=queue, shown=SHOWN_AT_ONCE, taken=taken, nobody=nobody
        )

    async def take_next(self, visit: Visit) -> Response:
        """Take whoever has waited longest."""
        system_us = self._clock.system_now_us()
        case_id = await self._store.write(
            lambda uow: take_next(uow, visit.user, address=visit.address, now_us=visit.now_us, system_us=system_us)
        )
        return redirect(f"/video/{case_id}") if case_id else await self.show_list(visit, nobody=True)

    async def take(self, visit: Visit) -> Response:
        """Take a person out of the queue."""
        case_id, system_us = visit.part("case_id"), self._clock.system_now_us()

        def work(uow: UnitOfWork) -> None:
            take_call(uow, case_id, visit.user, address=visit.address, now_us=visit.now_us, system_us=system_us)

        try:
            await self._store.write(work)
        except CallTaken as taken:
            return await self.show_list(visit, ALREADY, taken=taken.by)
        return redirect(f"/video/{case_id}")

    async def leave(self, visit: Visit) -> Response:
        """Put a person back into the queue."""
        case_id = visit.part("case_id")
        await self._store.write(
            lambda uow: leave_call(uow, case_id, visit.user, address=visit.address, now_us=visit.now_us)
        )
        return redirect("/video", done="left")

    async def show_call(self, visit: Visit, status: int = 200, faults: dict[str, str] | None = None) -> Response:
        """Show the call that the agent took."""
        case_id = visit.part("case_id")
        try:
            card = await self._store.write(lambda uow: open_call(uow, case_id, visit.user, now_us=visit.now_us))
        except AtAnotherDesk as elsewhere:
            return self._frame.answer(visit, "elsewhere.html", ALREADY, desk="video", elsewhere=elsewhere)
        return self._frame.answer(
            visit,
            "video_call.html",
            status,
            card=card,
            faults=faults or {},
            written=visit.form,
            order=ORDER,
            types=DOCUMENT_TYPES,
            ways=ways_of(card.file.contact, self._sender) if card.tan is not None else (),
            declines=REASONS_OF[NOT_CONFIRMED],
            unfinished=REASONS_OF[CALL_INCOMPLETE],
        )

    async def send_tan(self, visit: Visit) -> Response:
        """Send the person a TAN; the page's script asks for a short answer, so that the call goes on."""
        case_id, way = visit.part("case_id"), visit.form.get("way")
        factor = next((known for known in Factor if known.value == way), None)

        def work(uow: UnitOfWork) -> None:
            send_tan_in_call(
                uow,
                case_id,
                visit.user,
                factor,
                sender=self._sender,
                address=visit.address,
                now_us=visit.now_us,
            )

        try:
            await self._store.write(work)
        except (NoTanNeeded, NoTanChannel):
            return await self._tan_refused(visit, UNPROCESSABLE, "tan_no_way")
        except TooManyTans:
            return await self._tan_refused(visit, TOO_MANY, "tan_too_many")
        if asks_for_json(visit.request):
            return JSONResponse({"said": ""}, headers={**HEADERS, "Cache-Control": "no-store"})
        return redirect(f"/video/{case_id}", done="tan")

    async def _tan_refused(self, visit: Visit, status: int, fault: str) -> Response:
        if asks_for_json(visit.request):
            return JSONResponse({"said": visit.texts[fault]}, status, {**HEADERS, "Cache-Control": "no-store"})
        return await self.show_call(visit, status, {"tan": fault})

    async def record(self, visit: Visit) -> Response:
        """Record what came of the call."""
        result, faults = _read_result(visit)
        if result is None:
            return await self.show_call(visit, UNPROCESSABLE, faults)
        case_id = visit.part("case_id")
        try:
            await self._store.write(lambda uow: record_call(uow, case_id, result, visit.user))
        except ChecksMissing:
            return await self.show_call(visit, UNPROCESSABLE, {"checks": "call_checks_missing"})
        except TanMissing:
            return await self.show_call(visit, UNPROCESSABLE, {"tan": "tan_missing"})
        return redirect("/video", done="call")


def _read_result(visit: Visit) -> tuple[CallResult | None, dict[str, str]]:
    form = visit.form
    code = form.get("step").rpartition("/")[2]
    found = read_step(form.get("step"), form.get(f"reason_{code}"), "", "")
    if found is None:
        return None, {f"reason_{code}": "reason_missing"}
    document, faults = read_document(form), {}
    step, preliminary = found, None
    if found.status is not IdentStatus.INCOMPLETE:
        # The agent only proposes: what is recorded is that a reviewer must decide.
        step = WantedStep(IdentStatus.REVIEW_PENDING)
        preliminary = Preliminary(found.status.value, found.sub_status, found.sub_status_reason)
        faults = _faults(visit, document, found)
    if faults:
        return None, faults
    return CallResult(
        step=step,
        preliminary=preliminary,
        document=document if form.get("number").strip() else None,
        passed=frozenset(form.all("passed")),
        seen_us=number(form.get("seen")),
        address=visit.address,
        now_us=visit.now_us,
    ), {}


def _faults(visit: Visit, document: IdentityDocument, found: WantedStep) -> dict[str, str]:
    succeeded = found.status is IdentStatus.SUCCESS
    faults = faults_of(document, now_us=visit.now_us, must_be_valid=succeeded)
    return faults if succeeded else {name: fault for name, fault in faults.items() if fault != "document_missing"}
