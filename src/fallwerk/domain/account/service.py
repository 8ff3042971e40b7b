"""Use cases around an account; each function is exactly one transaction."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from fallwerk.domain.account.errors import ClientIdMalformed, ClientIdTaken, ClientUnknown, SettingsRefused
from fallwerk.domain.account.model import ScrClient, ScrSettings
from fallwerk.domain.account.ports import NewCredential
from fallwerk.domain.account.rules import is_client_id, setting_faults
from fallwerk.domain.audit.model import Actor, AuditEvent
from fallwerk.domain.unit_of_work import UnitOfWork
from fallwerk.kit.ids import new_client_id, new_secret

SECOND_US: Final = 1_000_000
ATTEMPTS: Final = 10
"""Draws of a new client id; with 36^8 of them one nearly always is enough."""


@dataclass(frozen=True, slots=True)
class NewScrClient:
    """A client with the secrets that are shown this once; each has at least 128 random bits."""

    client: ScrClient
    username: str
    password: str
    data_password: str
    alive_username: str
    alive_password: str


def create_scr_client(
    uow: UnitOfWork, settings: ScrSettings, *, client_id: str | None, now_us: int, actor: Actor
) -> NewScrClient:
    """
    Open an account for the SCR APIs.

    Source: C-01, S-02, S-81; decision 36.

    Args:
        client_id: None draws one of eight characters.

    Raises:
        ClientIdMalformed, ClientIdTaken, SettingsRefused: nothing was stored.
    """
    _refuse_bad(settings)
    if client_id is not None and not is_client_id(client_id):
        raise ClientIdMalformed
    for _ in range(ATTEMPTS if client_id is None else 1):
        chosen = client_id or new_client_id()
        secrets = _new_secrets(_username(chosen), _alive_username(chosen))
        client = uow.accounts.add_scr_client(
            chosen,
            settings,
            data_password=secrets.data_password,
            credentials=secrets.credentials,
            demo=False,
            now_us=now_us,
        )
        if client is not None:
            details = {"clientId": chosen, "settings": _names(ScrSettings(), settings)}
            uow.audit.add(AuditEvent(client.tenant_id, now_us, actor, "account.created", chosen, {**details}))
            return secrets.of(client)
    raise ClientIdTaken


def update_scr_client(
    uow: UnitOfWork, client_id: str, change: Callable[[ScrSettings], ScrSettings], *, now_us: int, actor: Actor
) -> ScrClient:
    """
    Change the settings of an account.

    Source: C-01.

    Args:
        change: Makes the new settings of the present ones.

    Raises:
        ClientUnknown, SettingsRefused: nothing was changed.
    """
    client = known_client(uow, client_id, lock=True)
    settings = change(client.settings)
    _refuse_bad(settings)
    changed = _names(client.settings, settings)
    if not changed:
        return client
    uow.accounts.save_settings(client.tenant_id, settings, now_us)
    details: dict[str, str | int | bool | None] = {"settings": changed}
    uow.audit.add(AuditEvent(client.tenant_id, now_us, actor, "account.changed", client_id, details))
    return replace(client, settings=settings)


def rotate_scr_client(uow: UnitOfWork, client_id: str, *, overlap_s: int, now_us: int, actor: Actor) -> NewScrClient:
    """
    Give an account new passwords and a new data password; its user names stay.

    Source: C-01.

    Args:
        overlap_s: The present secrets stay valid for so many seconds, 0 ends them at once.

    Raises:
        ClientUnknown: nothing was changed.
    """
    client = known_client(uow, client_id, lock=True)
    username, alive_username = usernames(client)
    secrets = _new_secrets(username or _username(client_id), alive_username or _alive_username(client_id))
    uow.accounts.rotate(
        client.tenant_id,
        data_password=secrets.data_password,
        credentials=secrets.credentials,
        old_until_us=now_us + overlap_s * SECOND_US,
        now_us=now_us,
    )
    details: dict[str, str | int | bool | None] = {"overlapSeconds": overlap_s}
    uow.audit.add(AuditEvent(client.tenant_id, now_us, actor, "account.rotated", client_id, details))
    return secrets.of(known_client(uow, client_id))


def known_client(uow: UnitOfWork, client_id: str, *, lock: bool = False) -> ScrClient:
    """
    Return a client; `lock` lets nobody else change it before the transaction ends.

    Raises:
        ClientUnknown: there is none with this id.
    """
    client = uow.accounts.scr_client(client_id, lock=lock)
    if client is None:
        raise ClientUnknown
    return client


def usernames(client: ScrClient) -> tuple[str | None, str | None]:
    """Return the current user names of the account and of its availability check; None for one it does not have."""
    current = {found.alive_only: found.username for found in client.credentials if found.valid_until_us is None}
    return current.get(False), current.get(True)


def _username(client_id: str) -> str:
    return f"scr-{client_id.lower()}"


def _alive_username(client_id: str) -> str:
    return f"alive-{client_id.lower()}"


@dataclass(frozen=True, slots=True)
class _Secrets:
    credentials: tuple[NewCredential, NewCredential]
    data_password: str

    def of(self, client: ScrClient) -> NewScrClient:
        main, alive = self.credentials
        return NewScrClient(client, main.username, main.password, self.data_password, alive.username, alive.password)


def _new_secrets(username: str, alive_username: str) -> _Secrets:
    main = NewCredential(username, new_secret())
    return _Secrets((main, NewCredential(alive_username, new_secret(), alive_only=True)), new_secret())


def _refuse_bad(settings: ScrSettings) -> None:
    faults = setting_faults(settings)
    if faults:
        raise SettingsRefused(faults)


def _names(before: ScrSettings, after: ScrSettings) -> str:
    """Names of the settings that differ: the audit log holds no values, one of them is a password."""
    fields = ScrSettings.__dataclass_fields__
    return ",".join(name for name in fields if getattr(before, name) != getattr(after, name))
