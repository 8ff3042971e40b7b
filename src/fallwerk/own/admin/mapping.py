"""The admin API's JSON ↔ the domain; pure functions."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

import orjson

from fallwerk.dialects.problem import PointedFault
from fallwerk.dialects.scr.orderdata import AddressData
from fallwerk.dialects.scr.ordermapping import to_address
from fallwerk.domain.account.errors import SettingFault
from fallwerk.domain.account.model import IdentClass, ScrClient, ScrSettings
from fallwerk.domain.account.service import NewScrClient, usernames
from fallwerk.domain.audit.model import AuditedTenant, ChainReport
from fallwerk.domain.identcase.model import Address, Method
from fallwerk.domain.identcase.ports import DeliveryOrder, Recipient
from fallwerk.domain.partner.model import OAuthClient, Partner
from fallwerk.domain.partner.service import NewOAuthClient
from fallwerk.kit.clock import utc_text
from fallwerk.own.admin.schema import OrderLine, SettingsBody


def _camel_case(name: str) -> str:
    return re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), name)


WIRE_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {name: _camel_case(name) for name in ScrSettings.__dataclass_fields__}
)
"""Field of `ScrSettings` → its name in the control API."""
PASSWORD: Final = "webhook_password"  # noqa: S105 - the setting's name


def apply_settings(body: SettingsBody, present: ScrSettings, defaults: ScrSettings) -> ScrSettings:
    """Return the settings with those changed that the body names; null puts one back to its default."""
    changes: dict[str, Any] = {}
    for name, wire_name in WIRE_NAMES.items():
        if wire_name in body.model_fields_set:
            value = getattr(body, wire_name)
            changes[name] = getattr(defaults, name) if value is None else _to_domain(name, value)
    return replace(present, **changes)


def _to_domain(name: str, value: Any) -> Any:  # noqa: ANN401 - the schema checked its type
    if name == "ident_class":
        return IdentClass(value)
    if name in {"methods", "declined_closes"}:
        return tuple(Method(method) for method in value)
    return tuple(value) if isinstance(value, list) else value


def pointed(faults: Sequence[SettingFault]) -> list[PointedFault]:
    """Name the domain's settings as the caller does."""
    return [PointedFault(f"/{WIRE_NAMES[fault.name]}", fault.message) for fault in faults]


def pointed_fields(faults: Sequence[SettingFault]) -> list[PointedFault]:
    """Name other fields of the domain as the caller does."""
    return [PointedFault(f"/{_camel_case(fault.name)}", fault.message) for fault in faults]


def settings_json(settings: ScrSettings) -> dict[str, Any]:
    """Render settings; the webhook's password only as whether there is one."""
    values = {wire: getattr(settings, name) for name, wire in WIRE_NAMES.items() if name != PASSWORD}
    return {**values, "webhookPasswordSet": bool(settings.webhook_password)}


def client_json(client: ScrClient) -> dict[str, Any]:
    """Render a client without its secrets."""
    username, alive_username = usernames(client)
    names = {"clientId": client.client_id, "username": username, "aliveUsername": alive_username}
    return {**names, **settings_json(client.settings)}


def new_client_json(new: NewScrClient) -> dict[str, str]:
    """Render what a caller is shown this once."""
    return {
        "clientId": new.client.client_id,
        "username": new.username,
        "password": new.password,
        "dataPassword": new.data_password,
        "aliveUsername": new.alive_username,
        "alivePassword": new.alive_password,
    }


def partner_json(partner: Partner) -> dict[str, Any]:
    """Render a partner."""
    return {"partnerId": partner.partner_id, "name": partner.name, "parentId": partner.parent_id}


def oauth_client_json(client: OAuthClient) -> dict[str, Any]:
    """Render an OAuth client without its secrets."""
    return {
        "clientId": client.client_id,
        "partnerId": client.partner_id,
        "scopes": list(client.settings.scopes),
        "edition": client.settings.edition.value,
        "active": client.settings.active,
    }


def new_oauth_client_json(new: NewOAuthClient) -> dict[str, Any]:
    """Render what a caller is shown this once."""
    known = oauth_client_json(new.client)
    return {"clientId": known.pop("clientId"), "clientSecret": new.secret, **known}


def event_json(event: Mapping[str, Any]) -> dict[str, Any]:
    """Render an audit event as the store keeps it."""
    return {
        "eventId": event["event_id"],
        "at": utc_text(event["at_us"]),
        "actor": event["actor"],
        "address": event["address"],
        "action": event["action"],
        "subject": event["subject"],
        "details": orjson.loads(event["details"]),
        "sealed": event["seal_number"] is not None,
    }


def chain_json(tenant: AuditedTenant, report: ChainReport) -> dict[str, Any]:
    """Render what a verification found; the system's own chain has no name."""
    return {
        "kind": tenant.kind,
        "name": tenant.name,
        "seals": report.seals,
        "events": report.events,
        "unsealed": report.unsealed,
        "brokenAt": report.broken_at,
    }


def to_delivery_order(line: OrderLine) -> DeliveryOrder:
    """Turn a checked line's physical side into the domain's."""
    recipient, back = line.recipient, line.returnAddress
    address = to_address(AddressData.model_validate(recipient.address.model_dump()))
    return DeliveryOrder(
        recipient=Recipient(
            first_name=recipient.firstName,
            last_name=recipient.lastName,
            birth_date=recipient.birthDate,
            address=address or Address(),
            return_name=back.name,
            return_address=Address(back.streetAddress, None, back.postalCode, back.city, back.country),
        ),
        job_id=line.jobId or None,
        position=line.position,
    )
