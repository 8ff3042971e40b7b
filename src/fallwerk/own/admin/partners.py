"""Operations of the admin API around partners and their OAuth clients (control-api.md "Admin API"; C-01)."""

from dataclasses import dataclass
from typing import Final

import orjson
from starlette.responses import Response

from fallwerk.domain.idempotency import Answer
from fallwerk.domain.partner.model import ClientSettings, Edition
from fallwerk.domain.partner.service import (
    change_oauth_client,
    change_partner,
    create_oauth_client,
    create_partner,
    known_oauth_client,
    known_partner,
    rotate_oauth_client,
)
from fallwerk.domain.unit_of_work import Transactions, UnitOfWork
from fallwerk.kit.clock import Clock
from fallwerk.own.admin import mapping
from fallwerk.own.admin.events import events_of
from fallwerk.own.admin.schema import (
    NewOAuthClientBody,
    NewPartnerBody,
    OAuthClientBody,
    PartnerBody,
    RotateBody,
    read_body,
)
from fallwerk.own.api import JSON, Call, Operation, answer_once, json_answer

CREATED: Final = 201
OK: Final = 200


@dataclass(frozen=True, slots=True)
class PartnerAdmin:
    """
    Handlers over the store.

    Args:
        default_partner: Whose a new client is that names no partner; None gives it one of its own.
    """

    store: Transactions
    clock: Clock
    default_partner: str | None

    def operations(self) -> tuple[Operation, ...]:
        """Return the operations."""
        return (
            Operation("createOAuthClient", "POST", "oauth-clients", self.create_client, JSON),
            Operation("listOAuthClients", "GET", "oauth-clients", self.list_clients),
            Operation("showOAuthClient", "GET", "oauth-clients/{clientId}", self.show_client),
            Operation("changeOAuthClient", "PATCH", "oauth-clients/{clientId}", self.change_client, JSON),
            Operation("rotateOAuthClient", "POST", "oauth-clients/{clientId}/rotate", self.rotate_client, JSON),
            Operation("createPartner", "POST", "partners", self.create_partner, JSON),
            Operation("listPartners", "GET", "partners", self.list_partners),
            Operation("showPartner", "GET", "partners/{partnerId}", self.show_partner),
            Operation("listPartnerEvents", "GET", "partners/{partnerId}/audit", self.list_events),
            Operation("changePartner", "PATCH", "partners/{partnerId}", self.change_partner, JSON),
        )

    async def create_client(self, call: Call) -> Response:
        """Open a client; its secret is shown this once (C-01)."""
        body, now_us = read_body(NewOAuthClientBody, call.json()), self.clock.now_us()
        partner_id = self.default_partner if body.partnerId is None else body.partnerId

        def create(uow: UnitOfWork) -> Answer:
            settings = changed_settings(body, ClientSettings(()))
            new = create_oauth_client(
                uow, settings, client_id=body.clientId, partner_id=partner_id, now_us=now_us, actor=call.actor
            )
            return Answer(CREATED, orjson.dumps(mapping.new_oauth_client_json(new)))

        return await answer_once(self.store, call, create, now_us)

    async def list_clients(self, _call: Call) -> Response:
        """List all clients without their secrets."""
        clients = await self.store.read(lambda uow: uow.partners.oauth_clients())
        return json_answer([mapping.oauth_client_json(client) for client in clients])

    async def show_client(self, call: Call) -> Response:
        """Show a client without its secrets."""
        client = await self.store.read(lambda uow: known_oauth_client(uow, call.parameters["clientId"]))
        return json_answer(mapping.oauth_client_json(client))

    async def change_client(self, call: Call) -> Response:
        """Change what the body names; `"active": false` ends the client's tokens for good."""
        body, now_us = read_body(OAuthClientBody, call.json()), self.clock.now_us()
        client = await self.store.write(
            lambda uow: change_oauth_client(
                uow,
                call.parameters["clientId"],
                lambda present: changed_settings(body, present),
                partner_id=body.partnerId,
                now_us=now_us,
                actor=call.actor,
            )
        )
        return json_answer(mapping.oauth_client_json(client))

    async def rotate_client(self, call: Call) -> Response:
        """Give a client a new secret; the present one stays valid for `overlapSeconds` (C-01)."""
        overlap_s = read_body(RotateBody, call.json()).overlapSeconds or 0
        client_id, now_us = call.parameters["clientId"], self.clock.now_us()

        def rotate(uow: UnitOfWork) -> Answer:
            new = rotate_oauth_client(uow, client_id, overlap_s=overlap_s, now_us=now_us, actor=call.actor)
            return Answer(OK, orjson.dumps(mapping.new_oauth_client_json(new)))

        return await answer_once(self.store, call, rotate, now_us)

    async def create_partner(self, call: Call) -> Response:
        """Take a partner into the tree (decision 43)."""
        body, now_us = read_body(NewPartnerBody, call.json()), self.clock.now_us()

        def create(uow: UnitOfWork) -> Answer:
            partner = create_partner(
                uow, body.partnerId, body.name or "", parent_id=body.parentId, now_us=now_us, actor=call.actor
            )
            return Answer(CREATED, orjson.dumps(mapping.partner_json(partner)))

        return await answer_once(self.store, call, create, now_us)

    async def list_partners(self, _call: Call) -> Response:
        """List all partners."""
        return json_answer(
            [mapping.partner_json(one) for one in await self.store.read(lambda uow: uow.partners.partners())]
        )

    async def show_partner(self, call: Call) -> Response:
        """Show a partner."""
        partner = await self.store.read(lambda uow: known_partner(uow, call.parameters["partnerId"]))
        return json_answer(mapping.partner_json(partner))

    async def list_events(self, call: Call) -> Response:
        """List the audit events of a partner and its clients, newest first, optionally of one `subject`."""
        return await events_of(self.store, call, lambda uow: known_partner(uow, call.parameters["partnerId"]).tenant_id)

    async def change_partner(self, call: Call) -> Response:
        """Rename a partner, or move it with everything below it."""
        body, now_us = read_body(PartnerBody, call.json()), self.clock.now_us()
        moved = "parentId" in body.model_fields_set
        partner = await self.store.write(
            lambda uow: change_partner(
                uow,
                call.parameters["partnerId"],
                name=body.name,
                parent_id=lambda present: body.parentId if moved else present,
                now_us=now_us,
                actor=call.actor,
            )
        )
        return json_answer(mapping.partner_json(partner))


def changed_settings(body: OAuthClientBody, present: ClientSettings) -> ClientSettings:
    """Return the settings with those changed that the body names; null counts as not named."""
    return ClientSettings(
        scopes=present.scopes if body.scopes is None else tuple(body.scopes),
        edition=present.edition if body.edition is None else Edition(body.edition),
        active=present.active if body.active is None else body.active,
    )
