"""
Confirming that a case is one's own before stored data appear.

Source: W-01. A case's address is sent around in mails and stands in browsers' histories, so it proves nothing. A
birth date is easily guessed by a machine: five wrong answers lock the case for a day, in the store, so that neither
another process nor a restart forgets it.
"""

import hmac
import secrets
from dataclasses import replace
from typing import Final

from fallwerk.domain.audit.model import Actor, AuditEvent
from fallwerk.domain.identcase.attempt import CaseFile
from fallwerk.domain.identcase.model import Contact, IdentityDocument
from fallwerk.domain.portal.errors import NoSuchFactor, TooManyAnswers, TooManyCodes, WrongAnswer
from fallwerk.domain.portal.model import CodeMessage, Confirmation, Factor
from fallwerk.domain.portal.ports import CodeSender
from fallwerk.domain.unit_of_work import UnitOfWork

ANSWERS: Final = 5
"""Wrong answers, to either question, before the lock."""
LOCKED_US: Final = 24 * 3600 * 1_000_000
"""Counted from the first of them."""
CODE_DIGITS: Final = 6
CODE_VALID_US: Final = 15 * 60 * 1_000_000
CODES: Final = 5
"""Codes that are sent within `LOCKED_US`."""


def factors_of(
    contact: Contact | None, document: IdentityDocument | None, sender: CodeSender | None
) -> tuple[Factor, ...]:
    """Return the ways to confirm that a case offers, the simplest first; empty if it has nothing to confirm with."""
    ways = sender.factors if sender else frozenset()
    found = []
    if document and document.birth_date:
        found.append(Factor.BIRTH_DATE)
    if contact and contact.email and Factor.MAIL in ways:
        found.append(Factor.MAIL)
    if contact and contact.mobile_phone and Factor.SMS in ways:
        found.append(Factor.SMS)
    return tuple(found)


def confirm_birth_date(uow: UnitOfWork, file: CaseFile, given: str, *, actor: Actor, now_us: int) -> WrongAnswer | None:
    """
    Compare a birth date with the stored one.

    Args:
        given: `YYYY-MM-DD`.

    Returns:
        The failure instead of raising it, because it must be counted: what raises is rolled back.

    Raises:
        TooManyAnswers: the case is locked.
        NoSuchFactor: no birth date is stored.
    """
    document = file.order.identity_document
    if document is None or not document.birth_date:
        raise NoSuchFactor
    right = hmac.compare_digest(document.birth_date.encode(), given.encode())
    return _judge(uow, file, right=right, factor=Factor.BIRTH_DATE, actor=actor, now_us=now_us)


def confirm_code(uow: UnitOfWork, file: CaseFile, given: str, *, actor: Actor, now_us: int) -> WrongAnswer | None:
    """Compare a code with the one that was sent last; a right one works once. Otherwise as `confirm_birth_date`."""
    tenant_id, case_id = file.case.tenant_id, file.case.case_id
    known = uow.confirmations.get(tenant_id, case_id)
    valid = known.code_until_us is not None and now_us < known.code_until_us
    right = uow.confirmations.is_code(tenant_id, case_id, given) and valid
    return _judge(uow, file, right=right, factor=Factor.MAIL, actor=actor, now_us=now_us)


def send_code(
    uow: UnitOfWork,
    file: CaseFile,
    factor: Factor,
    *,
    sender: CodeSender,
    language: str,
    actor: Actor,
    now_us: int,
) -> None:
    """
    Send a new code to the stored address or number; earlier ones stop working.

    Raises:
        TooManyAnswers: the case is locked.
        TooManyCodes: enough were sent for today.
        NoSuchFactor: nothing is stored to send it to, or this way is not set up.
    """
    contact, tenant_id, case_id = file.contact, file.case.tenant_id, file.case.case_id
    if contact is None or factor not in factors_of(contact, file.order.identity_document, sender):
        raise NoSuchFactor
    known = _unlocked(uow, file, now_us)
    if now_us >= known.sending_since_us + LOCKED_US:
        known = replace(known, codes_sent=0, sending_since_us=now_us)
    if known.codes_sent >= CODES:
        raise TooManyCodes(known.sending_since_us + LOCKED_US)
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    until_us = now_us + CODE_VALID_US
    uow.confirmations.save(tenant_id, case_id, replace(known, code_until_us=until_us, codes_sent=known.codes_sent + 1))
    uow.confirmations.set_code(tenant_id, case_id, code)
    to = (contact.email if factor is Factor.MAIL else contact.mobile_phone) or ""
    sender.send(uow, CodeMessage(tenant_id, case_id, factor, to, code, language, until_us), now_us=now_us)
    uow.audit.add(AuditEvent(tenant_id, now_us, actor, "portal.code_sent", case_id, {"by": factor.value}))


def _unlocked(uow: UnitOfWork, file: CaseFile, now_us: int) -> Confirmation:
    known = uow.confirmations.get(file.case.tenant_id, file.case.case_id)
    if now_us >= known.failing_since_us + LOCKED_US:
        return replace(known, failures=0, failing_since_us=now_us)
    if known.failures >= ANSWERS:
        raise TooManyAnswers(known.failing_since_us + LOCKED_US)
    return known


def _judge(
    uow: UnitOfWork, file: CaseFile, *, right: bool, factor: Factor, actor: Actor, now_us: int
) -> WrongAnswer | None:
    tenant_id, case_id = file.case.tenant_id, file.case.case_id
    known = _unlocked(uow, file, now_us)
    if right:
        # A right answer does not wipe out the wrong ones: whoever knows one secret must not earn guesses at another.
        uow.confirmations.save(tenant_id, case_id, replace(known, code_until_us=None))
        uow.audit.add(AuditEvent(tenant_id, now_us, actor, "portal.confirmed", case_id, {"by": factor.value}))
        return None
    since_us = known.failing_since_us if known.failures else now_us
    known = replace(known, failures=known.failures + 1, failing_since_us=since_us)
    uow.confirmations.save(tenant_id, case_id, known)
    uow.audit.add(AuditEvent(tenant_id, now_us, actor, "portal.wrong_answer", case_id, {"by": factor.value}))
    return WrongAnswer(ANSWERS - known.failures)
