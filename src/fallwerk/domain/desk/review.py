"""The reviewer's desk: what agents and people left for a second pair of eyes (W-05)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fallwerk.domain.audit.model import Actor
from fallwerk.domain.desk.delivery import find_case
from fallwerk.domain.desk.errors import AtAnotherDesk, Outdated
from fallwerk.domain.document.model import Blob
from fallwerk.domain.identcase.attempt import Attempt, CaseFile, Record, Validation
from fallwerk.domain.identcase.errors import CaseUnknown
from fallwerk.domain.identcase.lifecycle import LegalStep, Role, WantedStep
from fallwerk.domain.identcase.methods_lifecycle import legal_steps
from fallwerk.domain.identcase.model import IdentityDocument, IdentStatus, Method
from fallwerk.domain.identcase.service.attempts import open_case
from fallwerk.domain.identcase.service.findings import Findings, decide
from fallwerk.domain.unit_of_work import UnitOfWork

REVIEWED: Final = (Method.PHOTO, Method.VIDEO)


@dataclass(frozen=True, slots=True)
class ReviewCard:
    """What a reviewer decides on."""

    file: CaseFile
    attempt: Attempt
    records: tuple[Record, ...]
    steps: tuple[LegalStep, ...]
    own: bool
    """The reviewer recorded it: somebody else must decide."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a reviewer decides."""

    method: Method
    step: WantedStep
    document: IdentityDocument | None
    validations: Mapping[int, Validation]
    seen_us: int
    actor: Actor
    now_us: int


def review_card(uow: UnitOfWork, case_id: str, method: Method, actor: Actor, reach: int | None) -> ReviewCard:
    """
    Return what waits for a decision.

    Raises:
        CaseUnknown: no such case in reach.
        AtAnotherDesk: nothing of it waits here.
    """
    file = open_case(uow, find_case(uow, case_id, reach), case_id)
    attempt = _pending(file, method)
    return ReviewCard(
        file=file,
        attempt=attempt,
        records=file.records_of(attempt.number),
        steps=legal_steps(method, attempt.identification, case_status=file.case.status, actor=Role.REVIEWER),
        own=attempt.details.recorded_by == actor.name,
    )


def decide_at_desk(uow: UnitOfWork, case_id: str, decision: Decision, reach: int | None) -> None:
    """
    Decide on what waits.

    Raises:
        CaseUnknown, AtAnotherDesk, Outdated, IllegalStep, RecordedBySameActor, TanMissing, ValidationIncomplete:
            nothing was changed.
    """
    tenant_id = find_case(uow, case_id, reach)
    file = open_case(uow, tenant_id, case_id, lock=True)
    if _pending(file, decision.method).identification.modified_us != decision.seen_us:
        raise Outdated
    decide(
        uow,
        tenant_id,
        case_id,
        method=decision.method,
        step=decision.step,
        findings=Findings(identity_document=decision.document),
        validations=decision.validations,
        actor=decision.actor,
        now_us=decision.now_us,
    )


def picture_of(uow: UnitOfWork, case_id: str, record_id: int, reach: int | None) -> tuple[Record, Blob]:
    """
    Return a picture of a case that waits for review.

    Raises:
        CaseUnknown: no such picture, or nothing that waits.
    """
    file = open_case(uow, find_case(uow, case_id, reach), case_id)
    waiting = {a.number for a in file.attempts if a.identification.status is IdentStatus.REVIEW_PENDING}
    for record in file.records:
        if record.record_id == record_id and record.submitted and record.attempt in waiting:
            blob = uow.blobs.get(file.case.tenant_id, record.blob_key)
            if blob is not None:
                return record, blob
    raise CaseUnknown


def _pending(file: CaseFile, method: Method) -> Attempt:
    attempt = file.latest(method)
    if attempt is None or attempt.identification.status is not IdentStatus.REVIEW_PENDING:
        raise AtAnotherDesk(file.case.case_id, attempt.identification.status if attempt else None)
    return attempt
