"""Messages to people: written with the change they tell of, sent and recorded by the worker."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fallwerk.domain.account.model import ScrSettings
from fallwerk.domain.audit.model import SYSTEM, AuditEvent
from fallwerk.domain.identcase.attempt import Attempt, CaseFile
from fallwerk.domain.identcase.callbacks import Platform, callback_url
from fallwerk.domain.identcase.lifecycle import DAY_US
from fallwerk.domain.identcase.model import CaseOrder, Contact, IdentCase, IdentStatus, Method
from fallwerk.domain.identcase.plan import NewCase
from fallwerk.domain.mail.model import Channel, Letter, MailKind, MailOutcome, Message, MessageStatus
from fallwerk.domain.mail.schedule import after_attempt
from fallwerk.domain.notification.due import DueKind, DueWork
from fallwerk.domain.portal.model import CodeMessage, Factor, Purpose
from fallwerk.domain.unit_of_work import UnitOfWork

RESULTS: Final = {
    IdentStatus.INCOMPLETE: MailKind.NEW_PICTURES,
    IdentStatus.SUCCESS: MailKind.SUCCESS,
    IdentStatus.DECLINED: MailKind.DECLINED,
}
REVIEWED: Final = frozenset(
    {
        (Method.PHOTO, IdentStatus.INCOMPLETE),
        (Method.PHOTO, IdentStatus.SUCCESS),
        (Method.PHOTO, IdentStatus.DECLINED),
        (Method.VIDEO, IdentStatus.SUCCESS),
        (Method.VIDEO, IdentStatus.DECLINED),
    }
)
"""What people learn by mail: somebody decides it when they have gone. With the other methods they are there."""


def language_of(order: CaseOrder) -> str:
    """Return the language that an order prefers: `de` or `en` (S-13)."""
    return "en" if order.preferred_language == "EN_UK" else "de"


def order_start_mails(uow: UnitOfWork, stored: Sequence[NewCase]) -> None:
    """
    Order what follows the start of cases: the mail with the case's address, and the reminder before it ends.

    Source: S-44, W-03. Set-based like the start itself; cases of accounts that want neither cost nothing.
    """
    messages = [_start_message(uow, new) for new in stored if _wants_start(new)]
    if messages:
        order_mail(uow, *messages)
    reminders = [work for new in stored if (work := _reminder(new.case, new.client.settings))]
    if reminders:
        uow.due.add_many(reminders)


def _wants_start(new: NewCase) -> bool:
    contact = new.order.contact
    return new.client.settings.mails_user and bool(contact and contact.email)


def _start_message(uow: UnitOfWork, new: NewCase) -> Message:
    file = CaseFile(case=new.case, order=new.order, client=new.client)
    return _message(uow, file, MailKind.START, now_us=new.case.created_us)


def _reminder(case: IdentCase, settings: ScrSettings) -> DueWork | None:
    """The reminder as due work; none where the account wants none or the case does not last that long."""
    due_us = case.valid_until_us - settings.reminder_days * DAY_US
    if not settings.reminder_days or due_us <= case.created_us:
        return None
    return DueWork(case.tenant_id, case.case_id, DueKind.REMIND, due_us)


def remind(uow: UnitOfWork, file: CaseFile, *, now_us: int) -> None:
    """Mail the person of a case that waits for them and ends soon (W-03); whoever has no address is not reminded."""
    if now_us >= file.case.valid_until_us or not (file.contact and file.contact.email):
        return
    waits_for_review = any(attempt.identification.status is IdentStatus.REVIEW_PENDING for attempt in file.attempts)
    if not waits_for_review and file.client.settings.reminder_days:
        order_mail(uow, _message(uow, file, MailKind.REMINDER, now_us=now_us))


def mail_result(uow: UnitOfWork, file: CaseFile, attempt: Attempt, *, now_us: int) -> None:
    """
    Mail the person what was decided about their attempt, where the account lets the system do so.

    Source: S-49, W-06; decisions.md "Callback buttons". The web URL of the matrix goes with a photo's outcome.
    """
    found = attempt.identification
    wanted = (found.method, found.status) in REVIEWED
    if not wanted or not file.client.settings.mails_user or not (file.contact and file.contact.email):
        return
    link = None
    if found.method is Method.PHOTO:
        link = callback_url(file.order.callbacks, found.method, found.status, Platform.WEB)
    order_mail(uow, _message(uow, file, RESULTS[found.status], now_us=now_us, link=link or ""))


def mail_coupon(uow: UnitOfWork, file: CaseFile, coupon_id: int, *, now_us: int) -> Message:
    """
    Mail a coupon to the person of its case, who has an address.

    Source: W-06. The message names the coupon; its file is read when the mail leaves.
    """
    message = _message(uow, file, MailKind.COUPON, now_us=now_us, coupon=str(coupon_id))
    order_mail(uow, message)
    return message


def _message(uow: UnitOfWork, file: CaseFile, kind: MailKind, *, now_us: int, **more: str) -> Message:
    case, person = file.case, file.contact or Contact()
    facts = {
        "language": language_of(file.order),
        "first_name": person.first_name or "",
        "last_name": person.last_name or "",
        "company": file.client.settings.display_name,
        "valid_until": str(case.valid_until_us),
        **more,
    }
    # What is decided stays worth knowing when the case has ended; an invitation does not.
    lasting = kind in {MailKind.SUCCESS, MailKind.DECLINED}
    return Message(
        message_id=uow.new_id(),
        tenant_id=case.tenant_id,
        case_id=case.case_id,
        channel=Channel.MAIL,
        kind=kind,
        to=person.email or "",
        facts=facts,
        status=MessageStatus.PENDING,
        attempts=(),
        created_us=now_us,
        useless_us=now_us + 7 * DAY_US if lasting else case.valid_until_us,
    )


def order_mail(uow: UnitOfWork, *messages: Message) -> None:
    """Write messages, the work of sending them and their audit events in the transaction of the change they tell of."""
    uow.mails.add_many(messages)
    uow.due.add_many([_sending(message, message.created_us) for message in messages])
    uow.audit.add_many([_event("mail.ordered", message, message.created_us) for message in messages])


def _sending(message: Message, due_us: int) -> DueWork:
    return DueWork(message.tenant_id, message.case_id, DueKind.MAIL, due_us, message.message_id)


def _event(name: str, message: Message, at_us: int, **details: int) -> AuditEvent:
    found: dict[str, str | int | bool | None] = {
        "channel": message.channel.value,
        "kind": message.kind.value,
        **details,
    }
    return AuditEvent(message.tenant_id, at_us, SYSTEM, name, message.case_id, found)


@dataclass(frozen=True, slots=True)
class OrderedCodes:
    """Sends codes as messages; see `domain.portal.ports.CodeSender`."""

    factors: frozenset[Factor]
    has_gateway: bool = True
    """Whether text messages reach telephones; in the sandbox they may only reach its mailbox."""

    @property
    def tan_ways(self) -> tuple[Factor, ...]:
        """The ways for TANs, the best first: a text message where a gateway takes it."""
        ordered = (Factor.SMS, Factor.MAIL) if self.has_gateway else (Factor.MAIL, Factor.SMS)
        return tuple(factor for factor in ordered if factor in self.factors)

    def send(self, uow: UnitOfWork, message: CodeMessage, *, now_us: int) -> None:
        """Order the message; it leaves after the commit."""
        facts = {"language": message.language, "code": message.code, "valid_until": str(message.valid_until_us)}
        ordered = Message(
            message_id=uow.new_id(),
            tenant_id=message.tenant_id,
            case_id=message.case_id,
            channel=Channel.MAIL if message.factor is Factor.MAIL else Channel.SMS,
            kind=MailKind.TAN if message.purpose is Purpose.TAN else MailKind.CODE,
            to=message.to,
            facts=facts,
            status=MessageStatus.PENDING,
            attempts=(),
            created_us=now_us,
            useless_us=message.valid_until_us,
        )
        order_mail(uow, ordered)


@dataclass(frozen=True, slots=True)
class Carried:
    """A message that was handed over, and what came of it."""

    work: DueWork
    message: Message
    began_us: int
    outcome: MailOutcome
    mailbox: Letter | None = None
    """The letter, where the sandbox's mailbox is its only destination."""


def record_carried(uow: UnitOfWork, carried: Carried) -> Message:
    """Keep what an attempt led to, and order the next one."""
    after, next_us = after_attempt(carried.message, carried.began_us, carried.outcome)
    if not uow.mails.save(after):
        # The case was erased while the mail was under way: nothing of it may come back (D-50).
        uow.due.done(carried.work)
        return after
    if carried.mailbox is not None:
        uow.mails.put(after, carried.mailbox, carried.began_us)
    if next_us is None:
        uow.due.done(carried.work)
        name = "mail.sent" if after.status is MessageStatus.SENT else "mail.failed"
        uow.audit.add(_event(name, after, carried.began_us, attempts=len(after.attempts)))
    else:
        uow.due.postpone(carried.work, next_us)
    return after
