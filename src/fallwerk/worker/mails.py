"""What the worker does about messages to people: writes, hands over, tries again; reminds before a case ends."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import structlog

from fallwerk.domain.coupon.mailing import CouponFile, file_of
from fallwerk.domain.document.errors import BlobStoreUnavailable, ContentDamaged
from fallwerk.domain.document.ports import BlobStore
from fallwerk.domain.identcase.model import CaseKind, CaseStatus
from fallwerk.domain.identcase.service.attempts import open_case
from fallwerk.domain.mail.model import Attachment, Channel, Letter, MailOutcome, Message
from fallwerk.domain.mail.ports import Carrier
from fallwerk.domain.mail.service import Carried, record_carried, remind
from fallwerk.domain.notification.due import DueKind, DueWork
from fallwerk.domain.unit_of_work import Transactions, UnitOfWork
from fallwerk.kit.clock import Clock
from fallwerk.render.mails.letters import Letters
from fallwerk.worker.handlers import begun_us
from fallwerk.worker.loop import Handler

log = structlog.get_logger()

PDF: Final = "application/pdf"
AWAY: Final = MailOutcome("its attachment cannot be read right now")
DAMAGED: Final = MailOutcome("its attachment is damaged", final=True)
NOWHERE: Final = MailOutcome("nothing is set up to send it with")
"""Not final: whoever sets a server up within hours loses no mail."""


class MailDuties:
    """
    Handlers over store and carriers.

    Args:
        blobs: Where the coupons lie that go with mails.
        carriers: Mail server and SMS gateway, as far as they are set up.
        mailbox: Whether what has no carrier goes to the sandbox's mailbox.
    """

    def __init__(
        self,
        store: Transactions,
        blobs: BlobStore,
        clock: Clock,
        letters: Letters,
        carriers: Mapping[Channel, Carrier],
        *,
        mailbox: bool,
    ) -> None:
        self._store = store
        self._blobs = blobs
        self._clock = clock
        self._letters = letters
        self._carriers = carriers
        self._mailbox = mailbox

    def handlers(self) -> dict[DueKind, Handler]:
        """Return the handler of every kind."""
        return {DueKind.MAIL: self.send, DueKind.REMIND: self.remind}

    async def send(self, work: DueWork) -> None:
        """
        Hand one message over and keep what came of it.

        A process that dies in between leaves the work, and the message is handed over again: better twice than never.
        """
        message, coupon = await self._store.read(lambda uow: _read(uow, work))
        if message is None or not message.pending:
            await self._store.write(lambda uow: uow.due.done(work))
            return
        began_us = begun_us(self._clock, work)
        outcome, posted = await self._write_and_carry(message, coupon)
        carried = Carried(work, message, began_us, outcome, posted)
        await self._store.write(lambda uow: record_carried(uow, carried))

    async def _write_and_carry(self, message: Message, coupon: CouponFile | None) -> tuple[MailOutcome, Letter | None]:
        letter = self._letters.write(message)
        if coupon is not None:
            try:
                content = await self._blobs.read(coupon.blob)
            except BlobStoreUnavailable as error:
                log.warning("mails.attachment_away", reason=str(error), message=message.message_id)
                return AWAY, None
            except ContentDamaged:
                # Also where its case was erased just now; then nothing is left that this could be recorded at.
                log.exception("mails.attachment_damaged", tenant=message.tenant_id, message=message.message_id)
                return DAMAGED, None
            attachment = Attachment(coupon.name, PDF, content, coupon.coupon.blob_key)
            letter = replace(letter, attachments=(attachment,))
        return await self._carry(message, letter)

    async def _carry(self, message: Message, letter: Letter) -> tuple[MailOutcome, Letter | None]:
        carrier = self._carriers.get(message.channel)
        if carrier is not None:
            return await carrier.carry(message, letter), None
        return (MailOutcome(), letter) if self._mailbox else (NOWHERE, None)

    async def remind(self, work: DueWork) -> None:
        """Mail the person of a case that ends soon."""
        began_us = begun_us(self._clock, work)
        await self._store.write(lambda uow: _remind(uow, work, began_us))

    async def close(self) -> None:
        """Close the carriers."""
        for carrier in self._carriers.values():
            await carrier.close()


def _read(uow: UnitOfWork, work: DueWork) -> tuple[Message | None, CouponFile | None]:
    message = uow.mails.get(work.tenant_id, work.case_id, work.subject_id)
    return message, file_of(uow, message) if message is not None and message.pending else None


def _remind(uow: UnitOfWork, work: DueWork, now_us: int) -> None:
    # Held, so that the case does not close beside the reminder.
    row = uow.cases.get(work.tenant_id, work.case_id, kind=CaseKind.START, lock=True)
    if row is not None and row.case.status is not CaseStatus.CLOSED:
        remind(uow, open_case(uow, work.tenant_id, work.case_id), now_us=now_us)
    uow.due.done(work)
