"""The sandbox's mailbox: what the system would have sent, where no server is set up to send it with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from fallwerk.dialects.problem import Problem
from fallwerk.domain.document.errors import BlobStoreUnavailable
from fallwerk.domain.document.model import Blob
from fallwerk.domain.document.ports import BlobStore
from fallwerk.domain.errors import StoreUnavailable
from fallwerk.domain.mail.model import Channel, PostedFile, PostedLetter
from fallwerk.domain.unit_of_work import Transactions, UnitOfWork
from fallwerk.kit.ids import row_number
from fallwerk.kit.pages import attachment
from fallwerk.own.api import Call, Operation, json_answer
from fallwerk.own.sandbox.schema import time_text


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Handlers over the store."""

    store: Transactions
    blobs: BlobStore

    def operations(self) -> Sequence[Operation]:
        """Return the operations."""
        return (
            Operation("listMails", "GET", "mails", self.list_mails),
            Operation("readMailAttachment", "GET", "mails/{mailId}/attachments/{number}", self.read_attachment),
            Operation("listTextMessages", "GET", "sms", self.list_text_messages),
        )

    async def list_mails(self, _call: Call) -> Response:
        """Show the mails, oldest first (control-api.md)."""
        posted = await self.store.read(lambda uow: uow.mails.mailbox(Channel.MAIL))
        return json_answer([_mail_body(letter) for letter in posted])

    async def read_attachment(self, call: Call) -> Response:
        """Hand out a file that would have gone with a mail."""
        mail_id, number = row_number(call.parameters["mailId"]), row_number(call.parameters["number"])
        found = await self.store.read(lambda uow: _file(uow, mail_id or 0, number or 0))
        if found is None:
            raise Problem(404, "There is no such attachment.")
        file, blob = found
        try:
            content = await self.blobs.read(blob)
        except BlobStoreUnavailable as away:
            raise StoreUnavailable from away
        return Response(content, 200, _headers(file), file.content_type)

    async def list_text_messages(self, _call: Call) -> Response:
        """Show the text messages, oldest first."""
        posted = await self.store.read(lambda uow: uow.mails.mailbox(Channel.SMS))
        return json_answer([{"to": sent.to, "text": sent.letter.text, "at": time_text(sent.at_us)} for sent in posted])


def _file(uow: UnitOfWork, mail_id: int, number: int) -> tuple[PostedFile, Blob] | None:
    sent = uow.mails.posted(mail_id)
    if sent is None or not 1 <= number <= len(sent.files):
        return None
    file = sent.files[number - 1]
    blob = uow.blobs.get(sent.tenant_id, file.blob_key)
    return None if blob is None else (file, blob)


def _headers(file: PostedFile) -> dict[str, str]:
    return {
        "Content-Disposition": attachment(file.name),
        "X-Content-Type-Options": "nosniff",
    }


def _mail_body(sent: PostedLetter) -> dict[str, Any]:
    letter = sent.letter
    body = {
        "to": sent.to,
        "subject": letter.subject,
        "text": letter.text,
        "html": letter.html,
        "at": time_text(sent.at_us),
    }
    # Only where there is one: the shape of the others is fixed (control-api.md).
    return {**body, "attachments": _attachments(sent)} if sent.files else body


def _attachments(sent: PostedLetter) -> list[dict[str, Any]]:
    return [
        {
            "name": file.name,
            "contentType": file.content_type,
            "sizeBytes": file.size_bytes,
            "path": f"/sandbox/v1/mails/{sent.message_id}/attachments/{number}",
        }
        for number, file in enumerate(sent.files, 1)
    ]
