"""The operations of the admin API (control-api.md "Admin API"): parse, ask the service, render."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import orjson
from starlette.responses import Response

from fallwerk.dialects.problem import bad_request
from fallwerk.domain.account.model import ScrSettings
from fallwerk.domain.account.rules import setting_faults
from fallwerk.domain.account.service import create_scr_client, known_client, rotate_scr_client, update_scr_client
from fallwerk.domain.audit.model import SYSTEM_CHAIN, Actor, ChainReport
from fallwerk.domain.audit.system import note_backup
from fallwerk.domain.idempotency import Answer
from fallwerk.domain.identcase.errors import CaseUnknown
from fallwerk.domain.identcase.lifecycle import Role
from fallwerk.domain.identcase.ports import ResultRenderer
from fallwerk.domain.identcase.service.change import STARTED, Change, change_delivery
from fallwerk.domain.unit_of_work import Transactions, UnitOfWork
from fallwerk.kit.clock import Clock
from fallwerk.kit.slowdown import Slowdown
from fallwerk.own.admin import mapping
from fallwerk.own.admin.errors import WIRE
from fallwerk.own.admin.events import events_of
from fallwerk.own.admin.orders import BYTES_MAX, OrderIntake
from fallwerk.own.admin.schema import BackupBody, NewClientBody, RotateBody, SettingsBody, check_body, read_body
from fallwerk.own.api import JSON, NDJSON, Call, Operation, OwnApi, answer_once, json_answer

PREFIX: Final = "/admin/v1"
CREATED: Final = 201
NO_CONTENT: Final = 204
OK: Final = 200

SettingsT = TypeVar("SettingsT", bound=SettingsBody)


@dataclass(frozen=True, slots=True)
class AdminDeps:
    """
    What the admin API needs.

    Args:
        token: The bearer token; with an empty one nobody is let in.
        render: The list form of a delivery result.
        rotate_keys: Puts a new master key in place, seals everything anew, notes who had it done, returns the key's id.
        status: Tells queue sizes, key ids and the webhooks' source addresses (D-68).
        defaults: What a setting is that a new client does not name.
    """

    store: Transactions
    clock: Clock
    token: str
    render: ResultRenderer
    slowdown: Slowdown
    status: Callable[[], Awaitable[Mapping[str, Any]]]
    rotate_keys: Callable[[Actor], Awaitable[int]]
    defaults: ScrSettings = field(default_factory=ScrSettings)
    max_body_bytes: int = 1024 * 1024


def admin_api(deps: AdminDeps, *more: Operation) -> OwnApi:
    """
    Return the ASGI application of everything under `/admin`.

    Args:
        more: Operations of the other areas.
    """
    return OwnApi(PREFIX, (*AdminRoutes(deps).operations(), *more), deps.token, deps.slowdown, WIRE)


@dataclass(frozen=True, slots=True)
class AdminRoutes:
    """Handlers over the store."""

    deps: AdminDeps

    def operations(self) -> tuple[Operation, ...]:
        """Return the operations."""
        size = self.deps.max_body_bytes
        return (
            Operation("createScrClient", "POST", "scr-clients", self.create_client, JSON, size),
            Operation("listScrClients", "GET", "scr-clients", self.list_clients),
            Operation("showScrClient", "GET", "scr-clients/{clientId}", self.show_client),
            Operation("changeScrClient", "PATCH", "scr-clients/{clientId}", self.change_client, JSON, size),
            Operation("rotateScrClient", "POST", "scr-clients/{clientId}/rotate", self.rotate_client, JSON, size),
            Operation("releaseOrder", "POST", "cases/{caseId}/release", self.release_order),
            Operation("orderDeliveries", "POST", "delivery-orders", self.order_deliveries, NDJSON, BYTES_MAX),
            # The literal path stands first: it takes another method, so no client id is shadowed.
            Operation("verifyAudit", "POST", "audit/verify", self.verify_audit),
            Operation("listSystemEvents", "GET", "audit/system", self.list_system_events),
            Operation("listAuditEvents", "GET", "audit/{clientId}", self.list_events),
            Operation("showStatus", "GET", "status", self.show_status),
            Operation("noteBackup", "POST", "backups", self.note_backup, JSON, size),
            Operation("rotateKeys", "POST", "keys/rotate", self.rotate_keys),
        )

    async def rotate_keys(self, call: Call) -> Response:
        """Replace the master key; answers when every value is sealed anew and the old key is gone (C-04)."""
        return json_answer({"masterKey": await self.deps.rotate_keys(call.actor)})

    async def note_backup(self, call: Call) -> Response:
        """Note in the system's chain that a backup was made: `fallwerk backup create` keeps none without."""
        body, now_us = read_body(BackupBody, call.json()), self.deps.clock.now_us()
        await self.deps.store.write(
            lambda uow: note_backup(
                uow, rows=body.rows, keys_encrypted=body.keysEncrypted, actor=call.actor, now_us=now_us
            )
        )
        return Response(status_code=NO_CONTENT)

    async def create_client(self, call: Call) -> Response:
        """Open an account; its secrets are shown this once (C-01)."""
        body = read_settings(NewClientBody, call.json(), self.deps.defaults)
        settings = mapping.apply_settings(body, self.deps.defaults, self.deps.defaults)
        now_us = self.deps.clock.now_us()

        def create(uow: UnitOfWork) -> Answer:
            new = create_scr_client(uow, settings, client_id=body.clientId, now_us=now_us, actor=call.actor)
            return Answer(CREATED, orjson.dumps(mapping.new_client_json(new)))

        return await answer_once(self.deps.store, call, create, now_us)

    async def list_clients(self, _call: Call) -> Response:
        """List all clients without their secrets."""
        clients = await self.deps.store.read(lambda uow: uow.accounts.scr_clients())
        return json_answer([mapping.client_json(client) for client in clients])

    async def show_client(self, call: Call) -> Response:
        """Show a client without its secrets."""
        client = await self.deps.store.read(lambda uow: known_client(uow, call.parameters["clientId"]))
        return json_answer(mapping.client_json(client))

    async def change_client(self, call: Call) -> Response:
        """Change the settings that the body names; null puts one back to its default."""
        defaults = self.deps.defaults
        body = read_settings(SettingsBody, call.json(), defaults)
        client = await self.deps.store.write(
            lambda uow: update_scr_client(
                uow,
                call.parameters["clientId"],
                lambda present: mapping.apply_settings(body, present, defaults),
                now_us=self.deps.clock.now_us(),
                actor=call.actor,
            )
        )
        return json_answer(mapping.client_json(client))

    async def rotate_client(self, call: Call) -> Response:
        """Give an account new secrets; the present ones stay valid for `overlapSeconds` (C-01)."""
        overlap_s = read_body(RotateBody, call.json()).overlapSeconds or 0
        client_id, now_us = call.parameters["clientId"], self.deps.clock.now_us()

        def rotate(uow: UnitOfWork) -> Answer:
            new = rotate_scr_client(uow, client_id, overlap_s=overlap_s, now_us=now_us, actor=call.actor)
            return Answer(OK, orjson.dumps(mapping.new_client_json(new)))

        return await answer_once(self.deps.store, call, rotate, now_us)

    async def release_order(self, call: Call) -> Response:
        """Release an order that came with `"release":false`; the answer is the case's result."""
        case_id, now_us = call.parameters["caseId"], self.deps.clock.now_us()

        def release(uow: UnitOfWork) -> bytes:
            tenant_id = uow.cases.find_tenant(case_id)
            if tenant_id is None:
                raise CaseUnknown
            change_delivery(uow, Change(tenant_id, case_id, STARTED, call.actor, Role.SYSTEM, now_us), self.deps.render)
            return uow.cases.result(tenant_id, case_id) or b"{}"

        return Response(await self.deps.store.write(release), media_type="application/json")

    async def order_deliveries(self, call: Call) -> Response:
        """Take orders for delivery cases, one a line (D-06)."""
        intake = OrderIntake(self.deps.store, self.deps.clock, self.deps.render)
        repeated = call.idempotency(call.body)
        return json_answer(await intake.take(call.body, actor=call.actor, repeated=repeated))

    async def list_events(self, call: Call) -> Response:
        """List an SCR client's audit events, newest first, optionally of one `subject`."""
        return await events_of(
            self.deps.store, call, lambda uow: known_client(uow, call.parameters["clientId"]).tenant_id
        )

    async def list_system_events(self, call: Call) -> Response:
        """List the audit events that concern no tenant, or all."""
        return await events_of(self.deps.store, call, lambda _: SYSTEM_CHAIN.tenant_id)

    async def verify_audit(self, _call: Call) -> Response:
        """Recompute the hash chain of every tenant (C-02)."""
        chains = []
        for tenant in await self.deps.store.read(lambda uow: uow.audit.tenants()):
            # One tenant at a time: a snapshot over all of them would stay open for long.
            report = await self._verify(tenant.tenant_id)
            chains.append(mapping.chain_json(tenant, report))
        return json_answer({"sound": all(chain["brokenAt"] is None for chain in chains), "chains": chains})

    async def _verify(self, tenant_id: int) -> ChainReport:
        return await self.deps.store.read(lambda uow: uow.audit.verify(tenant_id))

    async def show_status(self, _call: Call) -> Response:
        """Show queue sizes, key ids and the webhooks' source addresses (D-68)."""
        return json_answer(dict(await self.deps.status()))


def read_settings(model: type[SettingsT], value: object, defaults: ScrSettings) -> SettingsT:
    """
    Read a body of settings.

    Raises:
        Problem: 400 with every fault, of types and of values, where types are wrong; values alone are the domain's.
    """
    body, faults = check_body(model, value)
    if body is None or faults:
        known = {fault.pointer.split("/")[1] for fault in faults if fault.pointer}
        settings = defaults if body is None else mapping.apply_settings(body, defaults, defaults)
        values = [fault for fault in mapping.pointed(setting_faults(settings)) if fault.pointer[1:] not in known]
        raise bad_request([*faults, *values])
    return body
