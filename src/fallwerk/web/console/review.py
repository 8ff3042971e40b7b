"""The reviewer's desk: pictures of photo, results of calls; confirm, decline, ask for new pictures (W-05)."""

from typing import Final

from starlette.responses import Response, StreamingResponse

from fallwerk.domain.desk.document import DOCUMENT_TYPES
from fallwerk.domain.desk.errors import AtAnotherDesk
from fallwerk.domain.desk.model import COUNTED, SHOWN_AT_ONCE, Wanted
from fallwerk.domain.desk.review import REVIEWED, Decision, decide_at_desk, picture_of, review_card
from fallwerk.domain.document.ports import BlobStore
from fallwerk.domain.identcase.attempt import VALIDATION_SUB_STATUSES, Validation, ValidationStatus
from fallwerk.domain.identcase.lifecycle import WantedStep
from fallwerk.domain.identcase.methods_codes import NOT_CONFIRMED, PICTURES_WANTED, REASONS_OF
from fallwerk.domain.identcase.methods_lifecycle import RecordedBySameActor, TanMissing
from fallwerk.domain.identcase.model import IdentityDocument, IdentStatus, Method
from fallwerk.domain.identcase.service.findings import ValidationIncomplete
from fallwerk.domain.staff.model import Action, StaffUser
from fallwerk.domain.staff.service import actor_of
from fallwerk.domain.unit_of_work import Transactions
from fallwerk.kit.pages import HEADERS
from fallwerk.web.console.delivery import UNPROCESSABLE, as_case_id, number, read_step
from fallwerk.web.console.documents import ORDER, faults_of, read_document
from fallwerk.web.console.forms import Form
from fallwerk.web.console.frame import Frame, NotHere, Page, Visit, redirect

PICTURES: Final = frozenset({"image/jpeg", "image/png", "image/webp"})
LONGEST_REMARK: Final = 500
ALREADY: Final = 409


class ReviewPages:
    """Pages of the reviewer."""

    def __init__(self, frame: Frame, store: Transactions, blobs: BlobStore) -> None:
        self._frame = frame
        self._store = store
        self._blobs = blobs

    def pages(self) -> tuple[Page, ...]:
        """Return the pages."""
        needed = Action.REVIEW
        one = "/review/{case_id}/{method}"
        return (
            Page("console.review", "GET", "/review", needed, self.show_list),
            Page("console.review.picture", "GET", "/review/{case_id}/picture/{record}", needed, self.picture),
            Page("console.review.case", "GET", one, needed, self.show_case),
            Page("console.review.decide", "POST", one, needed, self.decide),
        )

    async def count(self, user: StaffUser) -> int:
        """Count what waits for a decision."""
        return await self._store.read(lambda uow: uow.desks.count(_wanted(user), COUNTED))

    async def show_list(self, visit: Visit) -> Response:
        """Show what waits, oldest first."""
        find = visit.asked("find")
        pile = await self._store.read(lambda uow: uow.desks.pile(_wanted(visit.user), SHOWN_AT_ONCE))
        if case_id := as_case_id(find):
            waiting = [one for one in pile.waiting if one.case_id == case_id]
            method = waiting[0].identification.method if waiting else Method.PHOTO
            return redirect(f"/review/{case_id}/{method}")
        return self._frame.answer(visit, "review_list.html", pile=pile, find=find, shown=SHOWN_AT_ONCE)

    async def show_case(self, visit: Visit, status: int = 200, faults: dict[str, str] | None = None) -> Response:
        """Show pictures, document and what was provided."""
        case_id, method, reach = visit.part("case_id"), _method(visit), visit.user.reach
        actor = actor_of(visit.user, visit.address)
        try:
            card = await self._store.read(lambda uow: review_card(uow, case_id, method, actor, reach))
        except AtAnotherDesk as elsewhere:
            return self._frame.answer(visit, "elsewhere.html", ALREADY, desk="review", elsewhere=elsewhere)
        return self._frame.answer(
            visit,
            "review_case.html",
            status,
            card=card,
            faults=faults or {},
            written=visit.form,
            order=ORDER,
            types=DOCUMENT_TYPES,
            judgements=VALIDATION_SUB_STATUSES,
            declines=REASONS_OF[NOT_CONFIRMED],
            wanted=REASONS_OF[PICTURES_WANTED],
        )

    async def decide(self, visit: Visit) -> Response:
        """Decide; four eyes are the gate's own rule."""
        form, method = visit.form, _method(visit)
        code = form.get("step").rpartition("/")[2]
        step = read_step(form.get("step"), form.get(f"reason_{code}"), "", "")
        if step is None:
            return await self.show_case(visit, UNPROCESSABLE, {f"reason_{code}": "reason_missing"})
        document, faults = _read_document(visit, method, step)
        if faults:
            return await self.show_case(visit, UNPROCESSABLE, faults)
        decision = Decision(
            method=method,
            step=step,
            document=document,
            validations=_validations(form),
            seen_us=number(form.get("seen")),
            actor=actor_of(visit.user, visit.address),
            now_us=visit.now_us,
        )
        case_id, reach = visit.part("case_id"), visit.user.reach
        try:
            await self._store.write(lambda uow: decide_at_desk(uow, case_id, decision, reach))
        except RecordedBySameActor:
            return await self.show_case(visit, 403, {"decision": "own_result"})
        except TanMissing:
            return await self.show_case(visit, 409, {"decision": "tan_missing"})
        except ValidationIncomplete:
            return await self.show_case(visit, UNPROCESSABLE, {"pictures": "validation_incomplete"})
        return redirect("/review", done="review")

    async def picture(self, visit: Visit) -> Response:
        """Stream a picture of a case that waits."""
        case_id, record_id, reach = visit.part("case_id"), number(visit.part("record")), visit.user.reach
        record, blob = await self._store.read(lambda uow: picture_of(uow, case_id, record_id, reach))
        # What is no picture of a known kind is handed over as a file, so that no browser makes a page of it.
        shown = record.mime_type in PICTURES
        headers = {**HEADERS, "Cache-Control": "no-store", "Content-Length": str(record.size_bytes)}
        if not shown:
            headers["Content-Disposition"] = "attachment"
        media_type = record.mime_type if shown else "application/octet-stream"
        return StreamingResponse(self._blobs.stream(blob), 200, headers, media_type)


def _wanted(user: StaffUser) -> Wanted:
    return Wanted(REVIEWED, (IdentStatus.REVIEW_PENDING,), user.reach)


def _method(visit: Visit) -> Method:
    method = visit.part("method")
    if method not in {known.value for known in REVIEWED}:
        raise NotHere
    return Method(method)


def _read_document(visit: Visit, method: Method, step: WantedStep) -> tuple[IdentityDocument | None, dict[str, str]]:
    """Read what the reviewer saw on the pictures; in a call the agent recorded it already."""
    if method is not Method.PHOTO or step.status is IdentStatus.INCOMPLETE:
        return None, {}
    document = read_document(visit.form)
    must_be_valid = step.status is IdentStatus.SUCCESS
    faults = faults_of(document, now_us=visit.now_us, must_be_valid=must_be_valid)
    if not must_be_valid:
        faults = {name: fault for name, fault in faults.items() if fault != "document_missing"}
    return (document if visit.form.get("number").strip() else None), faults


def _validations(form: Form) -> dict[int, Validation]:
    """Read the judgements of the pictures; one that was not judged stays as it is."""
    found: dict[int, Validation] = {}
    for name, value in form.fields.items():
        record_id = number(name.removeprefix("judge_")) if name.startswith("judge_") else 0
        if not record_id or not value:
            continue
        remark = form.get(f"remark_{record_id}").strip()[:LONGEST_REMARK]
        valid = value == ValidationStatus.VALID
        status = ValidationStatus.VALID if valid else ValidationStatus.INVALID
        found[record_id] = Validation(status, "" if valid else value, remark)
    return found
