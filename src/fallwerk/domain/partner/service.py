"""Use cases around partners and their OAuth clients; each function is exactly one transaction."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from fallwerk.domain.account.errors import SettingFault
from fallwerk.domain.account.ports import NewCredential
from fallwerk.domain.audit.model import Actor, AuditEvent
from fallwerk.domain.partner.errors import (
    FieldsRefused,
    OAuthClientTaken,
    OAuthClientUnknown,
    ParentUnknown,
    PartnerLoop,
    PartnerTaken,
    PartnerUnknown,
)
from fallwerk.domain.partner.model import ClientSettings, OAuthClient, Partner
from fallwerk.domain.partner.rules import client_faults, is_partner_id, partner_faults
from fallwerk.domain.unit_of_work import UnitOfWork
from fallwerk.kit.ids import new_oauth_client_id, new_partner_id, new_secret

SECOND_US: Final = 1_000_000
ATTEMPTS: Final = 10
"""Draws of a new id; nearly always one is enough."""


@dataclass(frozen=True, slots=True)
class NewOAuthClient:
    """A client with the secret that is shown this once."""

    client: OAuthClient
    secret: str


def create_partner(
    uow: UnitOfWork, partner_id: str | None, name: str, *, parent_id: str | None, now_us: int, actor: Actor
) -> Partner:
    """
    Take a partner into the tree.

    Source: decision 43, C-01.

    Args:
        partner_id: None draws one.
        parent_id: None puts it at the top.

    Raises:
        FieldsRefused, ParentUnknown, PartnerTaken: nothing was stored.
    """
    _refuse(partner_faults(partner_id, name))
    parent = _parent(uow, parent_id)
    for _ in range(ATTEMPTS if partner_id is None else 1):
        chosen = partner_id or new_partner_id()
        parent_tenant = None if parent is None else parent.tenant_id
        partner = uow.partners.add_partner(chosen, name, parent_tenant_id=parent_tenant, demo=False, now_us=now_us)
        if partner is not None:
            details: dict[str, str | int | bool | None] = {"parentId": parent_id}
            uow.audit.add(AuditEvent(partner.tenant_id, now_us, actor, "partner.created", chosen, details))
            return partner
    raise PartnerTaken


def change_partner(
    uow: UnitOfWork,
    partner_id: str,
    *,
    name: str | None,
    parent_id: Callable[[str | None], str | None],
    now_us: int,
    actor: Actor,
) -> Partner:
    """
    Rename a partner, or move it with everything below it to another place in the tree.

    Source: decision 43, C-01.

    Args:
        name: None keeps the present one.
        parent_id: Makes the new parent's id of the present one's.

    Raises:
        PartnerUnknown, FieldsRefused, ParentUnknown, PartnerLoop: nothing was changed.
    """
    # Two moves at once could make a loop that neither of them sees.
    uow.partners.lock_tree()
    present = known_partner(uow, partner_id)
    wanted = replace(present, name=present.name if name is None else name, parent_id=parent_id(present.parent_id))
    _refuse(partner_faults(None, wanted.name))
    parent = _parent(uow, wanted.parent_id)
    if parent is not None and parent.tenant_id in uow.partners.reach(present.tenant_id):
        raise PartnerLoop
    if wanted != present:
        parent_tenant = None if parent is None else parent.tenant_id
        uow.partners.save_partner(present.tenant_id, wanted.name, parent_tenant_id=parent_tenant)
        details: dict[str, str | int | bool | None] = {"parentId": wanted.parent_id}
        uow.audit.add(AuditEvent(present.tenant_id, now_us, actor, "partner.changed", partner_id, details))
    return wanted


def known_partner(uow: UnitOfWork, partner_id: str) -> Partner:
    """
    Return a partner.

    Raises:
        PartnerUnknown: there is none with this id.
    """
    partner = uow.partners.partner(partner_id)
    if partner is None:
        raise PartnerUnknown
    return partner


def open_partner(uow: UnitOfWork, partner_id: str | None, *, now_us: int, actor: Actor) -> Partner:
    """
    Return a partner; one that does not exist yet is made, at the top of the tree.

    Whoever sets up a client or a loan case names its partner, and need not make it before.

    Raises:
        FieldsRefused: this cannot be a partner's id.
    """
    found = None if partner_id is None else uow.partners.partner(partner_id)
    if found is not None:
        return found
    try:
        return create_partner(uow, partner_id, "", parent_id=None, now_us=now_us, actor=actor)
    except PartnerTaken:
        # Somebody else was faster; theirs is as good.
        return known_partner(uow, partner_id or "")


def create_oauth_client(
    uow: UnitOfWork,
    settings: ClientSettings,
    *,
    client_id: str | None,
    partner_id: str | None,
    now_us: int,
    actor: Actor,
) -> NewOAuthClient:
    """
    Open a client of a partner.

    Source: C-01, U-01; decision 43.

    Args:
        client_id: None draws one.
        partner_id: One that does not exist yet is made; None makes a new partner.

    Raises:
        FieldsRefused, OAuthClientTaken: nothing was stored.
    """
    _refuse(client_faults(client_id, partner_id, settings))
    partner = open_partner(uow, partner_id, now_us=now_us, actor=actor)
    for _ in range(ATTEMPTS if client_id is None else 1):
        chosen = client_id or new_oauth_client_id()
        secret = NewCredential(chosen, new_secret())
        if uow.partners.add_oauth_client(partner.tenant_id, chosen, settings, secret=secret, now_us=now_us):
            details: dict[str, str | int | bool | None] = {"scopes": " ".join(settings.scopes)}
            uow.audit.add(AuditEvent(partner.tenant_id, now_us, actor, "oauth client.created", chosen, details))
            return NewOAuthClient(known_oauth_client(uow, chosen), secret.password)
    raise OAuthClientTaken


def change_oauth_client(
    uow: UnitOfWork,
    client_id: str,
    change: Callable[[ClientSettings], ClientSettings],
    *,
    partner_id: str | None,
    now_us: int,
    actor: Actor,
) -> OAuthClient:
    """
    Change a client's settings or partner; to deactivate it ends its tokens for good.

    Source: C-01, U-02.

    Args:
        change: Makes the new settings of the present ones.
        partner_id: None keeps the present partner; one that does not exist yet is made.

    Raises:
        OAuthClientUnknown, FieldsRefused: nothing was changed.
    """
    client = known_oauth_client(uow, client_id, lock=True)
    settings = change(client.settings)
    _refuse(client_faults(None, partner_id, settings))
    moved = partner_id is not None and partner_id != client.partner_id
    if settings == client.settings and not moved:
        return client
    tenant_id = open_partner(uow, partner_id, now_us=now_us, actor=actor).tenant_id if moved else client.tenant_id
    # A client that is let in again later must not bring along what it was given before.
    epoch = client.epoch + (client.settings.active and not settings.active)
    uow.partners.save_oauth_client(client, settings, tenant_id=tenant_id, epoch=epoch, now_us=now_us)
    details: dict[str, str | int | bool | None] = {
        "scopes": " ".join(settings.scopes),
        "edition": settings.edition.value,
        "active": settings.active,
    }
    for tenant in dict.fromkeys((client.tenant_id, tenant_id)):
        uow.audit.add(AuditEvent(tenant, now_us, actor, "oauth client.changed", client_id, details))
    return known_oauth_client(uow, client_id)


def rotate_oauth_client(
    uow: UnitOfWork, client_id: str, *, overlap_s: int, now_us: int, actor: Actor
) -> NewOAuthClient:
    """
    Give a client a new secret.

    Source: C-01.

    Args:
        overlap_s: The present secret stays valid for so many seconds. 0 ends it at once, and the tokens that were
            fetched with it: it may have been stolen.

    Raises:
        OAuthClientUnknown: nothing was changed.
    """
    client = known_oauth_client(uow, client_id, lock=True)
    secret = NewCredential(client_id, new_secret())
    uow.partners.rotate_secret(client, secret, old_until_us=now_us + overlap_s * SECOND_US, now_us=now_us)
    if overlap_s == 0:
        uow.partners.save_oauth_client(
            client, client.settings, tenant_id=client.tenant_id, epoch=client.epoch + 1, now_us=now_us
        )
    details: dict[str, str | int | bool | None] = {"overlapSeconds": overlap_s}
    uow.audit.add(AuditEvent(client.tenant_id, now_us, actor, "oauth client.rotated", client_id, details))
    return NewOAuthClient(known_oauth_client(uow, client_id), secret.password)


def known_oauth_client(uow: UnitOfWork, client_id: str, *, lock: bool = False) -> OAuthClient:
    """
    Return a client; `lock` lets nobody else change it before the transaction ends.

    Raises:
        OAuthClientUnknown: there is none with this id.
    """
    client = uow.partners.oauth_client(client_id, lock=lock)
    if client is None:
        raise OAuthClientUnknown
    return client


def _parent(uow: UnitOfWork, parent_id: str | None) -> Partner | None:
    if parent_id is None:
        return None
    # What cannot be an id is not looked for: no database takes every text.
    parent = uow.partners.partner(parent_id) if is_partner_id(parent_id) else None
    if parent is None:
        raise ParentUnknown
    return parent


def _refuse(faults: Iterable[SettingFault]) -> None:
    found = tuple(faults)
    if found:
        raise FieldsRefused(found)
