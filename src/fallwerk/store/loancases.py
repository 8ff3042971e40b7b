"""Loan cases with applications, comments and documents; texts, file names and hashes sealed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy import bindparam, func, select, update

from fallwerk.domain.loancase.model import (
    ApplicantStatus,
    Application,
    Comment,
    Document,
    Environment,
    ImportedData,
    LoanCase,
    LoanCaseStatus,
    NewDocument,
    ProviderStatus,
    StatusChange,
)
from fallwerk.store.loan_tables import (
    loan_application,
    loan_case,
    loan_comment,
    loan_directory,
    loan_document,
    loan_status_change,
)
from fallwerk.store.rows import insert_rows
from fallwerk.store.statements import insert_new

if TYPE_CHECKING:
    from fallwerk.store.unit import Unit

_d: Final = loan_directory.c
_l: Final = loan_case.c
_a: Final = loan_application.c
_s: Final = loan_status_change.c
_o: Final = loan_comment.c
_f: Final = loan_document.c

# The directory says whose a number is; the case itself lies with its tenant.
_CASE: Final = (
    select(loan_case)
    .select_from(loan_directory.join(loan_case, (_l.tenant_id == _d.tenant_id) & (_l.case_number == _d.case_number)))
    .where(_d.case_number == bindparam("number"))
)
_CASE_HELD: Final = _CASE.with_for_update(read=True, of=loan_case)
_CASE_LOCKED: Final = _CASE.with_for_update(of=loan_case)
_IMPORTED: Final = select(_l.data_sealed).where(
    _l.tenant_id == bindparam("tenant"), _l.case_number == bindparam("number")
)
_SAVE_CASE: Final = (
    update(loan_case)
    .where(_l.tenant_id == bindparam("tenant"), _l.case_number == bindparam("number"))
    .values(status=bindparam("new_status"), modified_us=bindparam("now_us"), deleted_us=bindparam("ended_us"))
)
_OF_A_CASE: Final = (
    select(loan_application)
    .where(_a.tenant_id == bindparam("tenant"), _a.case_number == bindparam("number"))
    .order_by(_a.created_us, func.length(_a.application_number), _a.application_number)
)
_ONE_KEY: Final = (_a.tenant_id == bindparam("tenant"), _a.application_number == bindparam("number"))
_ONE: Final = select(loan_application).where(*_ONE_KEY)
_ONE_LOCKED: Final = _ONE.with_for_update()
_SAVE_ONE: Final = (
    update(loan_application)
    .where(*_ONE_KEY)
    .values(
        provider_status=bindparam("provider"), applicant_status=bindparam("applicant"), modified_us=bindparam("now_us")
    )
)
_BY_PROVIDER_NUMBER: Final = (
    select(loan_case, _a.application_number)
    .select_from(loan_application.join(loan_case, (_l.tenant_id == _a.tenant_id) & (_l.case_number == _a.case_number)))
    .where(_a.provider_number == bindparam("number"))
    .order_by(_a.created_us, _a.application_number)
)
_HISTORIES: Final = (
    select(loan_status_change)
    .where(
        _s.tenant_id == bindparam("tenant"),
        _s.application_number.in_(
            select(_a.application_number).where(
                _a.tenant_id == bindparam("tenant"), _a.case_number == bindparam("number")
            )
        ),
    )
    .order_by(_s.application_number, _s.change_id)
)
_LAST_CHANGE: Final = select(func.max(_s.change_id)).where(
    _s.tenant_id == bindparam("tenant"), _s.application_number == bindparam("number")
)
_COMMENTS: Final = (
    select(loan_comment)
    .where(_o.tenant_id == bindparam("tenant"), _o.case_number == bindparam("number"))
    .order_by(_o.at_us, _o.comment_id)
)
_DOCUMENTS: Final = (
    select(loan_document)
    .where(_f.tenant_id == bindparam("tenant"), _f.case_number == bindparam("number"))
    .order_by(_f.at_us, _f.document_id)
)
_CONTENT: Final = (
    select(_f.blob_key)
    .where(
        _f.tenant_id == bindparam("tenant"),
        _f.case_number == bindparam("number"),
        _f.blob_key == bindparam("content"),
    )
    .limit(1)
)


class LoanCases:
    """See `domain.loancase.ports.LoanCaseRepository`."""

    def __init__(self, unit: "Unit") -> None:
        self._unit = unit

    def get(self, case_number: str, *, hold: bool = False, lock: bool = False) -> LoanCase | None:
        """Return a case; SQLite has one writer anyway."""
        statement = _CASE_LOCKED if lock else _CASE_HELD if hold else _CASE
        row = self._unit.execute(statement, {"number": case_number}).one_or_none()
        return None if row is None else _case(row)

    def latest(self, reach: frozenset[int] | None, limit: int) -> list[LoanCase]:
        """Return the cases of some tenants, newest first."""
        columns = loan_case.c
        statement = select(loan_case).order_by(columns.created_us.desc(), columns.case_number).limit(limit)
        if reach is not None:
            statement = statement.where(columns.tenant_id.in_(sorted(reach)))
        return [_case(row) for row in self._unit.execute(statement).all()]

    def add(self, case: LoanCase, imported: ImportedData | None = None) -> bool:
        """Store a new case; False if its number is taken anywhere."""
        entry = {"case_number": case.case_number, "tenant_id": case.tenant_id}
        if not insert_new(self._unit, loan_directory, entry):
            return False
        row = (
            case.tenant_id,
            case.case_number,
            case.status.value,
            case.environment.value,
            None if imported is None else self._unit.sealer.seal(_import_bytes(imported), _import_context(case)),
            case.created_us,
            case.modified_us,
            case.deleted_us,
        )
        insert_rows(self._unit, loan_case, [row])
        return True

    def imported(self, case: LoanCase) -> ImportedData | None:
        """Return what a case was opened with."""
        values = {"tenant": case.tenant_id, "number": case.case_number}
        sealed = self._unit.execute(_IMPORTED, values).scalar()
        if sealed is None:
            return None
        applicant_id, _, request = self._unit.sealer.open(bytes(sealed), _import_context(case)).partition(b"\n")
        return ImportedData(applicant_id.decode(), request)

    def save_status(self, case: LoanCase) -> None:
        """Store a case's status."""
        values = {
            "tenant": case.tenant_id,
            "number": case.case_number,
            "new_status": case.status.value,
            "now_us": case.modified_us,
            "ended_us": case.deleted_us,
        }
        self._unit.execute(_SAVE_CASE, values)

    def application(self, tenant_id: int, application_number: str, *, lock: bool = False) -> Application | None:
        """Return an application."""
        values = {"tenant": tenant_id, "number": application_number}
        row = self._unit.execute(_ONE_LOCKED if lock else _ONE, values).one_or_none()
        return None if row is None else _application(row)

    def applications_of(self, tenant_id: int, case_number: str) -> list[Application]:
        """Return a case's applications, oldest first."""
        rows = self._unit.execute(_OF_A_CASE, {"tenant": tenant_id, "number": case_number}).all()
        return [_application(row) for row in rows]

    def find_by_provider_number(self, provider_number: str) -> list[tuple[LoanCase, str]]:
        """Return the cases of all applications with this number, each with the application's own number."""
        rows = self._unit.execute(_BY_PROVIDER_NUMBER, {"number": provider_number}).all()
        return [(_case(row), row.application_number) for row in rows]

    def add_application(self, application: Application) -> None:
        """Store a new application."""
        row = (
            application.tenant_id,
            application.application_number,
            application.case_number,
            application.provider_number,
            application.provider_status.value,
            application.applicant_status.value,
            application.created_us,
            application.modified_us,
        )
        insert_rows(self._unit, loan_application, [row])

    def save_statuses(self, application: Application) -> None:
        """Store an application's statuses."""
        values = {
            "tenant": application.tenant_id,
            "number": application.application_number,
            "provider": application.provider_status.value,
            "applicant": application.applicant_status.value,
            "now_us": application.modified_us,
        }
        self._unit.execute(_SAVE_ONE, values)

    def add_change(self, application: Application, change: StatusChange) -> None:
        """Append to an application's history; its lock makes the next number nobody else's."""
        tenant_id, number = application.tenant_id, application.application_number
        last = self._unit.execute(_LAST_CHANGE, {"tenant": tenant_id, "number": number}).scalar()
        change_id = (last or 0) + 1
        note = None
        if change.comment or change.hints:
            content = orjson.dumps({"comment": change.comment, "hints": change.hints})
            note = self._unit.sealer.seal(content, _note_context(tenant_id, number, change_id))
        row = (
            tenant_id,
            number,
            change_id,
            change.at_us,
            change.actor,
            change.provider_status,
            change.applicant_status,
            note,
        )
        insert_rows(self._unit, loan_status_change, [row])

    def histories(self, tenant_id: int, case_number: str) -> dict[str, list[StatusChange]]:
        """Return the histories of a case's applications by their numbers."""
        found: dict[str, list[StatusChange]] = {}
        for row in self._unit.execute(_HISTORIES, {"tenant": tenant_id, "number": case_number}).all():
            found.setdefault(row.application_number, []).append(self._change(row))
        return found

    def _change(self, row: Any) -> StatusChange:  # noqa: ANN401 - a row of the table
        note = {"comment": "", "hints": ()}
        if row.note_sealed is not None:
            context = _note_context(row.tenant_id, row.application_number, row.change_id)
            note = orjson.loads(self._unit.sealer.open(bytes(row.note_sealed), context))
        return StatusChange(
            row.at_us,
            row.actor,
            None if row.provider_status is None else ProviderStatus(row.provider_status),
            None if row.applicant_status is None else ApplicantStatus(row.applicant_status),
            str(note["comment"]),
            tuple(note["hints"]),
            row.change_id,
        )

    def add_comments(self, tenant_id: int, case_number: str, comments: Sequence[Comment]) -> None:
        """Append comments in their order."""
        rows = []
        for comment in comments:
            comment_id = self._unit.new_id()
            sealed = self._unit.sealer.seal(comment.text.encode(), _comment_context(tenant_id, comment_id))
            rows.append((tenant_id, case_number, comment_id, comment.at_us, comment.actor, sealed))
        insert_rows(self._unit, loan_comment, rows)

    def comments(self, tenant_id: int, case_number: str) -> list[Comment]:
        """Return a case's comments, oldest first."""
        rows = self._unit.execute(_COMMENTS, {"tenant": tenant_id, "number": case_number}).all()
        return [
            Comment(
                row.at_us,
                row.actor,
                self._unit.sealer.open(
                    bytes(row.text_sealed), _comment_context(row.tenant_id, row.comment_id)
                ).decode(),
            )
            for row in rows
        ]

    def add_document(self, case: LoanCase, document: NewDocument, *, at_us: int, actor: str) -> bool:
        """Append a document; the unique index lets an application have one name, comment and content once."""
        document_id = self._unit.new_id()
        meta: dict[str, Any] = {"fileName": document.file_name, "sha256": document.sha256}
        find_duplicate = None
        if document.application_number is not None:
            meta |= {"comment": document.comment, "tags": document.tags}
            find_duplicate = self._unit.hashes.request(_sameness(case, document))
        row = (
            case.tenant_id,
            case.case_number,
            document_id,
            document.application_number,
            at_us,
            actor,
            document.size_bytes,
            document.blob_key,
            find_duplicate,
            self._unit.sealer.seal(orjson.dumps(meta), _document_context(case.tenant_id, document_id)),
        )
        if find_duplicate is None:
            insert_rows(self._unit, loan_document, [row])
            return True
        return insert_new(self._unit, loan_document, dict(zip(_f.keys(), row, strict=True)))

    def documents(self, tenant_id: int, case_number: str) -> list[Document]:
        """Return the documents of a case and of its applications, oldest first."""
        rows = self._unit.execute(_DOCUMENTS, {"tenant": tenant_id, "number": case_number}).all()
        return [self._document(row) for row in rows]

    def _document(self, row: Any) -> Document:  # noqa: ANN401 - a row of the table
        context = _document_context(row.tenant_id, row.document_id)
        meta = orjson.loads(self._unit.sealer.open(bytes(row.meta_sealed), context))
        return Document(
            row.at_us,
            row.actor,
            meta["fileName"],
            row.size_bytes,
            meta["sha256"],
            bytes(row.blob_key),
            row.application_number,
            meta.get("comment", ""),
            tuple(meta.get("tags", ())),
        )

    def find_content(self, tenant_id: int, case_number: str, sha256: bytes) -> bytes | None:
        """Return the blob key of a case's document with this content."""
        content = self._unit.hashes.content(tenant_id, sha256)
        values = {"tenant": tenant_id, "number": case_number, "content": content}
        found = self._unit.execute(_CONTENT, values).scalar()
        return None if found is None else bytes(found)


def _case(row: Any) -> LoanCase:  # noqa: ANN401 - a row of the table
    return LoanCase(
        row.tenant_id,
        row.case_number,
        LoanCaseStatus(row.status),
        Environment(row.environment),
        row.created_us,
        row.modified_us,
        row.deleted_us,
    )


def _application(row: Any) -> Application:  # noqa: ANN401 - a row of the table
    return Application(
        row.tenant_id,
        row.application_number,
        row.case_number,
        row.provider_number,
        ProviderStatus(row.provider_status),
        ApplicantStatus(row.applicant_status),
        row.created_us,
        row.modified_us,
    )


def _import_bytes(imported: ImportedData) -> bytes:
    """Join what belongs together without touching the request: it stays as its sender wrote it."""
    return imported.applicant_id.encode() + b"\n" + imported.request


def _import_context(case: LoanCase) -> bytes:
    return f"loan case|{case.tenant_id}|{case.case_number}".encode()


def _sameness(case: LoanCase, document: NewDocument) -> bytes:
    """Tell what makes two documents of an application the same one (N-02)."""
    parts = [document.application_number, document.file_name, document.comment, document.sha256]
    return b"application document|%d|%b" % (case.tenant_id, orjson.dumps(parts))


def _note_context(tenant_id: int, application_number: str, change_id: int) -> bytes:
    return f"note|{tenant_id}|{application_number}|{change_id}".encode()


def _comment_context(tenant_id: int, comment_id: int) -> bytes:
    return b"comment|%d|%d" % (tenant_id, comment_id)


def _document_context(tenant_id: int, document_id: int) -> bytes:
    return b"document|%d|%d" % (tenant_id, document_id)
