"""Messages to people in the database: recipient, facts and letters are sealed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy import bindparam, func, select, update

from fallwerk.domain.mail.model import (
    Channel,
    Letter,
    MailAttempt,
    MailKind,
    Message,
    MessageCount,
    MessageStatus,
    MessageSummary,
    PostedFile,
    PostedLetter,
)
from fallwerk.store.mail_tables import mail, sandbox_mail
from fallwerk.store.rows import insert_rows
from fallwerk.store.statements import upsert
from fallwerk.store.tables import scr_client

if TYPE_CHECKING:
    from fallwerk.store.unit import Unit

_c: Final = mail.c
_KEY: Final = (
    _c.tenant_id == bindparam("tenant"),
    _c.case_id == bindparam("case"),
    _c.mail_id == bindparam("number"),
)
_ONE: Final = select(mail).where(*_KEY)
_SAVE: Final = (
    update(mail)
    .where(*_KEY)
    .values(status=bindparam("new_status"), attempts=bindparam("new_attempts"))
    .returning(_c.mail_id)
)
_COUNT: Final = (
    select(func.count())
    .select_from(mail)
    .where(*_KEY[:2], _c.kind == bindparam("wanted"), _c.created_us > bindparam("since"))
)
_UNSENT: Final = (
    select(_c.status, func.count().label("number")).where(_c.status != MessageStatus.SENT.value).group_by(_c.status)
)
_SUMMARIES: Final = (
    select(_c.mail_id, scr_client.c.client_id, _c.case_id, _c.channel, _c.kind, _c.status, _c.attempts, _c.created_us)
    .select_from(mail.outerjoin(scr_client, scr_client.c.tenant_id == _c.tenant_id))
    .order_by(_c.mail_id.desc())
)
_MAILBOX: Final = (
    select(sandbox_mail)
    .where(sandbox_mail.c.channel == bindparam("wanted"))
    .order_by(sandbox_mail.c.at_us, sandbox_mail.c.mail_id)
)
_POSTED: Final = select(sandbox_mail).where(sandbox_mail.c.mail_id == bindparam("number"))


class Mails:
    """See `domain.mail.ports.MailRepository`."""

    def __init__(self, unit: "Unit") -> None:
        self._unit = unit

    def add_many(self, messages: Sequence[Message]) -> None:
        """Store new messages."""
        insert_rows(self._unit, mail, [self._row(message) for message in messages])

    def get(self, tenant_id: int, case_id: str, message_id: int) -> Message | None:
        """Return a message."""
        row = self._unit.execute(_ONE, {"tenant": tenant_id, "case": case_id, "number": message_id}).first()
        return None if row is None else self._message(row)

    def save(self, message: Message) -> bool:
        """Store status and attempts."""
        values = {
            "tenant": message.tenant_id,
            "case": message.case_id,
            "number": message.message_id,
            "new_status": message.status.value,
            "new_attempts": orjson.dumps(message.attempts).decode(),
        }
        return self._unit.execute(_SAVE, values).first() is not None

    def count_of_kind(self, tenant_id: int, case_id: str, kind: MailKind, *, since_us: int) -> int:
        """Count a case's messages of a kind."""
        values = {"tenant": tenant_id, "case": case_id, "wanted": kind.value, "since": since_us}
        return int(self._unit.execute(_COUNT, values).scalar_one())

    def count(self) -> MessageCount:
        """Count what has not arrived."""
        found = {row.status: row.number for row in self._unit.execute(_UNSENT)}
        return MessageCount(found.get(MessageStatus.PENDING.value, 0), found.get(MessageStatus.FAILED.value, 0))

    def listed(self, status: MessageStatus, limit: int, before: int | None) -> list[MessageSummary]:
        """Return messages of one status, newest first; nothing sealed is opened."""
        statement = _SUMMARIES.where(_c.status == status.value).limit(limit)
        if before is not None:
            statement = statement.where(_c.mail_id < before)
        return [
            MessageSummary(
                message_id=row.mail_id,
                client_id=row.client_id,
                case_id=row.case_id,
                channel=Channel(row.channel),
                kind=MailKind(row.kind),
                status=MessageStatus(row.status),
                attempts=_attempts(row.attempts),
                created_us=row.created_us,
            )
            for row in self._unit.execute(statement)
        ]

    def put(self, message: Message, letter: Letter, at_us: int) -> None:
        """Put a letter into the mailbox; one that is put again after a crash stays one."""
        files = [
            {
                "name": file.name,
                "content_type": file.content_type,
                "size_bytes": len(file.content),
                "blob_key": file.blob_key.hex(),
            }
            for file in letter.attachments
        ]
        content = {
            "to": message.to,
            "subject": letter.subject,
            "text": letter.text,
            "html": letter.html,
            "files": files,
        }
        context = mail_context("letter", message.tenant_id, message.case_id, message.message_id)
        values = {
            "tenant_id": message.tenant_id,
            "case_id": message.case_id,
            "mail_id": message.message_id,
            "channel": message.channel.value,
            "letter_sealed": self._unit.sealer.seal(orjson.dumps(content), context),
            "at_us": at_us,
        }
        upsert(self._unit, sandbox_mail, values)

    def mailbox(self, channel: Channel) -> list[PostedLetter]:
        """Return the mailbox, oldest first."""
        return [self._posted(row) for row in self._unit.execute(_MAILBOX, {"wanted": channel.value})]

    def posted(self, message_id: int) -> PostedLetter | None:
        """Return one letter of the mailbox."""
        row = self._unit.execute(_POSTED, {"number": message_id}).first()
        return None if row is None else self._posted(row)

    def _posted(self, row: Any) -> PostedLetter:  # noqa: ANN401 - a row of the table
        context = mail_context("letter", row.tenant_id, row.case_id, row.mail_id)
        content = orjson.loads(self._unit.sealer.open(bytes(row.letter_sealed), context))
        files = tuple(
            PostedFile(file["name"], file["content_type"], file["size_bytes"], bytes.fromhex(file["blob_key"]))
            for file in content["files"]
        )
        letter = Letter(content["subject"], content["text"], content["html"])
        return PostedLetter(row.mail_id, row.tenant_id, content["to"], letter, row.at_us, files)

    def _row(self, message: Message) -> tuple[Any, ...]:
        content = orjson.dumps({"to": message.to, "facts": dict(message.facts)})
        context = mail_context("mail", message.tenant_id, message.case_id, message.message_id)
        return (
            message.tenant_id,
            message.case_id,
            message.message_id,
            message.channel.value,
            message.kind.value,
            message.status.value,
            self._unit.sealer.seal(content, context),
            orjson.dumps(message.attempts).decode(),
            message.created_us,
            message.useless_us,
        )

    def _message(self, row: Any) -> Message:  # noqa: ANN401 - a row of the table
        context = mail_context("mail", row.tenant_id, row.case_id, row.mail_id)
        content = orjson.loads(self._unit.sealer.open(bytes(row.content_sealed), context))
        return Message(
            message_id=row.mail_id,
            tenant_id=row.tenant_id,
            case_id=row.case_id,
            channel=Channel(row.channel),
            kind=MailKind(row.kind),
            to=content["to"],
            facts=content["facts"],
            status=MessageStatus(row.status),
            attempts=_attempts(row.attempts),
            created_us=row.created_us,
            useless_us=row.useless_us,
        )


def _attempts(text: str) -> tuple[MailAttempt, ...]:
    return tuple(MailAttempt(**attempt) for attempt in orjson.loads(text))


def mail_context(what: str, tenant_id: int, case_id: str, number: int) -> bytes:
    """Name what a sealed value of a message is bound to."""
    return f"{what}|{tenant_id}|{case_id}|{number}".encode()
