"""The workspace around loan cases: what UPDATE and STATUS call "displayed" (U-11, U-21, A-05, A-09)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response, StreamingResponse

from fallwerk.domain.audit.model import AuditEvent
from fallwerk.domain.document.model import Blob
from fallwerk.domain.document.ports import BlobStore
from fallwerk.domain.loancase.errors import (
    DocumentUnknown,
    HintChanged,
    HintUnknown,
    LoanCaseDeleted,
    LoanCaseOutOfReach,
    LoanCaseUnknown,
)
from fallwerk.domain.loancase.hints import tick_hint, untick_hint
from fallwerk.domain.loancase.model import Caller, Document, HintPlace, HintTick, LoanCase, LoanCaseRecord
from fallwerk.domain.loancase.rules import TEXT_LONGEST, is_application_number, is_case_number
from fallwerk.domain.loancase.service import add_comments, find_document, known_case, read_loan_case
from fallwerk.domain.staff.model import Action, StaffUser
from fallwerk.domain.staff.service import actor_of
from fallwerk.domain.unit_of_work import Transactions, UnitOfWork
from fallwerk.kit.pages import HEADERS, attachment
from fallwerk.web.console.delivery import UNPROCESSABLE, number
from fallwerk.web.console.frame import Frame, NotHere, Page, Visit, redirect

SHOWN_AT_ONCE: Final = 50
KIB: Final = 1024
SHA256_DIGITS: Final = 64


@dataclass(frozen=True, slots=True)
class Shown:
    """A loan case with what its page needs besides."""

    record: LoanCaseRecord
    partner: str
    names: Mapping[int, str]
    """Names of the people who wrote something, by their number."""
    ticks: Mapping[HintPlace, HintTick]
    """Hints that are ticked off."""


class LoanPages:
    """Pages of the loan cases; a partner's people see what their partner reaches."""

    def __init__(self, frame: Frame, store: Transactions, blobs: BlobStore) -> None:
        self._frame = frame
        self._store = store
        self._blobs = blobs

    def pages(self) -> tuple[Page, ...]:
        """Return the pages."""
        read, one = Action.READ_LOANS, "/loans/{number}"
        return (
            Page("console.loans", "GET", "/loans", read, self.show_list),
            Page("console.loan", "GET", one, read, self.show_case),
            Page("console.loan.comment", "POST", f"{one}/comments", Action.COMMENT_LOANS, self.comment),
            Page("console.loan.hint", "POST", f"{one}/hints", Action.COMMENT_LOANS, self.tick),
            Page("console.loan.document", "GET", f"{one}/documents/{{sha256}}", read, self.document),
        )

    async def show_list(self, visit: Visit) -> Response:
        """Show loan cases, last changed on top; a whole number leads to its case."""
        find, user = visit.asked("find"), visit.user
        wanted = find.upper().partition("/")[0] if is_application_number(find.upper()) else find.upper()
        if find and is_case_number(wanted) and await self._store.read(lambda uow: _reaches(uow, wanted, user)):
            return redirect(f"/loans/{wanted}")

        def cases(uow: UnitOfWork) -> list[tuple[LoanCase, str]]:
            found = [] if find else uow.loans.latest(reach_of(uow, user), SHOWN_AT_ONCE + 1)
            partners = {partner.tenant_id: partner.partner_id for partner in uow.partners.partners()}
            return [(case, partners.get(case.tenant_id, "")) for case in found]

        found = await self._store.read(cases)
        return self._frame.answer(
            visit,
            "loans.html",
            cases=found[:SHOWN_AT_ONCE],
            more=len(found) > SHOWN_AT_ONCE,
            find=find,
            shown=SHOWN_AT_ONCE,
        )

    async def show_case(self, visit: Visit, faults: dict[str, str] | None = None) -> Response:
        """Show everything about a loan case."""
        case_number, user = visit.part("number"), visit.user
        try:
            shown = await self._store.read(lambda uow: show(uow, case_number, user))
        except LoanCaseUnknown:
            raise NotHere from None
        return self._frame.answer(
            visit,
            "loan.html",
            UNPROCESSABLE if faults else 200,
            shown=shown,
            faults=faults or {},
            written=visit.form,
            may_comment=visit.may(Action.COMMENT_LOANS),
            tick_of=lambda *place: shown.ticks.get(HintPlace(*place)),
            origin=lambda actor: origin(actor, shown.names, visit.texts),
            size=lambda size_bytes: size_of(size_bytes, visit.language),
        )

    async def comment(self, visit: Visit) -> Response:
        """Add a comment by hand."""
        case_number, text, user = visit.part("number"), visit.form.get("comment").strip(), visit.user
        if not text or len(text) > TEXT_LONGEST:
            return await self.show_case(visit, {"comment": "comment_too_long" if text else "comment_missing"})
        actor = actor_of(user, visit.address)

        def add(uow: UnitOfWork) -> None:
            _insist_on_reach(uow, case_number, user)
            caller = Caller(actor, reach_of(uow, user))
            add_comments(uow, case_number, [text], caller=caller, now_us=visit.now_us)

        try:
            await self._store.write(add)
        except (LoanCaseUnknown, LoanCaseOutOfReach):
            raise NotHere from None
        except LoanCaseDeleted:
            return self._frame.error(visit, 409)
        return redirect(f"/loans/{case_number}", done="comment")

    async def tick(self, visit: Visit) -> Response:
        """Tick a hint off, or take that back; the form says which of the two, so that sending it twice does it once."""
        case_number, form, user = visit.part("number"), visit.form, visit.user
        place = HintPlace(form.get("application"), number(form.get("change")), number(form.get("hint")))
        seen = HintTick(number(form.get("seen")), "")
        actor = actor_of(user, visit.address)

        def change(uow: UnitOfWork) -> None:
            _insist_on_reach(uow, case_number, user)
            caller = Caller(actor, reach_of(uow, user))
            if form.get("wanted") == "done":
                tick_hint(uow, case_number, place, caller=caller, now_us=visit.now_us)
            else:
                untick_hint(uow, case_number, place, seen, caller=caller, now_us=visit.now_us)

        try:
            await self._store.write(change)
        except (LoanCaseUnknown, LoanCaseOutOfReach, HintUnknown):
            raise NotHere from None
        except (LoanCaseDeleted, HintChanged):
            return self._frame.error(visit, 409)
        return redirect(f"/loans/{case_number}")

    async def document(self, visit: Visit) -> Response:
        """Hand a document over byte for byte, under the name it was sent with, as nothing that a browser would run."""
        case_number, sha256, user = visit.part("number"), visit.part("sha256"), visit.user
        actor = actor_of(user, visit.address)

        def take(uow: UnitOfWork) -> tuple[Document, Blob]:
            document = _document(show(uow, case_number, user).record, sha256)
            blob = find_document(uow, case_number, bytes.fromhex(sha256))
            tenant_id = known_case(uow, case_number).tenant_id
            details: dict[str, str | int | bool | None] = {"sizeBytes": document.size_bytes}
            uow.audit.add(AuditEvent(tenant_id, visit.now_us, actor, "loan case.document read", case_number, details))
            return document, blob

        try:
            document, blob = await self._store.write(take)
        except (LoanCaseUnknown, DocumentUnknown):
            raise NotHere from None
        headers = {
            **HEADERS,
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Cache-Control": "no-store",
            "Content-Length": str(document.size_bytes),
            "Content-Disposition": attachment(document.file_name),
        }
        return StreamingResponse(self._blobs.stream(blob), 200, headers, "application/octet-stream")


def reach_of(uow: UnitOfWork, user: StaffUser) -> frozenset[int] | None:
    """Return the tenants whose loan cases somebody may see, None for all (decision 43)."""
    return None if user.reach is None else uow.partners.reach(user.reach)


def show(uow: UnitOfWork, case_number: str, user: StaffUser) -> Shown:
    """
    Return a loan case that somebody may see.

    Raises:
        LoanCaseUnknown: there is none, or it is out of reach; the caller cannot tell which (C-03).
    """
    _insist_on_reach(uow, case_number, user)
    record = read_loan_case(uow, case_number)
    actors = [comment.actor for comment in record.comments]
    actors += [document.actor for document in record.documents]
    for application in record.applications:
        actors += [change.actor for change in application.history]
        actors += [document.actor for document in application.documents]
    ticks = uow.hints.of_case(record.case.tenant_id, case_number)
    actors += [tick.actor for tick in ticks.values()]
    people = [int(actor.removeprefix("staff:")) for actor in actors if actor.startswith("staff:")]
    partner = uow.partners.partner_of(record.case.tenant_id)
    return Shown(record, partner.partner_id if partner else "", uow.staff.names(people), ticks)


def _insist_on_reach(uow: UnitOfWork, case_number: str, user: StaffUser) -> None:
    """Raise LoanCaseUnknown for what is not there or out of reach, deleted cases of others included."""
    if not _reaches(uow, case_number, user):
        raise LoanCaseUnknown


def _reaches(uow: UnitOfWork, case_number: str, user: StaffUser) -> bool:
    try:
        case = known_case(uow, case_number)
    except LoanCaseUnknown:
        return False
    reach = reach_of(uow, user)
    return reach is None or case.tenant_id in reach


def _document(record: LoanCaseRecord, sha256: str) -> Document:
    every = [*record.documents, *(one for application in record.applications for one in application.documents)]
    for document in every:
        if len(sha256) == SHA256_DIGITS and document.sha256 == sha256:
            return document
    raise DocumentUnknown


def origin(actor: str, names: Mapping[int, str], texts: Mapping[str, str]) -> str:
    """Say in words who did something."""
    kind, _, name = actor.partition(":")
    if kind == "staff":
        return names.get(int(name), texts["origin_staff"])
    known = texts.get(f"origin_{kind}", kind)
    return f"{known} {name}" if name else known


def size_of(size_bytes: int, language: str) -> str:
    """Render a size as people read it."""
    if size_bytes < KIB:
        return f"{size_bytes} B"
    number = f"{size_bytes / KIB:.1f} KiB" if size_bytes < KIB * KIB else f"{size_bytes / KIB / KIB:.1f} MiB"
    return number.replace(".", ",") if language == "de" else number
