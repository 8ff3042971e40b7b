"""
The TAN of a video call in class GwG: sent by the agent, typed by the person on their own page, seen by the agent.

Source: issue "video" ("TAN by SMS gateway interface or mail for GwG"); R-04. It shows that whoever sits in front of the
camera is reached under the number or address of the case. So the person types it themselves during the call; an agent
can neither type it nor read it. A TAN is of one call: whoever takes the person next sends another. Who changes
anything here holds the case, so that two guesses never run side by side.
"""

import secrets
from dataclasses import replace
from typing import Final

from fallwerk.domain.account.model import IdentClass
from fallwerk.domain.audit.model import Actor, AuditEvent
from fallwerk.domain.call.errors import NoTanAsked, NoTanChannel, NoTanNeeded, TooManyTans, WrongTan
from fallwerk.domain.call.model import Tan, TanState, TanView
from fallwerk.domain.desk.model import Claim
from fallwerk.domain.identcase.attempt import Attempt, CaseFile
from fallwerk.domain.identcase.model import Contact
from fallwerk.domain.mail.service import language_of
from fallwerk.domain.portal.model import CodeMessage, Factor, Purpose
from fallwerk.domain.portal.ports import CodeSender
from fallwerk.domain.unit_of_work import UnitOfWork

DIGITS: Final = 6
VALID_US: Final = 10 * 60 * 1_000_000
TRIES: Final = 3
"""Wrong ones before another must be sent."""
PAUSE_US: Final = 30 * 1_000_000
"""Between two of them; the first is on its way that long."""
SENT_AT_MOST: Final = 5
"""Within `COUNTED_US`, over all calls of a case."""
COUNTED_US: Final = 3600 * 1_000_000


def needs_tan(file: CaseFile) -> bool:
    """Tell whether a call about a case has a TAN."""
    return file.client.settings.ident_class is IdentClass.GWG


def ways_of(contact: Contact | None, sender: CodeSender | None) -> tuple[Factor, ...]:
    """Return how a person can be sent a TAN, the best way first; empty if there is none."""
    if contact is None or sender is None:
        return ()
    to = {Factor.SMS: contact.mobile_phone, Factor.MAIL: contact.email}
    return tuple(factor for factor in sender.tan_ways if to.get(factor))


def send_tan(
    uow: UnitOfWork,
    file: CaseFile,
    attempt: Attempt,
    claim: Claim,
    factor: Factor | None,
    *,
    sender: CodeSender | None,
    actor: Actor,
    now_us: int,
) -> None:
    """
    Send the person in a call a new TAN; the one before stops working.

    Args:
        file: Held (`open_case(…, lock=True)`).
        factor: None: the best way there is.

    Raises:
        NoTanNeeded, NoTanChannel, TooManyTans: nothing was sent.
    """
    if not needs_tan(file):
        raise NoTanNeeded
    contact, ways = file.contact, ways_of(file.contact, sender)
    way = factor or next(iter(ways), None)
    if contact is None or sender is None or way is None or way not in ways:
        raise NoTanChannel
    tenant_id, case_id = file.case.tenant_id, file.case.case_id
    known = uow.tans.get(tenant_id, case_id) or Tan()
    if now_us < known.sent_us + PAUSE_US:
        raise TooManyTans(known.sent_us + PAUSE_US)
    if now_us >= known.sending_since_us + COUNTED_US:
        known = replace(known, times_sent=0, sending_since_us=now_us)
    if known.times_sent >= SENT_AT_MOST:
        raise TooManyTans(known.sending_since_us + COUNTED_US)
    tan = Tan(
        attempt=attempt.number,
        user_id=claim.user_id,
        taken_us=claim.taken_us,
        factor=way,
        until_us=now_us + VALID_US,
        sent_us=now_us,
        times_sent=known.times_sent + 1,
        sending_since_us=known.sending_since_us,
    )
    digits = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    uow.tans.save(tenant_id, case_id, tan)
    uow.tans.set_digits(tenant_id, case_id, tan, digits)
    to = (contact.mobile_phone if way is Factor.SMS else contact.email) or ""
    language = language_of(file.order)
    message = CodeMessage(tenant_id, case_id, way, to, digits, language, tan.until_us, Purpose.TAN)
    sender.send(uow, message, now_us=now_us)
    uow.audit.add(AuditEvent(tenant_id, now_us, actor, "video.tan_sent", case_id, {"by": way.value}))


def confirm_tan(
    uow: UnitOfWork, file: CaseFile, attempt: Attempt, given: str, *, actor: Actor, now_us: int
) -> WrongTan | None:
    """
    Compare what the person typed with the TAN of the call they are in; once confirmed it stays so.

    Args:
        file: Held (`open_case(…, lock=True)`).

    Returns:
        The failure instead of raising it, because it must be counted: what raises is rolled back.

    Raises:
        NoTanAsked: nothing was judged.
    """
    tenant_id, case_id = file.case.tenant_id, file.case.case_id
    known = uow.tans.get(tenant_id, case_id)
    claim = uow.desks.claim(tenant_id, case_id)
    state = view_of(known, attempt.number, claim, now_us=now_us).state
    if known is None or state not in {TanState.SENT, TanState.CONFIRMED}:
        raise NoTanAsked(state)
    if state is TanState.CONFIRMED:
        return None
    if uow.tans.is_digits(tenant_id, case_id, known, given):
        uow.tans.save(tenant_id, case_id, replace(known, confirmed_us=now_us))
        details: dict[str, str | int | bool | None] = {"by": known.factor.value}
        uow.audit.add(AuditEvent(tenant_id, now_us, actor, "video.tan_confirmed", case_id, details))
        return None
    known = replace(known, failures=known.failures + 1)
    uow.tans.save(tenant_id, case_id, known)
    left = TRIES - known.failures
    uow.audit.add(AuditEvent(tenant_id, now_us, actor, "video.tan_wrong", case_id, {"left": left}))
    return WrongTan(left)


def tan_of(uow: UnitOfWork, file: CaseFile, attempt: Attempt, *, now_us: int) -> TanView:
    """Return where the TAN of a case's call stands."""
    tenant_id, case_id = file.case.tenant_id, file.case.case_id
    claim = uow.desks.claim(tenant_id, case_id)
    return view_of(uow.tans.get(tenant_id, case_id), attempt.number, claim, now_us=now_us)


def view_of(tan: Tan | None, attempt: int | None, claim: Claim | None, *, now_us: int) -> TanView:
    """
    Return what the two sides see of a TAN.

    Args:
        attempt: None: the call alone decides whose it is.
    """
    if tan is None or claim is None or not tan.is_of(tan.attempt if attempt is None else attempt, claim):
        return TanView()
    left = max(0, TRIES - tan.failures)
    if tan.confirmed_us is not None:
        state = TanState.CONFIRMED
    elif left == 0:
        state = TanState.SPENT
    else:
        state = TanState.SENT if now_us < tan.until_us else TanState.EXPIRED
    return TanView(state, tan.factor, left)
