"""Use cases around loan cases; each function is exactly one transaction."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from fallwerk.domain.audit.model import Actor, AuditEvent
from fallwerk.domain.document.model import Blob, Upload
from fallwerk.domain.loancase.errors import (
    ApplicationAmbiguous,
    ApplicationUnknown,
    DocumentUnknown,
    LoanCaseDeleted,
    LoanCaseNumberMalformed,
    LoanCaseNumberTaken,
    LoanCaseOutOfReach,
    LoanCaseUnknown,
    NumbersDisagree,
    OwnerNeeded,
    OwnerOutOfReach,
)
from fallwerk.domain.loancase.lifecycle import advance
from fallwerk.domain.loancase.model import (
    ApplicantStatus,
    Application,
    ApplicationRecord,
    Caller,
    Comment,
    DocumentOrder,
    Environment,
    ImportedData,
    ImportedLoanCase,
    LoanCase,
    LoanCaseRecord,
    LoanCaseStatus,
    NewDocument,
    ProviderStatus,
    StatusChange,
    StatusOrder,
)
from fallwerk.domain.loancase.rules import is_application_number, is_case_number, is_provider_number
from fallwerk.domain.loancase.view import LoanCaseView
from fallwerk.domain.partner.model import Partner
from fallwerk.domain.partner.rules import is_partner_id
from fallwerk.domain.partner.service import open_partner
from fallwerk.domain.unit_of_work import UnitOfWork
from fallwerk.kit.ids import new_loan_case_number, new_uuid

Numbered = list[tuple[LoanCase, str]]
"""Applications: the loan case of each, and its number."""

ATTEMPTS: Final = 10
"""Draws of a new number; with 36⁶ of them one nearly always is enough."""


def create_loan_case(
    uow: UnitOfWork,
    case_number: str | None,
    *,
    partner_id: str | None,
    environment: Environment,
    now_us: int,
    actor: Actor,
) -> LoanCase:
    """
    Open a loan case of a partner.

    Source: decisions 30, 43; control-api.md "Admin API".

    Args:
        case_number: None draws one.
        partner_id: Who looks after it; one that does not exist yet is made.

    Raises:
        OwnerNeeded, FieldsRefused: there is no partner, or this cannot be one's id.
        LoanCaseNumberMalformed, LoanCaseNumberTaken: nothing was stored.
    """
    if partner_id is None:
        raise OwnerNeeded
    if case_number is not None and not is_case_number(case_number):
        raise LoanCaseNumberMalformed
    owner = open_partner(uow, partner_id, now_us=now_us, actor=actor)
    return _opened(uow, owner, case_number, environment=environment, now_us=now_us, actor=actor)


def import_loan_case(
    uow: UnitOfWork, partner_id: str, request: bytes, *, environment: Environment, caller: Caller, now_us: int
) -> ImportedLoanCase:
    """
    Open a loan case for another system and keep everything that it said of it.

    Source: public-facts.md "Europace KEX neighbours" (import); N-01, decision 43.

    Args:
        request: Its JSON, kept sealed.

    Raises:
        OwnerOutOfReach: nothing was stored.
    """
    owner = uow.partners.partner(partner_id) if is_partner_id(partner_id) else None
    if owner is None or (caller.reach is not None and owner.tenant_id not in caller.reach):
        raise OwnerOutOfReach
    data = ImportedData(new_uuid(), request)
    case = _opened(uow, owner, None, environment=environment, now_us=now_us, actor=caller.actor, imported=data)
    return ImportedLoanCase(case, data.applicant_id)


def _opened(
    uow: UnitOfWork,
    owner: Partner,
    case_number: str | None,
    *,
    environment: Environment,
    now_us: int,
    actor: Actor,
    imported: ImportedData | None = None,
) -> LoanCase:
    """Store a new loan case under its number, or under one that is drawn."""
    for _ in range(ATTEMPTS if case_number is None else 1):
        chosen = case_number or new_loan_case_number()
        case = LoanCase(owner.tenant_id, chosen, LoanCaseStatus.ACTIVE, environment, now_us, now_us)
        if uow.loans.add(case, imported):
            details: dict[str, str | int | bool | None] = {"environment": environment.value}
            action = "loan case.created" if imported is None else "loan case.imported"
            uow.audit.add(AuditEvent(case.tenant_id, now_us, actor, action, chosen, details))
            return case
    raise LoanCaseNumberTaken


def delete_loan_case(uow: UnitOfWork, case_number: str, *, now_us: int, actor: Actor) -> None:
    """
    Close a loan case for good; it keeps everything and is shown to operators only. One that is deleted stays so.

    Source: UPDATE "Fehlercodes"; U-05, A-01; decisions.md "KEX".

    Raises:
        LoanCaseUnknown: nothing was changed.
    """
    case = known_case(uow, case_number, lock=True)
    if case.status is LoanCaseStatus.DELETED:
        return
    uow.loans.save_status(replace(case, status=LoanCaseStatus.DELETED, modified_us=now_us, deleted_us=now_us))
    uow.audit.add(AuditEvent(case.tenant_id, now_us, actor, "loan case.deleted", case_number))


def create_application(
    uow: UnitOfWork, case_number: str, provider_number: str | None, *, now_us: int, actor: Actor
) -> Application:
    """
    Open an application; its number goes on from the last one of its case.

    Source: public-facts.md "Europace KEX neighbours"; control-api.md "Admin API".

    Raises:
        LoanCaseUnknown, LoanCaseDeleted: nothing was stored.
    """
    case = known_case(uow, case_number, lock=True)
    if case.status is LoanCaseStatus.DELETED:
        raise LoanCaseDeleted
    number = f"{case_number}/{len(uow.loans.applications_of(case.tenant_id, case_number)) + 1}/1"
    application = Application(
        case.tenant_id,
        number,
        case_number,
        provider_number,
        ProviderStatus.NOT_PROCESSED,
        ApplicantStatus.APPLIED,
        now_us,
        now_us,
    )
    uow.loans.add_application(application)
    uow.audit.add(AuditEvent(case.tenant_id, now_us, actor, "application.created", number))
    return application


def add_comments(uow: UnitOfWork, case_number: str, texts: Sequence[str], *, caller: Caller, now_us: int) -> None:
    """
    Add comments to a loan case, in their order; only `""` is an empty one, and is left out.

    Source: UPDATE "Kommentare"; U-20, U-21.

    Raises:
        LoanCaseUnknown, LoanCaseDeleted, LoanCaseOutOfReach: none was added; also if there are none to add.
    """
    case = reachable_case(uow, case_number, caller)
    comments = [Comment(now_us, caller.actor.name, text) for text in texts if text]
    if comments:
        uow.loans.add_comments(case.tenant_id, case_number, comments)
        details: dict[str, str | int | bool | None] = {"comments": len(comments)}
        uow.audit.add(AuditEvent(case.tenant_id, now_us, caller.actor, "loan case.commented", case_number, details))


def add_document(
    uow: UnitOfWork, case_number: str, upload: Upload, file_name: str, *, caller: Caller, now_us: int
) -> NewDocument:
    """
    Add an uploaded document to a loan case; content that the partner holds already is stored once and listed again.

    Source: UPDATE "Dokumente"; U-10, U-11.

    Raises:
        LoanCaseUnknown, LoanCaseDeleted, LoanCaseOutOfReach: nothing was added.
    """
    case = reachable_case(uow, case_number, caller)
    document = NewDocument(file_name, upload.size_bytes, upload.sha256.hex(), upload.blob_key)
    uow.blobs.add(upload, now_us=now_us)
    uow.loans.add_document(case, document, at_us=now_us, actor=caller.actor.name)
    details: dict[str, str | int | bool | None] = {"sizeBytes": upload.size_bytes}
    uow.audit.add(AuditEvent(case.tenant_id, now_us, caller.actor, "loan case.document added", case_number, details))
    return document


def find_application(
    uow: UnitOfWork, application_number: str | None, provider_number: str | None, *, caller: Caller
) -> Application:
    """
    Return the application to which a caller wants to add; nothing is held, so the adding looks again.

    Source: N-02; decisions 43 and "KEX" (order of checks).

    Raises:
        ApplicationUnknown, ApplicationAmbiguous, NumbersDisagree, LoanCaseDeleted, LoanCaseOutOfReach: as the adding.
    """
    return meant_application(uow, application_number, provider_number, caller, hold=False)[1]


def add_application_document(
    uow: UnitOfWork, application_number: str, upload: Upload, order: DocumentOrder, *, caller: Caller, now_us: int
) -> NewDocument:
    """
    Add an uploaded document to an application; one that it has by name, comment and content is not added again.

    Source: public-facts.md "Europace KEX neighbours" (documents on applications); N-02.

    Raises:
        ApplicationUnknown, LoanCaseDeleted, LoanCaseOutOfReach: nothing was added.
    """
    case, application = meant_application(uow, application_number, None, caller)
    number = application.application_number
    document = NewDocument(
        order.file_name,
        upload.size_bytes,
        upload.sha256.hex(),
        upload.blob_key,
        number,
        order.comment,
        order.tags,
    )
    # First the document: a duplicate must not count as another reference to the content.
    if not uow.loans.add_document(case, document, at_us=now_us, actor=caller.actor.name):
        uow.blobs.discard(upload, now_us=now_us)
        return document
    uow.blobs.add(upload, now_us=now_us)
    details: dict[str, str | int | bool | None] = {"sizeBytes": upload.size_bytes, "tags": " ".join(order.tags)}
    uow.audit.add(AuditEvent(case.tenant_id, now_us, caller.actor, "application.document added", number, details))
    return document


def change_application_status(uow: UnitOfWork, order: StatusOrder, *, caller: Caller, now_us: int) -> None:
    """
    Change one or both statuses of an application and keep what was said about it.

    Source: STATUS "Statuswechsel", "Examples"; A-02 to A-06, A-09.

    A status that is the current one already changes nothing; comment and hints are added all the same. The comment
    also becomes one of the loan case. Calls on one application take turns.

    Raises:
        ApplicationUnknown, ApplicationAmbiguous, NumbersDisagree: it is not clear which application is meant.
        LoanCaseDeleted, LoanCaseOutOfReach: nothing was changed.
    """
    case, application = meant_application(uow, order.application_number, order.provider_number, caller, lock=True)
    number = application.application_number
    step = advance(application, order.provider_status, order.applicant_status, now_us=now_us)
    if step.changed:
        uow.loans.save_statuses(step.application)
    if step.changed or order.comment or order.hints:
        actor = caller.actor
        change = StatusChange(
            now_us, actor.name, step.provider_status, step.applicant_status, order.comment, order.hints
        )
        uow.loans.add_change(application, change)
        if order.comment:
            uow.loans.add_comments(case.tenant_id, case.case_number, [Comment(now_us, actor.name, order.comment)])
        uow.audit.add(_change_event(case, number, change, actor))


def meant_application(
    uow: UnitOfWork,
    application_number: str | None,
    provider_number: str | None,
    caller: Caller,
    *,
    hold: bool = True,
    lock: bool = False,
) -> tuple[LoanCase, Application]:
    """
    Return the application that a caller means by one or both of its numbers, with its loan case.

    Source: STATUS "Statuswechsel"; A-02.

    Args:
        hold: Keeps the loan case from being deleted.
        lock: Holds the application too.

    Raises:
        ApplicationUnknown, ApplicationAmbiguous, NumbersDisagree: it is not clear which application is meant.
        LoanCaseDeleted, LoanCaseOutOfReach: the caller may not touch it.
    """
    number = application_number or _number_at_provider(uow, provider_number or "", caller)
    case = uow.loans.get(number.partition("/")[0], hold=hold) if is_application_number(number) else None
    application = None if case is None else uow.loans.application(case.tenant_id, number, lock=lock)
    if case is None or application is None:
        # Two numbers of which one is somebody's do not name the same application.
        if application_number and provider_number and _is_near(uow, provider_number, caller):
            raise NumbersDisagree
        raise ApplicationUnknown
    _refuse_touch(case, caller)
    # Only now: the answer tells something about the application.
    if provider_number is not None and provider_number != application.provider_number:
        raise NumbersDisagree
    return case, application


def _change_event(case: LoanCase, number: str, change: StatusChange, actor: Actor) -> AuditEvent:
    details: dict[str, str | int | bool | None] = {
        "produktanbieterstatus": change.provider_status,
        "antragstellerstatus": change.applicant_status,
        "kommentar": bool(change.comment),
        "hinweise": len(change.hints),
    }
    return AuditEvent(case.tenant_id, change.at_us, actor, "application.status changed", number, details)


def _find_at_provider(uow: UnitOfWork, provider_number: str, caller: Caller) -> tuple[Numbered, Numbered]:
    """Find the applications with a number at the Produktanbieter: all, and those in the caller's reach."""
    found = uow.loans.find_by_provider_number(provider_number) if is_provider_number(provider_number) else []
    return found, [(case, number) for case, number in found if caller.reach is None or case.tenant_id in caller.reach]


def _is_near(uow: UnitOfWork, provider_number: str, caller: Caller) -> bool:
    """Tell whether a number at the Produktanbieter names an application in the caller's reach."""
    return bool(_find_at_provider(uow, provider_number, caller)[1])


def _number_at_provider(uow: UnitOfWork, provider_number: str, caller: Caller) -> str:
    """Find the one application that a caller can mean by its number at the Produktanbieter."""
    found, near = _find_at_provider(uow, provider_number, caller)
    if not found:
        raise ApplicationUnknown
    active = [number for case, number in near if case.status is LoanCaseStatus.ACTIVE]
    if len(active) > 1:
        raise ApplicationAmbiguous
    # An application that was begun anew may keep its number: what is deleted is not meant as long as there is another.
    return active[0] if active else (near or found)[0][1]


def find_document(uow: UnitOfWork, case_number: str, sha256: bytes) -> Blob:
    """
    Return the content of a document by its SHA-256, for operators; a deleted loan case still shows its documents.

    Source: U-11; control-api.md "Admin API".

    Raises:
        LoanCaseUnknown, DocumentUnknown: there is no such document.
    """
    case = known_case(uow, case_number)
    blob_key = uow.loans.find_content(case.tenant_id, case_number, sha256)
    blob = None if blob_key is None else uow.blobs.get(case.tenant_id, blob_key)
    if blob is None:
        raise DocumentUnknown
    return blob


def read_loan_case(uow: UnitOfWork, case_number: str) -> LoanCaseRecord:
    """
    Return everything about a loan case, a deleted one included.

    Source: U-11, U-21, A-05, A-09; control-api.md "Admin API".

    Raises:
        LoanCaseUnknown: there is none with this number.
    """
    view = LoanCaseView(uow, known_case(uow, case_number))
    applications = [
        ApplicationRecord(
            application,
            tuple(view.history_of(application.application_number)),
            tuple(view.documents_of(application.application_number)),
        )
        for application in view.applications
    ]
    return LoanCaseRecord(view.case, tuple(view.comments), tuple(view.documents_of(None)), tuple(applications))


def export_loan_case(uow: UnitOfWork, case_number: str, *, caller: Caller) -> LoanCaseView:
    """
    Return a loan case to a partner's system, which then reads what it asks for.

    Source: public-facts.md "Europace KEX neighbours" (read); N-03, decision 43.

    Raises:
        LoanCaseUnknown, LoanCaseDeleted, LoanCaseOutOfReach: in this order.
    """
    return LoanCaseView(uow, reachable_case(uow, case_number, caller, hold=False))


def known_case(uow: UnitOfWork, case_number: str, *, hold: bool = False, lock: bool = False) -> LoanCase:
    """
    Return a loan case, a deleted one included.

    Raises:
        LoanCaseUnknown: there is none with this number.
    """
    case = uow.loans.get(case_number, hold=hold, lock=lock) if is_case_number(case_number) else None
    if case is None:
        raise LoanCaseUnknown
    return case


def reachable_case(uow: UnitOfWork, case_number: str, caller: Caller, *, hold: bool = True) -> LoanCase:
    """
    Return a loan case to which the caller may add; while it is held it cannot be deleted.

    Source: U-02, U-05; decisions 43 and "KEX" (order of checks).

    Raises:
        LoanCaseUnknown, LoanCaseDeleted, LoanCaseOutOfReach: in this order.
    """
    case = known_case(uow, case_number, hold=hold)
    _refuse_touch(case, caller)
    return case


def _refuse_touch(case: LoanCase, caller: Caller) -> None:
    if case.status is LoanCaseStatus.DELETED:
        raise LoanCaseDeleted
    if caller.reach is not None and case.tenant_id not in caller.reach:
        raise LoanCaseOutOfReach
