"""Pictures and documents that people and desks leave with an attempt; their contents lie in the blob store."""

from dataclasses import dataclass, replace
from typing import Final

from fallwerk.domain.audit.model import Actor, AuditEvent
from fallwerk.domain.document.model import Upload
from fallwerk.domain.errors import DomainError
from fallwerk.domain.identcase.attempt import RECORD_TYPES, Attempt, CaseFile, Record, Validation, ValidationStatus
from fallwerk.domain.identcase.errors import CaseClosed
from fallwerk.domain.identcase.lifecycle import Role, WantedStep
from fallwerk.domain.identcase.model import CaseStatus, IdentStatus, Method
from fallwerk.domain.identcase.service.attempts import MethodStep, open_case, save_file, take_method_step
from fallwerk.domain.unit_of_work import UnitOfWork

NEEDED: Final = ("idfrontside", "userface")
"""Without these there is nothing to review; a back is needed by cards only, which the portal knows and we do not."""
TAKES_PICTURES: Final = frozenset({IdentStatus.STARTED, IdentStatus.INCOMPLETE})


class NoOpenAttempt(DomainError):
    """There is no attempt by this method that could take a picture now."""


class PicturesMissing(DomainError):
    """Pictures that a reviewer needs are not there yet; `types` names them."""

    def __init__(self, types: tuple[str, ...]) -> None:
        super().__init__(types)
        self.types = types


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that was uploaded; checked and stripped of metadata already."""

    type: str
    """One of `attempt.RECORD_TYPES`."""
    mime_type: str
    upload: Upload


def keep_picture(
    uow: UnitOfWork, tenant_id: int, case_id: str, picture: Picture, *, actor: Actor, now_us: int
) -> CaseFile:
    """
    Keep a picture of the person's photo attempt until it is sent off; another one of its type that waits is replaced.

    Source: issue "photo". Call it from `store_content`, so that a refused picture leaves nothing behind.

    Raises:
        CaseUnknown: no such START case of this tenant.
        CaseClosed: it is too late.
        NoOpenAttempt: photo was not begun, or its pictures are under review.
    """
    file = open_case(uow, tenant_id, case_id, lock=True)
    attempt = _open_attempt(file, Method.PHOTO)
    if attempt.identification.status not in TAKES_PICTURES:
        raise NoOpenAttempt
    for record in file.records:
        if record.attempt == attempt.number and record.type == picture.type and not record.submitted:
            file = _removed(uow, file, record, now_us)
    record = _new_record(uow, picture, attempt, now_us)
    return _kept(uow, file, replace(record, submitted=False, validation=Validation()), actor, now_us)


def submit_pictures(uow: UnitOfWork, tenant_id: int, case_id: str, *, actor: Actor, now_us: int) -> CaseFile:
    """
    Send the kept pictures off for review: photo goes to `review pending`.

    After new ones were asked for, those that were not judged invalid still count.

    Raises:
        CaseUnknown: no such START case of this tenant.
        PicturesMissing: nothing was changed; `types` names what is missing.
        IllegalStep: they are under review already, or the case is closed.
    """
    file = open_case(uow, tenant_id, case_id, lock=True)
    step = MethodStep(Method.PHOTO, WantedStep(IdentStatus.REVIEW_PENDING), actor, Role.USER, now_us)
    attempt = file.latest(Method.PHOTO)
    if attempt is None or attempt.identification.status not in TAKES_PICTURES:
        return take_method_step(uow, file, step)
    own = [record for record in file.records if record.attempt == attempt.number]
    usable = {
        record.type for record in own if record.validation and record.validation.status is not ValidationStatus.INVALID
    }
    missing = tuple(kind for kind in NEEDED if kind not in usable)
    if missing:
        raise PicturesMissing(missing)
    sent = {record.record_id: replace(record, submitted=True) for record in own if not record.submitted}
    for record in sent.values():
        uow.records.save(tenant_id, case_id, record)
    records = tuple(sent.get(record.record_id, record) for record in file.records)
    return take_method_step(uow, replace(file, records=records), step)


def add_record(
    uow: UnitOfWork,
    tenant_id: int,
    case_id: str,
    picture: Picture,
    *,
    method: Method,
    actor: Actor,
    now_us: int,
) -> CaseFile:
    """
    Add a picture or document that a desk made to the open attempt of a method: a snapshot of the call, a signature.

    Raises:
        CaseUnknown: no such START case of this tenant.
        CaseClosed: it is too late.
        NoOpenAttempt: the method has no attempt that is open.
    """
    file = open_case(uow, tenant_id, case_id, lock=True)
    attempt = _open_attempt(file, method)
    return _kept(uow, file, _new_record(uow, picture, attempt, now_us), actor, now_us)


def attach(
    uow: UnitOfWork, file: CaseFile, method: Method, picture: Picture, *, validation: Validation | None, now_us: int
) -> CaseFile:
    """
    Add a picture to the open attempt of a method of a case that is locked already; the next step stores the result.

    Raises: as `add_record`.
    """
    record = replace(_new_record(uow, picture, _open_attempt(file, method), now_us), validation=validation)
    uow.records.save(file.case.tenant_id, file.case.case_id, record)
    return replace(file, records=(*file.records, record))


def release_records(uow: UnitOfWork, tenant_id: int, case_id: str, now_us: int) -> None:
    """Give back the contents of a case's records before the case is erased (D-50)."""
    for record in uow.records.of_case(tenant_id, case_id):
        uow.blobs.release(tenant_id, record.blob_key, now_us=now_us)


def _open_attempt(file: CaseFile, method: Method) -> Attempt:
    if file.case.status is CaseStatus.CLOSED:
        raise CaseClosed
    attempt = file.latest(method)
    if attempt is None or not attempt.open:
        raise NoOpenAttempt
    return attempt


def _new_record(uow: UnitOfWork, picture: Picture, attempt: Attempt, now_us: int) -> Record:
    if picture.type not in RECORD_TYPES:
        raise ValueError(f"{picture.type!r} is no type of record")
    return Record(
        record_id=uow.new_id(),
        attempt=attempt.number,
        type=picture.type,
        mime_type=picture.mime_type,
        blob_key=_referred(uow, picture.upload, now_us),
        size_bytes=picture.upload.size_bytes,
        created_us=now_us,
    )


def _referred(uow: UnitOfWork, upload: Upload, now_us: int) -> bytes:
    uow.blobs.add(upload, now_us=now_us)
    return upload.blob_key


def _removed(uow: UnitOfWork, file: CaseFile, record: Record, now_us: int) -> CaseFile:
    uow.records.remove(file.case.tenant_id, file.case.case_id, record.record_id)
    uow.blobs.release(file.case.tenant_id, record.blob_key, now_us=now_us)
    return replace(file, records=tuple(known for known in file.records if known.record_id != record.record_id))


def _kept(uow: UnitOfWork, file: CaseFile, record: Record, actor: Actor, now_us: int) -> CaseFile:
    tenant_id, case_id = file.case.tenant_id, file.case.case_id
    uow.records.save(tenant_id, case_id, record)
    file = replace(file, records=(*file.records, record))
    save_file(uow, file)
    details: dict[str, str | int | bool | None] = {"type": record.type, "record": record.record_id}
    uow.audit.add(AuditEvent(tenant_id, now_us, actor, "record.kept", case_id, {**details, "attempt": record.attempt}))
    return file
