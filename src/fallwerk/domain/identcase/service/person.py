"""What a person tells us in the portal: contact data, consents, how they got at their coupon."""

from dataclasses import replace
from enum import StrEnum

from fallwerk.domain.audit.model import Actor, AuditEvent
from fallwerk.domain.identcase.attempt import AttemptDetails, CaseFile, Consent, Person
from fallwerk.domain.identcase.errors import CaseClosed
from fallwerk.domain.identcase.model import CaseStatus, Contact, Method
from fallwerk.domain.identcase.service.attempts import open_case, save_file
from fallwerk.domain.unit_of_work import UnitOfWork


class CouponUse(StrEnum):
    """How a person got at their coupon; results count each."""

    DOWNLOAD = "download"
    APP = "app"
    MAIL = "mail"


def save_contact(
    uow: UnitOfWork, tenant_id: int, case_id: str, contact: Contact, *, actor: Actor, now_us: int
) -> CaseFile:
    """
    Keep the contact data that the person entered; what was entered before is replaced.

    Source: S-40, S-41. A field that is None was not asked for: what the client provided stands there
    (`CaseFile.contact`). The person can be found by the new name and address from now on.

    Args:
        contact: Its form is checked already, by the rules of S-18 to S-20.

    Raises:
        CaseUnknown: no such START case of this tenant.
        CaseClosed: nothing can be entered any more.
    """
    file = _open(uow, tenant_id, case_id)
    uow.persons.save_contact(tenant_id, case_id, contact)
    file = replace(file, person=replace(file.person, contact=contact))
    save_file(uow, file)
    uow.audit.add(AuditEvent(tenant_id, now_us, actor, "person.contact_saved", case_id))
    return file


def record_consent(
    uow: UnitOfWork,
    tenant_id: int,
    case_id: str,
    *,
    kind: str,
    text_version: str,
    language: str,
    actor: Actor,
    now_us: int,
) -> CaseFile:
    """
    Record what the person agreed to, in which words, and when.

    Source: W-02. Agreeing to the same version again is recorded again: it happened.

    Args:
        kind: As `privacy`, `identification`, `recording`.
        text_version: Names the words; the account's or ours.
        language: `de` or `en`.

    Raises:
        CaseUnknown: no such START case of this tenant.
        CaseClosed: there is nothing left to agree to.
    """
    file = _open(uow, tenant_id, case_id)
    consent = Consent(kind, text_version, now_us, language)
    uow.persons.add_consent(tenant_id, case_id, consent)
    details = {"kind": kind, "version": text_version, "language": language}
    uow.audit.add(AuditEvent(tenant_id, now_us, actor, "person.consented", case_id, {**details}))
    return replace(file, person=Person(file.person.contact, (*file.person.consents, consent)))


def count_coupon_use(uow: UnitOfWork, tenant_id: int, case_id: str, use: CouponUse, *, now_us: int) -> CaseFile:
    """
    Count that the person downloaded the coupon, opened it on the phone or had it mailed.

    Source: public-facts.md `additionalDataBasic`. Without an attempt by the method basic there is no coupon to count.

    Raises:
        CaseUnknown: no such START case of this tenant.
    """
    file = open_case(uow, tenant_id, case_id, lock=True)
    attempt = file.latest(Method.BASIC)
    if attempt is None:
        return file
    counted = replace(attempt, details=_counted(attempt.details, use, now_us))
    file = replace(file, attempts=file.with_attempt(counted))
    uow.attempts.save(tenant_id, case_id, counted)
    save_file(uow, file)
    return file


def _counted(details: AttemptDetails, use: CouponUse, now_us: int) -> AttemptDetails:
    if use is CouponUse.DOWNLOAD:
        return replace(details, coupon_downloads=details.coupon_downloads.once_more(now_us))
    if use is CouponUse.APP:
        return replace(details, app_requests=details.app_requests.once_more(now_us))
    return replace(details, mail_requests=details.mail_requests.once_more(now_us))


def _open(uow: UnitOfWork, tenant_id: int, case_id: str) -> CaseFile:
    file = open_case(uow, tenant_id, case_id, lock=True)
    if file.case.status is CaseStatus.CLOSED:
        raise CaseClosed
    return file
