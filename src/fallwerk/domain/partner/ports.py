"""What the services around partners need from outside."""

from typing import Protocol

from fallwerk.domain.account.ports import NewCredential
from fallwerk.domain.partner.model import ClientSettings, KnownClient, OAuthClient, Partner


class PartnerRepository(Protocol):
    """Partners and their OAuth clients."""

    def partner(self, partner_id: str) -> Partner | None:
        """Return a partner by its five characters."""

    def partner_of(self, tenant_id: int) -> Partner | None:
        """Return a partner by its tenant."""

    def partners(self) -> list[Partner]:
        """Return all partners, by id."""

    def lock_tree(self) -> None:
        """Let nobody else move partners before the transaction ends."""

    def reach(self, tenant_id: int) -> frozenset[int]:
        """Return a partner's tenant and those of all partners below it (decision 43)."""

    def add_partner(
        self, partner_id: str, name: str, *, parent_tenant_id: int | None, demo: bool, now_us: int
    ) -> Partner | None:
        """Store a new partner in a tenant of its own; None if the id is taken."""

    def save_partner(self, tenant_id: int, name: str, *, parent_tenant_id: int | None) -> None:
        """Rename or move a partner."""

    def oauth_client(self, client_id: str, *, lock: bool = False) -> OAuthClient | None:
        """Return a client with all credentials; `lock` holds it until the transaction ends."""

    def known_client(self, client_id: str) -> KnownClient | None:
        """Return a client with its partner's reach."""

    def oauth_clients(self) -> list[OAuthClient]:
        """Return all clients, by id."""

    def add_oauth_client(
        self, tenant_id: int, client_id: str, settings: ClientSettings, *, secret: NewCredential, now_us: int
    ) -> bool:
        """Store a new client of a partner; False if the id is taken."""

    def save_oauth_client(
        self, client: OAuthClient, settings: ClientSettings, *, tenant_id: int, epoch: int, now_us: int
    ) -> None:
        """Replace a client's settings, epoch and partner."""

    def rotate_secret(self, client: OAuthClient, secret: NewCredential, *, old_until_us: int, now_us: int) -> None:
        """Put a new secret in place; the present ones stay valid until `old_until_us`, older ones go."""
