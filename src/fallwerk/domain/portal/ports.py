"""What the portal's services need from outside."""

from typing import TYPE_CHECKING, Protocol

from fallwerk.domain.portal.model import CodeMessage, Confirmation, Factor, Present, Waiting

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


class WaitingRepository(Protocol):
    """Who waits for a call, over all tenants: one room of agents serves them all."""

    def report(self, tenant_id: int, case_id: str, now_us: int, kept_since_us: int) -> Waiting:
        """Note that somebody waits, from now on or still; who was last seen before `kept_since_us` begins anew."""

    def ahead(self, waiting: Waiting, now: Present) -> int:
        """Count who came before and can be called."""

    def present(self, now: Present, tenant_id: int | None, limit: int) -> list[Waiting]:
        """Return who can be called (tenant None: of all tenants), longest first."""

    def leave(self, tenant_id: int, case_id: str) -> bool:
        """Take somebody out of the queue; tell whether they were in it."""

    def drop_absent(self, seen_before_us: int) -> int:
        """Forget those who were last seen before an instant; return how many."""


class CodeSender(Protocol):
    """Sends codes by mail or SMS; what it writes is part of the caller's transaction."""

    @property
    def factors(self) -> frozenset[Factor]:
        """The ways that are set up here: `Factor.MAIL`, `Factor.SMS`."""

    @property
    def tan_ways(self) -> tuple[Factor, ...]:
        """The same for TANs, the best first: a text message where a gateway takes it."""

    def send(self, uow: "UnitOfWork", message: CodeMessage, *, now_us: int) -> None:
        """Order the message; it leaves after the commit."""
