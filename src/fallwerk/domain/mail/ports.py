"""What the mail services need from outside."""

from collections.abc import Sequence
from typing import Protocol

from fallwerk.domain.mail.model import (
    Channel,
    Letter,
    MailKind,
    MailOutcome,
    Message,
    MessageCount,
    MessageStatus,
    MessageSummary,
    PostedLetter,
)


class MailRepository(Protocol):
    """Messages to people, and the sandbox's mailbox."""

    def add_many(self, messages: Sequence[Message]) -> None:
        """Store new messages with one statement."""

    def get(self, tenant_id: int, case_id: str, message_id: int) -> Message | None:
        """Return a message, None if it is gone."""

    def save(self, message: Message) -> bool:
        """Store status and attempts; False: the message went with its case meanwhile."""

    def count_of_kind(self, tenant_id: int, case_id: str, kind: MailKind, *, since_us: int) -> int:
        """Count a case's messages of a kind; exact as long as the caller holds the case."""

    def count(self) -> MessageCount:
        """Count what has not arrived."""

    def listed(self, status: MessageStatus, limit: int, before: int | None) -> list[MessageSummary]:
        """Return messages of one status, newest first, from before a message on if one is named."""

    def put(self, message: Message, letter: Letter, at_us: int) -> None:
        """Put a letter into the sandbox's mailbox."""

    def mailbox(self, channel: Channel) -> list[PostedLetter]:
        """Return the sandbox's mailbox, oldest first."""

    def posted(self, message_id: int) -> PostedLetter | None:
        """Return one letter of the sandbox's mailbox."""


class Carrier(Protocol):
    """A mail server or an SMS gateway."""

    async def carry(self, message: Message, letter: Letter) -> MailOutcome:
        """Hand a letter over; never raises for anything the other side does."""

    async def close(self) -> None:
        """Close what is open."""
