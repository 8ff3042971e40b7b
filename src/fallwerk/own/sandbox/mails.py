"""The sandbox's mailbox: what the system would have sent, where no server is set up to send it with."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from fallwerk.domain.mail.model import Channel, PostedLetter
from fallwerk.domain.unit_of_work import Transactions
from fallwerk.own.api import Call, Operation, json_answer
from fallwerk.own.sandbox.schema import time_text


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Handlers over the store."""

    store: Transactions

    def operations(self) -> Sequence[Operation]:
        """Return the operations."""
        return (
            Operation("listMails", "GET", "mails", self.list_mails),
            Operation("listTextMessages", "GET", "sms", self.list_text_messages),
        )

    async def list_mails(self, _call: Call) -> Response:
        """Show the mails, oldest first (control-api.md)."""
        posted = await self.store.read(lambda uow: uow.mails.mailbox(Channel.MAIL))
        return json_answer([_mail_body(letter) for letter in posted])

    async def list_text_messages(self, _call: Call) -> Response:
        """Show the text messages, oldest first."""
        posted = await self.store.read(lambda uow: uow.mails.mailbox(Channel.SMS))
        return json_answer([{"to": sent.to, "text": sent.letter.text, "at": time_text(sent.at_us)} for sent in posted])


def _mail_body(sent: PostedLetter) -> dict[str, str]:
    letter = sent.letter
    return {
        "to": sent.to,
        "subject": letter.subject,
        "text": letter.text,
        "html": letter.html,
        "at": time_text(sent.at_us),
    }
