"""SCR clients and their credentials: settings as JSON, secrets as keyed hashes, passwords that must be shown sealed."""

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy import bindparam, insert, select, update

from fallwerk.domain.account.model import Credential, IdentClass, ScrClient, ScrSettings
from fallwerk.domain.account.ports import NewCredential
from fallwerk.domain.identcase.model import Method
from fallwerk.store.credentials import add_credentials, credentials_of, end_credentials
from fallwerk.store.statements import insert_new
from fallwerk.store.tables import scr_client, tenant

if TYPE_CHECKING:
    from fallwerk.store.unit import Unit

_c: Final = scr_client.c
_BY_ID: Final = select(scr_client).where(_c.client_id == bindparam("client"))
_BY_ID_LOCKED: Final = _BY_ID.with_for_update()
BY_TENANT: Final = select(scr_client).where(_c.tenant_id == bindparam("tenant"))


class Accounts:
    """See `domain.account.ports.AccountRepository`."""

    def __init__(self, unit: "Unit") -> None:
        self._unit = unit

    def scr_client(self, client_id: str, *, lock: bool = False) -> ScrClient | None:
        """Return a client by the id in its URLs; `lock` holds it until the transaction ends."""
        row = self._unit.execute(_BY_ID_LOCKED if lock else _BY_ID, {"client": client_id}).one_or_none()
        return None if row is None else self._client(row)

    def scr_client_of(self, tenant_id: int) -> ScrClient | None:
        """Return a client by its tenant."""
        row = self._unit.execute(BY_TENANT, {"tenant": tenant_id}).one_or_none()
        return None if row is None else self._client(row)

    def scr_clients(self) -> list[ScrClient]:
        """Return all clients, by client id."""
        return [self._client(row) for row in self._unit.execute(select(scr_client).order_by(_c.client_id)).all()]

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
        """Store a new client in a tenant of its own."""
        tenant_id = self._unit.new_id()
        secrets = {"data": [[data_password, None]], "webhook": settings.webhook_password}
        values = {
            "tenant_id": tenant_id,
            "client_id": client_id,
            "settings": _settings_text(settings),
            "secrets_sealed": self._unit.sealer.seal(orjson.dumps(secrets), _context(tenant_id)),
            "created_us": now_us,
            "modified_us": now_us,
        }
        if not insert_new(self._unit, scr_client, values):
            return None
        self._unit.execute(insert(tenant), {"tenant_id": tenant_id, "kind": "scr", "demo": demo, "created_us": now_us})
        add_credentials(self._unit, tenant_id, credentials)
        self.changed()
        return self.scr_client_of(tenant_id)

    def save_settings(self, tenant_id: int, settings: ScrSettings, now_us: int) -> None:
        """Replace a client's settings."""
        secrets = self._secrets(tenant_id)
        secrets["webhook"] = settings.webhook_password
        self._save(tenant_id, now_us, secrets, settings=_settings_text(settings))
        self.changed()

    def rotate(
        self,
        tenant_id: int,
        *,
        data_password: str,
        credentials: tuple[NewCredential, ...],
        old_until_us: int,
        now_us: int,
    ) -> None:
        """Put new secrets in place; the present ones end at `old_until_us`."""
        end_credentials(self._unit, tenant_id, old_until_us=old_until_us, now_us=now_us)
        add_credentials(self._unit, tenant_id, credentials)
        secrets = self._secrets(tenant_id)
        kept = [[word, min(end or old_until_us, old_until_us)] for word, end in secrets["data"]]
        secrets["data"] = [[data_password, None], *[entry for entry in kept if entry[1] > now_us]]
        self._save(tenant_id, now_us, secrets)
        self.changed()

    def _secrets(self, tenant_id: int) -> dict[str, Any]:
        sealed = self._unit.execute(select(_c.secrets_sealed).where(_c.tenant_id == tenant_id)).scalar_one()
        return orjson.loads(self._unit.sealer.open(sealed, _context(tenant_id)))  # type: ignore[no-any-return]

    def _save(self, tenant_id: int, now_us: int, secrets: dict[str, Any], **values: str) -> None:
        sealed = self._unit.sealer.seal(orjson.dumps(secrets), _context(tenant_id))
        statement = update(scr_client).where(_c.tenant_id == tenant_id)
        self._unit.execute(statement.values(secrets_sealed=sealed, modified_us=now_us, **values))

    def demo_data(self) -> bool:
        """Tell whether any tenant holds demo data."""
        return self._unit.execute(select(tenant.c.tenant_id).where(tenant.c.demo).limit(1)).first() is not None

    def changed(self) -> None:
        """Let every process drop the accounts it holds once this is committed."""
        self._unit.changed_accounts = True

    def _client(self, row: Any) -> ScrClient:  # noqa: ANN401 - a row of the table
        return self.read(row, credentials_of(self._unit, row.tenant_id))

    def read(self, row: Any, credentials: tuple[Credential, ...]) -> ScrClient:  # noqa: ANN401 - a row of the table
        """Turn what `BY_TENANT` finds into a client."""
        secrets = orjson.loads(self._unit.sealer.open(row.secrets_sealed, _context(row.tenant_id)))
        return ScrClient(
            tenant_id=row.tenant_id,
            client_id=row.client_id,
            settings=replace(_settings(row.settings), webhook_password=secrets["webhook"]),
            data_passwords=tuple((word, end) for word, end in secrets["data"]),
            credentials=credentials,
        )


def _settings_text(settings: ScrSettings) -> str:
    values = asdict(settings)
    # The webhook's password is needed in clear to send it, so it stands sealed beside the settings.
    del values["webhook_password"]
    return orjson.dumps(values).decode()


def _settings(text: str) -> ScrSettings:
    values = orjson.loads(text)
    known = {name: value for name, value in values.items() if name in ScrSettings.__dataclass_fields__}
    known["ident_class"] = IdentClass(known["ident_class"])
    for name in ("methods", "declined_closes"):
        known[name] = tuple(Method(method) for method in known[name])
    for name in ("webhook_events", "webhook_hosts"):
        known[name] = tuple(known[name])
    return ScrSettings(**known)


def _context(tenant_id: int) -> bytes:
    return b"secrets|%d" % tenant_id
