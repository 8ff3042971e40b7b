"""Playing a step of basic, video, photo or eid: pictures first, then everything in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from starlette.concurrency import run_in_threadpool

from fallwerk.domain.audit.model import Actor
from fallwerk.domain.document.ports import BlobStore
from fallwerk.domain.errors import DomainError
from fallwerk.domain.identcase.attempt import AttemptDetails, CaseFile, Record, Validation, ValidationStatus
from fallwerk.domain.identcase.errors import CaseUnknown
from fallwerk.domain.identcase.lifecycle import WantedStep
from fallwerk.domain.identcase.methods_lifecycle import role_for
from fallwerk.domain.identcase.model import CaseStatus, IdentStatus, Method
from fallwerk.domain.identcase.service.attempts import MethodNotOffered, MethodStep, open_case, take_method_step
from fallwerk.domain.identcase.service.pictures import Picture, attach
from fallwerk.domain.sandbox.ports import SandboxStore, SandboxUnit
from fallwerk.own.sandbox.errors import case_unknown, not_a_start_case
from fallwerk.sim import methods
from fallwerk.sim.pictures import MIME_TYPE, sample_picture


@dataclass(frozen=True, slots=True)
class _Call:
    """What is to be played, with what was prepared for it."""

    wanted: methods.Simulation
    uploads: Sequence[Picture]
    """What was uploaded for this call."""
    address: str
    now_us: int


async def play_method(
    store: SandboxStore, blobs: BlobStore, case_id: str, wanted: methods.Simulation, *, address: str, now_us: int
) -> bytes:
    """
    Play one step, and the way to it if the method was never begun; return the case's result.

    Raises:
        Problem: 404, no such case of START.
        IllegalStep: nothing was changed; so for the following one.
        MethodNotOffered: the account does not offer the method.
    """
    file = await store.read(lambda uow: _file(uow, case_id, lock=False))
    uploads: list[Picture] = []
    try:
        for step in methods.way(file, wanted):
            for kind in methods.pictures_of(file, wanted, step):
                content = await run_in_threadpool(sample_picture, kind)
                uploads.append(Picture(kind, MIME_TYPE, await blobs.upload(file.case.tenant_id, content)))
        call = _Call(wanted, uploads, address, now_us)
        return await store.write(lambda uow: _play(uow, case_id, call))
    except DomainError:
        for picture in uploads:
            await blobs.delete(picture.upload.object_id)
        raise


def _file(uow: SandboxUnit, case_id: str, *, lock: bool) -> CaseFile:
    tenant_id = uow.cases.find_tenant(case_id)
    if tenant_id is None:
        raise case_unknown()
    try:
        return open_case(uow, tenant_id, case_id, lock=lock)
    except CaseUnknown:
        raise not_a_start_case() from None


def _play(uow: SandboxUnit, case_id: str, call: _Call) -> bytes:
    file, method = _file(uow, case_id, lock=True), call.wanted.method
    if file.latest(method) is None and method not in file.client.settings.methods:
        raise MethodNotOffered
    for step in methods.way(file, call.wanted):
        file = _stepped(uow, file, call, step)
    return uow.result_of(file)


def _stepped(uow: SandboxUnit, file: CaseFile, call: _Call, step: WantedStep) -> CaseFile:
    """Take one step as whoever takes it in reality."""
    method = call.wanted.method
    attempt = file.latest(method)
    if attempt is not None and attempt.open and file.case.status is not CaseStatus.CLOSED:
        if methods.pictures_of(file, call.wanted, step):
            file = _with_pictures(uow, file, call)
        elif method is Method.PHOTO:
            file = _judged(uow, file, attempt.number, step)
    role = role_for(method, None if attempt is None else attempt.identification, step)
    actor = Actor(f"sandbox:{role.value}" if role else "sandbox", call.address)

    def edit(details: AttemptDetails) -> AttemptDetails:
        return methods.played(file, call.wanted, step, details, call.now_us)

    return take_method_step(uow, file, MethodStep(method, step, actor, None, call.now_us, edit))


def _with_pictures(uow: SandboxUnit, file: CaseFile, call: _Call) -> CaseFile:
    method = call.wanted.method
    validation = Validation() if method is Method.PHOTO else None
    for picture in call.uploads:
        file = attach(uow, file, method, picture, validation=validation, now_us=call.now_us)
    return file


def _judged(uow: SandboxUnit, file: CaseFile, number: int, step: WantedStep) -> CaseFile:
    """Judge the pictures as a reviewer would who takes this step."""
    changed: list[Record] = []
    for record in file.records:
        judged = record
        if record.attempt == number and record.validation == Validation():
            judged = replace(record, validation=_judgement(record, step))
            uow.records.save(file.case.tenant_id, file.case.case_id, judged)
        changed.append(judged)
    return replace(file, records=tuple(changed))


def _judgement(record: Record, step: WantedStep) -> Validation:
    if step.status is IdentStatus.SUCCESS:
        return Validation(ValidationStatus.VALID)
    if step.status is IdentStatus.INCOMPLETE and record.type == "idfrontside":
        return Validation(ValidationStatus.INVALID, "too blurry", "Played by the sandbox")
    return Validation()
