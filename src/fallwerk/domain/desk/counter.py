"""The post-office counter: finding what a coupon is about, recording what the document says (S-47, W-05)."""

import re
from dataclasses import dataclass
from typing import Final

from fallwerk.domain.account.model import ScrClient
from fallwerk.domain.audit.model import Actor
from fallwerk.domain.coupon.scan import parse_scan, scanned_case
from fallwerk.domain.desk.delivery import find_case
from fallwerk.domain.desk.errors import Outdated
from fallwerk.domain.desk.licence import insist_on_licence, is_licence_wanted
from fallwerk.domain.identcase.attempt import Attempt, CaseFile
from fallwerk.domain.identcase.errors import CaseUnknown
from fallwerk.domain.identcase.lifecycle import LegalStep, Role, WantedStep
from fallwerk.domain.identcase.methods_lifecycle import beginning, is_open, legal_steps
from fallwerk.domain.identcase.model import (
    CaseId,
    CaseKind,
    CaseOrder,
    CaseStatus,
    DrivingLicence,
    IdentityDocument,
    IdentStatus,
    Method,
)
from fallwerk.domain.identcase.plan import plan_case
from fallwerk.domain.identcase.service.attempts import MethodNotOffered, begin_attempt, open_case
from fallwerk.domain.identcase.service.findings import Findings, record_result
from fallwerk.domain.identcase.service.start import start_case
from fallwerk.domain.unit_of_work import UnitOfWork

_REFERENCE: Final = re.compile(r"[0-9A-Za-z._-]{1,14}")
_CASE_ID_LENGTH: Final = 12


@dataclass(frozen=True, slots=True)
class Looked:
    """What a reference that was typed or scanned leads to; one of the fields is filled."""

    case_id: str = ""
    """A case of START."""
    letter: str = ""
    """A letter of the delivery that waits here."""
    reference_id: str = ""
    """Nobody knows it: a new case can be opened at one of `clients` (S-47)."""
    clients: tuple[ScrClient, ...] = ()
    reason: str = ""
    """Why it leads nowhere: `malformed`, `accounting_needed`, `accounting_unknown`."""


@dataclass(frozen=True, slots=True)
class CounterCase:
    """A case as the counter works on it."""

    file: CaseFile
    attempt: Attempt | None
    """The open attempt by basic, None if there is none."""
    seen_us: int
    steps: tuple[LegalStep, ...]
    """What the counter can record; empty in a case that is closed or takes no basic."""


@dataclass(frozen=True, slots=True)
class CounterResult:
    """What came of an identification at the counter."""

    step: WantedStep
    document: IdentityDocument | None
    licence: DrivingLicence | None
    """Kept where the account has it looked at, otherwise nobody asked for it."""
    seen_us: int
    actor: Actor
    now_us: int


def look_up(uow: UnitOfWork, written: str, accounting_number: str, reach: int | None) -> Looked:
    """
    Find what a coupon is about, by its scan, its case number, or its reference with the accounting number.

    Source: S-47, S-62. What is another tenant's does not exist (C-03).
    """
    scan = parse_scan(written)
    if scan is not None:
        case = scanned_case(uow, scan)
        if case is not None and reach in {None, case.tenant_id}:
            return _known(case.case_id, case.kind)
        return _by_reference(uow, scan.reference_id, scan.accounting_number, reach)
    case_id = "".join(written.split()).replace("-", "").upper()
    tenant_id = uow.cases.find_tenant(case_id) if len(case_id) == _CASE_ID_LENGTH else None
    if tenant_id is not None and reach in {None, tenant_id}:
        head = uow.cases.head(tenant_id, case_id)
        if head is not None:
            return _known(case_id, head.kind)
    return _by_reference(uow, written.strip(), accounting_number.strip(), reach)


def _by_reference(uow: UnitOfWork, reference_id: str, accounting_number: str, reach: int | None) -> Looked:
    if not _REFERENCE.fullmatch(reference_id):
        return Looked(reason="malformed")
    if not accounting_number:
        return Looked(reason="accounting_needed")
    clients = tuple(
        client
        for client in uow.desks.clients_of_accounting(accounting_number)
        if reach in {None, client.tenant_id} and Method.BASIC in client.settings.methods
    )
    for client in clients:
        case = uow.desks.by_reference(client.tenant_id, reference_id)
        if case is not None:
            return _known(case.case_id, case.kind)
    return Looked(reference_id=reference_id, clients=clients) if clients else Looked(reason="accounting_unknown")


def _known(case_id: str, kind: CaseKind) -> Looked:
    return Looked(letter=case_id) if kind is CaseKind.DELIVERY else Looked(case_id=case_id)


def counter_case(uow: UnitOfWork, case_id: str, reach: int | None, now_us: int) -> CounterCase:
    """
    Return a case of START for the counter.

    Raises:
        CaseUnknown: there is none in reach.
    """
    file = open_case(uow, find_case(uow, case_id, reach), case_id)
    attempt = file.latest(Method.BASIC)
    over = file.case.status is CaseStatus.CLOSED or now_us >= file.case.valid_until_us
    offered = Method.BASIC in file.client.settings.methods
    current = attempt.identification if attempt is not None and is_open(attempt.identification) else None
    status = CaseStatus.CLOSED if over or not offered else file.case.status
    # Somebody without a coupon of ours is served as well: the counter begins the attempt that it records.
    before = current or beginning(Method.BASIC, now_us)
    steps = legal_steps(Method.BASIC, before, case_status=status, actor=Role.POST_OFFICE)
    return CounterCase(
        file=file,
        attempt=attempt if current else None,
        seen_us=current.modified_us if current else 0,
        steps=tuple(step for step in steps if step.status is not IdentStatus.STARTED),
    )


def record_at_counter(uow: UnitOfWork, case_id: str, result: CounterResult, reach: int | None) -> None:
    """
    Record what came of an identification at the counter, beginning the attempt where there is none.

    Raises:
        CaseUnknown, CaseClosed, MethodNotOffered, Outdated, IllegalStep, LicenceMissing: nothing was changed.
    """
    tenant_id = find_case(uow, case_id, reach)
    shown = counter_case(uow, case_id, reach, result.now_us)
    if shown.seen_us != result.seen_us:
        raise Outdated
    _record(uow, shown.file.client, tenant_id, case_id, result)


def open_at_counter(
    uow: UnitOfWork, client_id: str, reference_id: str, result: CounterResult, reach: int | None
) -> CaseId:
    """
    Open a new case for a reference that nobody knows, and record what came of the identification.

    Source: S-47. There is no order that could name a webhook; the client reads the result like any other.

    Returns:
        The new case's id.

    Raises:
        CaseUnknown: no such client in reach.
        MethodNotOffered, ReferenceIdTaken, IllegalStep, LicenceMissing: nothing was changed.
    """
    client = uow.accounts.scr_client(client_id)
    if client is None or reach not in {None, client.tenant_id} or not _REFERENCE.fullmatch(reference_id):
        raise CaseUnknown
    if Method.BASIC not in client.settings.methods:
        raise MethodNotOffered
    order = CaseOrder(reference_id=reference_id)
    new = plan_case(order, client=client, kind=CaseKind.START, actor=result.actor, now_us=result.now_us)
    case_id = start_case(uow, new).case_id
    _record(uow, client, client.tenant_id, case_id, result)
    return case_id


def _record(uow: UnitOfWork, client: ScrClient, tenant_id: int, case_id: str, result: CounterResult) -> None:
    role = Role.POST_OFFICE
    insist_on_licence(client.settings, result.step, result.licence)
    licence = result.licence if is_licence_wanted(client.settings) else None
    begin_attempt(uow, tenant_id, case_id, Method.BASIC, actor=result.actor, role=role, now_us=result.now_us)
    record_result(
        uow,
        tenant_id,
        case_id,
        method=Method.BASIC,
        step=result.step,
        findings=Findings(identity_document=result.document, driving_licence=licence),
        actor=result.actor,
        role=role,
        now_us=result.now_us,
    )
