"""
The external eID server, as the portal sees it: a start address, and an outcome to fetch after the person's return.

Source: issue "eid"; BSI TR-03130 part 1: `useID` with a pre-shared session, `getResult` once.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from fallwerk.domain.identcase.model import IdentityDocument


class CardProblem(StrEnum):
    """What can become of reading a card instead of data."""

    CARD_REMOVED = "card removed"
    PIN_WRONG = "pin wrong"
    PIN_BLOCKED = "pin blocked"
    CANCELLED = "cancelled"
    OTHER = "other"
    CARD_EXPIRED = "card expired"
    CARD_REVOKED = "card revoked"
    ONLINE_OFF = "online function off"
    CARD_UNUSABLE = "card unusable"


@dataclass(frozen=True, slots=True)
class CardOutcome:
    """What the server read, or why it read nothing; one of the two is set."""

    document: IdentityDocument | None = None
    dkk: str = ""
    """The card's pseudonym for this service; empty if it gave none."""
    problem: CardProblem | None = None


class EidServerUnavailable(Exception):
    """The eID server did not answer, or not as agreed; nothing is known of the card."""


class OutcomePending(Exception):
    """The server knows the session, and the card has not been read yet."""


class EidServer(Protocol):
    """An eID server."""

    async def start(self, session: str, return_url: str) -> str:
        """
        Open a session and return the address that starts the person's eID client.

        Args:
            session: Ours, random; names the session from now on.
            return_url: Where the browser comes back to, whatever became of it.

        Raises:
            EidServerUnavailable: nothing was started.
        """

    async def outcome(self, session: str) -> CardOutcome:
        """
        Fetch what became of a session.

        Raises:
            OutcomePending: ask again.
            EidServerUnavailable: nothing is known.
        """
