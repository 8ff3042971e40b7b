"""
The sandbox's demo partners and OAuth clients, the same at every first start and after every reset.

Source: control-api.md "Demo data"; decision 43. `ABC34` stands below `ABC12` and is in its reach, `XYZ99` is not.
"""

from dataclasses import dataclass
from typing import Final

from fallwerk.domain.account.ports import NewCredential
from fallwerk.domain.audit.model import SYSTEM, AuditEvent
from fallwerk.domain.partner.model import SCOPES, ClientSettings
from fallwerk.domain.partner.service import known_partner
from fallwerk.domain.unit_of_work import UnitOfWork

DEMO_PARTNER: Final = "ABC12"
DEMO_PARTNERS: Final = (
    (DEMO_PARTNER, "Demo-Vertrieb", None),
    ("ABC34", "Demo-Vertrieb, Filiale", DEMO_PARTNER),
    ("XYZ99", "Anderer Vertrieb", None),
)
"""Id, name and the one above; parents first."""


@dataclass(frozen=True, slots=True)
class DemoOAuthClient:
    """One demo client of the demo partner."""

    client_id: str
    secret: str
    scopes: tuple[str, ...]


DEMO_OAUTH_CLIENTS: Final = (
    DemoOAuthClient("demo-kex", "demo-kex-secret", SCOPES),
    DemoOAuthClient("demo-kex-narrow", "demo-kex-narrow-secret", ("privatkredit:vorgang:lesen",)),
)


def seed(uow: UnitOfWork, now_us: int) -> None:
    """
    Create the demo partners and clients that are not there yet; one that exists stays as it is.

    Raises nothing of its own; call it in sandbox mode only.
    """
    for partner_id, name, parent_id in DEMO_PARTNERS:
        parent = None if parent_id is None else uow.partners.partner(parent_id)
        parent_tenant = None if parent is None else parent.tenant_id
        made = uow.partners.add_partner(partner_id, name, parent_tenant_id=parent_tenant, demo=True, now_us=now_us)
        if made is not None:
            details: dict[str, str | int | bool | None] = {"demo": True}
            uow.audit.add(AuditEvent(made.tenant_id, now_us, SYSTEM, "partner.created", partner_id, details))
    owner = known_partner(uow, DEMO_PARTNER)
    for demo in DEMO_OAUTH_CLIENTS:
        secret = NewCredential(demo.client_id, demo.secret)
        settings = ClientSettings(demo.scopes)
        if uow.partners.add_oauth_client(owner.tenant_id, demo.client_id, settings, secret=secret, now_us=now_us):
            details = {"demo": True}
            uow.audit.add(AuditEvent(owner.tenant_id, now_us, SYSTEM, "oauth client.created", demo.client_id, details))
