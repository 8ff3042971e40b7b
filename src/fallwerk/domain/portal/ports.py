"""What the portal's services need from outside."""

from typing import TYPE_CHECKING, Protocol

from fallwerk.domain.portal.model import CodeMessage, Confirmation, Factor

if TYPE_CHECKING:
    from fallwerk.domain.unit_of_work import UnitOfWork


class ConfirmationRepository(Protocol):
    """Attempts to confirm, per case."""

    def get(self, tenant_id: int, case_id: str) -> Confirmation:
        """Return the attempts at a case, held until the transaction ends: two guesses never run side by side."""

    def save(self, tenant_id: int, case_id: str, confirmation: Confirmation) -> None:
        """Store the attempts; the code that was sent stays."""

    def set_code(self, tenant_id: int, case_id: str, code: str) -> None:
        """Replace the code, of which only a keyed hash is kept."""

    def is_code(self, tenant_id: int, case_id: str, code: str) -> bool:
        """Tell in constant time whether this is the code sent last."""


class CodeSender(Protocol):
    """Sends codes by mail or SMS; what it writes is part of the caller's transaction."""

    factors: frozenset[Factor]
    """The ways that are set up here: `Factor.MAIL`, `Factor.SMS`."""

    def send(self, uow: "UnitOfWork", message: CodeMessage, *, now_us: int) -> None:
        """Order the message; it leaves after the commit."""
