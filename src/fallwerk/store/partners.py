"""Partners of the loan platform, their tree, and their OAuth clients; secrets as keyed hashes in `credential`."""

from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy import bindparam, insert, select, update

from fallwerk.domain.account.ports import NewCredential
from fallwerk.domain.partner.model import ClientSettings, Edition, KnownClient, OAuthClient, Partner
from fallwerk.store.credentials import add_credentials, credentials_of, end_credentials, move_credentials
from fallwerk.store.loan_tables import oauth_client, partner
from fallwerk.store.statements import insert_new
from fallwerk.store.tables import tenant

if TYPE_CHECKING:
    from fallwerk.store.unit import Unit

KIND: Final = "partner"

_p: Final = partner.c
_o: Final = oauth_client.c
_above: Final = partner.alias("above")
_PARTNERS: Final = select(partner, _above.c.partner_id.label("parent_id")).select_from(
    partner.outerjoin(_above, _p.parent_tenant_id == _above.c.tenant_id)
)
_BY_ID: Final = _PARTNERS.where(_p.partner_id == bindparam("partner"))
_BY_TENANT: Final = _PARTNERS.where(_p.tenant_id == bindparam("tenant"))
_TREE_LOCKED: Final = select(_p.tenant_id).order_by(_p.tenant_id).with_for_update()

_below: Final = select(_p.tenant_id).where(_p.tenant_id == bindparam("tenant")).cte("below", recursive=True)
# A union without duplicates ends even in a tree that somebody tied into a ring behind our back.
_REACH: Final = select(_below.union(select(_p.tenant_id).where(_p.parent_tenant_id == _below.c.tenant_id)))

_CLIENTS: Final = select(oauth_client, _p.partner_id).select_from(
    oauth_client.join(partner, _o.tenant_id == _p.tenant_id)
)
_CLIENT: Final = _CLIENTS.where(_o.client_id == bindparam("client"))
_CLIENT_LOCKED: Final = _CLIENT.with_for_update(of=oauth_client)


class Partners:
    """See `domain.partner.ports.PartnerRepository`."""

    def __init__(self, unit: "Unit") -> None:
        self._unit = unit

    def partner(self, partner_id: str) -> Partner | None:
        """Return a partner by its five characters."""
        row = self._unit.execute(_BY_ID, {"partner": partner_id}).one_or_none()
        return None if row is None else _partner(row)

    def partner_of(self, tenant_id: int) -> Partner | None:
        """Return a partner by its tenant."""
        row = self._unit.execute(_BY_TENANT, {"tenant": tenant_id}).one_or_none()
        return None if row is None else _partner(row)

    def partners(self) -> list[Partner]:
        """Return all partners, by id."""
        return [_partner(row) for row in self._unit.execute(_PARTNERS.order_by(_p.partner_id))]

    def lock_tree(self) -> None:
        """Let nobody else move partners before the transaction ends; SQLite has one writer anyway."""
        self._unit.execute(_TREE_LOCKED).all()

    def reach(self, tenant_id: int) -> frozenset[int]:
        """Return a partner's tenant and those of all partners below it."""
        return frozenset(self._unit.execute(_REACH, {"tenant": tenant_id}).scalars())

    def add_partner(
        self, partner_id: str, name: str, *, parent_tenant_id: int | None, demo: bool, now_us: int
    ) -> Partner | None:
        """Store a new partner in a tenant of its own."""
        tenant_id = self._unit.new_id()
        values = {
            "tenant_id": tenant_id,
            "partner_id": partner_id,
            "parent_tenant_id": parent_tenant_id,
            "name": name,
            "created_us": now_us,
        }
        if not insert_new(self._unit, partner, values):
            return None
        self._unit.execute(insert(tenant), {"tenant_id": tenant_id, "kind": KIND, "demo": demo, "created_us": now_us})
        self._unit.accounts.changed()
        return self.partner_of(tenant_id)

    def save_partner(self, tenant_id: int, name: str, *, parent_tenant_id: int | None) -> None:
        """Rename or move a partner."""
        changed = update(partner).where(_p.tenant_id == tenant_id)
        self._unit.execute(changed.values(name=name, parent_tenant_id=parent_tenant_id))
        self._unit.accounts.changed()

    def oauth_client(self, client_id: str, *, lock: bool = False) -> OAuthClient | None:
        """Return a client with all credentials; `lock` holds it until the transaction ends."""
        row = self._unit.execute(_CLIENT_LOCKED if lock else _CLIENT, {"client": client_id}).one_or_none()
        return None if row is None else self._client(row)

    def known_client(self, client_id: str) -> KnownClient | None:
        """Return a client with its partner's reach."""
        client = self.oauth_client(client_id)
        return None if client is None else KnownClient(client, self.reach(client.tenant_id))

    def oauth_clients(self) -> list[OAuthClient]:
        """Return all clients, by id."""
        return [self._client(row) for row in self._unit.execute(_CLIENTS.order_by(_o.client_id)).all()]

    def add_oauth_client(
        self, tenant_id: int, client_id: str, settings: ClientSettings, *, secret: NewCredential, now_us: int
    ) -> bool:
        """Store a new client of a partner; False if the id is taken."""
        values = {
            "tenant_id": tenant_id,
            "client_id": client_id,
            "settings": _settings_text(settings, 0),
            "active": settings.active,
            "created_us": now_us,
            "modified_us": now_us,
        }
        if not insert_new(self._unit, oauth_client, values):
            return False
        add_credentials(self._unit, tenant_id, (secret,))
        self._unit.accounts.changed()
        return True

    def save_oauth_client(
        self, client: OAuthClient, settings: ClientSettings, *, tenant_id: int, epoch: int, now_us: int
    ) -> None:
        """Replace a client's settings, epoch and partner."""
        mine = (_o.tenant_id == client.tenant_id, _o.client_id == client.client_id)
        values = {
            "tenant_id": tenant_id,
            "settings": _settings_text(settings, epoch),
            "active": settings.active,
            "modified_us": now_us,
        }
        self._unit.execute(update(oauth_client).where(*mine).values(values))
        if tenant_id != client.tenant_id:
            move_credentials(self._unit, client.client_id, from_tenant_id=client.tenant_id, to_tenant_id=tenant_id)
        self._unit.accounts.changed()

    def rotate_secret(self, client: OAuthClient, secret: NewCredential, *, old_until_us: int, now_us: int) -> None:
        """Put a new secret in place; the present ones end at `old_until_us`."""
        end_credentials(self._unit, client.tenant_id, client.client_id, old_until_us=old_until_us, now_us=now_us)
        add_credentials(self._unit, client.tenant_id, (secret,))
        self._unit.accounts.changed()

    def _client(self, row: Any) -> OAuthClient:  # noqa: ANN401 - a row of the table
        kept = orjson.loads(row.settings)
        return OAuthClient(
            tenant_id=row.tenant_id,
            partner_id=row.partner_id,
            client_id=row.client_id,
            settings=ClientSettings(tuple(kept["scopes"]), Edition(kept["edition"]), bool(row.active)),
            epoch=kept["epoch"],
            credentials=credentials_of(self._unit, row.tenant_id, row.client_id),
        )


def _partner(row: Any) -> Partner:  # noqa: ANN401 - a row of the query
    return Partner(row.tenant_id, row.partner_id, row.name, row.parent_id)


def _settings_text(settings: ClientSettings, epoch: int) -> str:
    return orjson.dumps({"scopes": settings.scopes, "edition": settings.edition.value, "epoch": epoch}).decode()
