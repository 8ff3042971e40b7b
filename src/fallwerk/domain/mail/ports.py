"""What the mail services need from outside."""

from collections.abc import Sequence
from typing import Protocol

from fallwerk.domain.mail.model import Channel, Letter, MailOutcome, Message, MessageCount, PostedLetter


class MailRepository(Protocol):
    """Messages to people, and the sandbox's mailbox."""

    def add_many(self, messages: Sequence[Message]) -> None:
        """Store new messages with one statement."""

    def get(self, tenant_id: int, case_id: str, message_id: int) -> Message | None:
        """Return a message, None if it is gone."""

    def save(self, message: Message) -> None:
        """Store status and attempts."""

    def count(self) -> MessageCount:
        """Count what has not arrived."""

    def put(self, message: Message, letter: Letter, at_us: int) -> None:
        """Put a letter into the sandbox's mailbox."""

    def mailbox(self, channel: Channel) -> list[PostedLetter]:
        """Return the sandbox's mailbox, oldest first."""


class Carrier(Protocol):
    """A mail server or an SMS gateway."""

    async def carry(self, message: Message, letter: Letter) -> MailOutcome:
        """Hand a letter over; never raises for anything the other side does."""

    async def close(self) -> None:
        """Close what is open."""
