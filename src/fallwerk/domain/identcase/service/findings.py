"""Recording what was found out about a person, and deciding on it: counter, agent, card, reviewer."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from fallwerk.domain.audit.model import Actor
from fallwerk.domain.errors import DomainError
from fallwerk.domain.identcase.attempt import (
    VALIDATION_SUB_STATUSES,
    AttemptDetails,
    CaseFile,
    Preliminary,
    Review,
    Validation,
    ValidationStatus,
)
from fallwerk.domain.identcase.lifecycle import Role, WantedStep
from fallwerk.domain.identcase.methods_codes import PICTURES_WANTED
from fallwerk.domain.identcase.model import DrivingLicence, IdentityDocument, IdentStatus, Method
from fallwerk.domain.identcase.service.attempts import MethodStep, open_case, take_method_step
from fallwerk.domain.unit_of_work import UnitOfWork


class ValidationIncomplete(DomainError):
    """A judgement names a picture that is not under review, or does not say why a picture is invalid."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What the one who looked found out; what is None or empty leaves what is known already."""

    identity_document: IdentityDocument | None = None
    driving_licence: DrivingLicence | None = None
    preliminary: Preliminary | None = None
    """Video: what the agent thinks, for the reviewer; the person does not hear of it (S-46)."""
    reviews: tuple[Review, ...] = ()
    service_center: str = ""
    agent_alias: str = ""
    recording_accepted_us: int | None = None
    tan_channel: str = ""
    """`sms` or `email`."""
    dkk: str = ""

    def into(self, details: AttemptDetails) -> AttemptDetails:
        """Add the findings to an attempt's details."""
        return replace(
            details,
            identity_document=self.identity_document or details.identity_document,
            driving_licence=self.driving_licence or details.driving_licence,
            preliminary=self.preliminary or details.preliminary,
            reviews=self.reviews or details.reviews,
            service_center=self.service_center or details.service_center,
            agent_alias=self.agent_alias or details.agent_alias,
            recording_accepted_us=(
                details.recording_accepted_us if self.recording_accepted_us is None else self.recording_accepted_us
            ),
            tan_channel=self.tan_channel or details.tan_channel,
            dkk=self.dkk or details.dkk,
        )


NOTHING = Findings()


def record_result(
    uow: UnitOfWork,
    tenant_id: int,
    case_id: str,
    *,
    method: Method,
    step: WantedStep,
    findings: Findings = NOTHING,
    actor: Actor,
    role: Role,
    now_us: int,
) -> CaseFile:
    """
    Record what came of an identification, with what was found out.

    Source: S-46 to S-48; decisions.md "Life cycle of the other methods"; codes in `methods_codes`.

    * Counter (`Role.POST_OFFICE`, basic): `success`, `declined` 9010, `incomplete` 9020.
    * Agent (`Role.AGENT`, video): `review pending` with `findings.preliminary`, or `incomplete` 9030. The actor is kept
      with the attempt: nobody but another one may decide on it. A call that breaks off is `Role.SYSTEM`'s `incomplete`.
    * Card (`Role.CARD`, eid): `success`, `declined` 9060, `incomplete` 9050.

    Raises:
        CaseUnknown: no such START case of this tenant.
        IllegalStep: nothing was changed; also for a case that was closed meanwhile.
        TanMissing: nothing was changed.
    """
    file = open_case(uow, tenant_id, case_id, lock=True)
    return take_method_step(uow, file, MethodStep(method, step, actor, role, now_us, findings.into))


def decide(
    uow: UnitOfWork,
    tenant_id: int,
    case_id: str,
    *,
    method: Method,
    step: WantedStep,
    findings: Findings = NOTHING,
    validations: Mapping[int, Validation] | None = None,
    actor: Actor,
    now_us: int,
) -> CaseFile:
    """
    Decide as a reviewer on what waits for it: `success`, `declined` 9010, and for photo `incomplete` 9040.

    Source: S-46, W-05; public-facts.md "Photo records".

    Args:
        findings: Photo: what the reviewer read from the pictures; video: corrections of what the agent recorded.
        validations: By record id: what the reviewer thinks of the pictures of this attempt.

    Raises:
        CaseUnknown: no such START case of this tenant.
        IllegalStep: nothing was changed.
        RecordedBySameActor: the one who recorded it cannot decide on it; nothing was changed.
        TanMissing: nothing was changed.
        ValidationIncomplete: nothing was changed.
    """
    file = open_case(uow, tenant_id, case_id, lock=True)
    if validations:
        file = _judged(uow, file, method, validations)
    return take_method_step(uow, file, MethodStep(method, step, actor, Role.REVIEWER, now_us, findings.into))


def ask_for_pictures(
    uow: UnitOfWork,
    tenant_id: int,
    case_id: str,
    reason: int,
    *,
    validations: Mapping[int, Validation],
    actor: Actor,
    now_us: int,
) -> CaseFile:
    """
    Ask the person for new pictures: photo goes from `review pending` to `incomplete` with a reason of 9040.

    Raises: as `decide`.
    """
    step = WantedStep(IdentStatus.INCOMPLETE, PICTURES_WANTED, reason)
    return decide(
        uow,
        tenant_id,
        case_id,
        method=Method.PHOTO,
        step=step,
        validations=validations,
        actor=actor,
        now_us=now_us,
    )


def _judged(uow: UnitOfWork, file: CaseFile, method: Method, validations: Mapping[int, Validation]) -> CaseFile:
    attempt = file.latest(method)
    pictures = {} if attempt is None else {record.record_id: record for record in file.records_of(attempt.number)}
    changed = {}
    for record_id, validation in validations.items():
        record = pictures.get(record_id)
        if record is None or record.validation is None or not _is_complete(validation):
            raise ValidationIncomplete
        changed[record_id] = replace(record, validation=validation)
        uow.records.save(file.case.tenant_id, file.case.case_id, changed[record_id])
    return replace(file, records=tuple(changed.get(record.record_id, record) for record in file.records))


def _is_complete(validation: Validation) -> bool:
    """An invalid picture needs a reason of the list, every other one must have none."""
    if validation.status is ValidationStatus.INVALID:
        return validation.sub_status in VALIDATION_SUB_STATUSES
    return validation.sub_status == ""
