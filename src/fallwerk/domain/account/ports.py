"""What the account services need from outside."""

from dataclasses import dataclass
from typing import Protocol

from fallwerk.domain.account.model import ScrClient, ScrSettings


@dataclass(frozen=True, slots=True)
class NewCredential:
    """A user name with the password that its holder is shown once; stored as a keyed hash."""

    username: str
    password: str
    alive_only: bool = False


class AccountRepository(Protocol):
    """SCR clients and their credentials."""

    def scr_client(self, client_id: str, *, lock: bool = False) -> ScrClient | None:
        """Return a client with all credentials, by the id in its URLs; `lock` holds it until the transaction ends."""

    def scr_client_of(self, tenant_id: int) -> ScrClient | None:
        """Return a client by its tenant."""

    def scr_clients(self) -> list[ScrClient]:
        """Return all clients, by client id."""

    def add_scr_client(
        self,
        client_id: str,
        settings: ScrSettings,
        *,
        data_password: str,
        credentials: tuple[NewCredential, ...],
        demo: bool,
        now_us: int,
    ) -> ScrClient | None:
        """Store a new client in a tenant of its own; None if the client id is taken."""

    def save_settings(self, tenant_id: int, settings: ScrSettings, now_us: int) -> None:
        """Replace a client's settings."""

    def rotate(
        self,
        tenant_id: int,
        *,
        data_password: str,
        credentials: tuple[NewCredential, ...],
        old_until_us: int,
        now_us: int,
    ) -> None:
        """Put new secrets in place; the present ones stay valid until `old_until_us`, older ones go."""

    def demo_data(self) -> bool:
        """Tell whether any tenant holds demo data."""

    def changed(self) -> None:
        """Let every process drop the accounts it holds in memory once the transaction is committed."""
