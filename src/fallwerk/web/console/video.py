"""The video agent's desk: queue, a call, its checks, its result (W-05, S-46); the call's picture is the call page's."""

from starlette.responses import Response

from fallwerk.domain.desk.document import DOCUMENT_TYPES
from fallwerk.domain.desk.errors import AtAnotherDesk, CallTaken, ChecksMissing
from fallwerk.domain.desk.model import COUNTED, SHOWN_AT_ONCE, Wanted
from fallwerk.domain.desk.video import (
    QUEUED,
    CallResult,
    call_card,
    leave_call,
    record_call,
    take_call,
)
from fallwerk.domain.identcase.attempt import Preliminary
from fallwerk.domain.identcase.lifecycle import WantedStep
from fallwerk.domain.identcase.methods_codes import CALL_INCOMPLETE, NOT_CONFIRMED, REASONS_OF
from fallwerk.domain.identcase.model import IdentityDocument, IdentStatus, Method
from fallwerk.domain.staff.model import Action, StaffUser
from fallwerk.domain.unit_of_work import Transactions
from fallwerk.web.console.delivery import UNPROCESSABLE, number, read_step
from fallwerk.web.console.documents import ORDER, faults_of, read_document
from fallwerk.web.console.frame import Frame, Page, Visit, redirect

ALREADY = 409
CHANNELS = ("sms", "email")


class VideoPages:
    """Pages of the video agent."""

    def __init__(self, frame: Frame, store: Transactions) -> None:
        self._frame = frame
        self._store = store

    def pages(self) -> tuple[Page, ...]:
        """Return the pages."""
        needed, one = Action.ANSWER_CALLS, "/video/{case_id}"
        return (
            Page("console.video", "GET", "/video", needed, self.show_list),
            Page("console.video.take", "POST", f"{one}/take", needed, self.take),
            Page("console.video.leave", "POST", f"{one}/leave", needed, self.leave),
            Page("console.video.call", "GET", one, needed, self.show_call, needs_camera=True, needs_microphone=True),
            Page("console.video.record", "POST", one, needed, self.record, needs_camera=True, needs_microphone=True),
        )

    async def count(self, user: StaffUser) -> int:
        """Count who waits for a call."""
        return await self._store.read(lambda uow: uow.desks.count(_wanted(user), COUNTED))

    async def show_list(self, visit: Visit, status: int = 200, taken: str = "") -> Response:
        """Show who waits, longest first."""
        pile = await self._store.read(lambda uow: uow.desks.pile(_wanted(visit.user), SHOWN_AT_ONCE))
        return self._frame.answer(visit, "video_list.html", status, pile=pile, shown=SHOWN_AT_ONCE, taken=taken)

    async def take(self, visit: Visit) -> Response:
        """Take a person out of the queue."""
        case_id = visit.part("case_id")
        try:
            await self._store.write(
                lambda uow: take_call(uow, case_id, visit.user, address=visit.address, now_us=visit.now_us)
            )
        except CallTaken as taken:
            return await self.show_list(visit, ALREADY, taken.by)
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
            card = await self._store.read(lambda uow: call_card(uow, case_id, visit.user))
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
            channels=CHANNELS,
            declines=REASONS_OF[NOT_CONFIRMED],
            unfinished=REASONS_OF[CALL_INCOMPLETE],
        )

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
        return redirect("/video", done="call")


def _wanted(user: StaffUser) -> Wanted:
    return Wanted((Method.VIDEO,), QUEUED, user.reach)


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
    channel = form.get("tan_channel")
    return CallResult(
        step=step,
        preliminary=preliminary,
        document=document if form.get("number").strip() else None,
        passed=frozenset(form.all("passed")),
        tan_channel=channel if channel in CHANNELS else "",
        seen_us=number(form.get("seen")),
        address=visit.address,
        now_us=visit.now_us,
    ), {}


def _faults(visit: Visit, document: IdentityDocument, found: WantedStep) -> dict[str, str]:
    succeeded = found.status is IdentStatus.SUCCESS
    faults = faults_of(document, now_us=visit.now_us, must_be_valid=succeeded)
    return faults if succeeded else {name: fault for name, fault in faults.items() if fault != "document_missing"}
