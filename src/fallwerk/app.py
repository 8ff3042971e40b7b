"""
The composition root: the only place that joins store, adapters and worker to what the domain asks for.

`create_app` makes the ASGI application of one server process; starting it opens the store and begins to work.
"""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import structlog
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from fallwerk.adapters.addresses import AddressPolicy
from fallwerk.adapters.webhook_http import WebhookSender
from fallwerk.apis.scr_delivery import openapi as delivery_openapi
from fallwerk.apis.scr_delivery.mapping import render_list_form, single_from_list
from fallwerk.apis.scr_delivery.routes import DeliveryRoutes
from fallwerk.apis.scr_start import openapi as start_openapi
from fallwerk.apis.scr_start.alive import AliveCheck
from fallwerk.apis.scr_start.routes import StartRoutes
from fallwerk.dialects.scr.accounts import ScrAccounts
from fallwerk.dialects.scr.router import ScrApi
from fallwerk.domain.account.demo import DEMO_CLIENTS, seed
from fallwerk.domain.account.model import ScrSettings
from fallwerk.domain.errors import StoreUnavailable
from fallwerk.kit.clock import Clock
from fallwerk.kit.journal import Journal
from fallwerk.kit.logs import request_log
from fallwerk.kit.metrics import Metrics
from fallwerk.kit.server_plan import StartRefused
from fallwerk.kit.shared import SharedState
from fallwerk.kit.slowdown import Slowdown
from fallwerk.own.admin.routes import AdminDeps, admin_api
from fallwerk.own.health.routes import health_routes
from fallwerk.own.observer import Observer
from fallwerk.own.openapi import routes as openapi
from fallwerk.own.sandbox.clock import SandboxClock, Turns
from fallwerk.own.sandbox.faults import FaultBook
from fallwerk.own.sandbox.reset import Reset
from fallwerk.own.sandbox.routes import SandboxRoutes
from fallwerk.settings import Settings
from fallwerk.store.blobs import BlobStore
from fallwerk.store.database import Database
from fallwerk.store.keys import KeyFile, KeysUnreadable, parse_keys
from fallwerk.store.postgres import PostgresDatabase
from fallwerk.store.schema import prepare
from fallwerk.store.sealing import MasterKey, Sealer, SealBroken
from fallwerk.store.sqlite import SqliteDatabase
from fallwerk.store.unit import StoreContext
from fallwerk.web.portal import routes as portal
from fallwerk.web.portal.cases import finder
from fallwerk.worker.handlers import Duties, sealing
from fallwerk.worker.loop import Worker

log = structlog.get_logger()

SCR_PREFIX: Final = "/api/scr/"
SANDBOX_PREFIX: Final = "/sandbox"
ADMIN_PREFIX: Final = "/admin"


def master_keys(settings: Settings) -> tuple[MasterKey, ...]:
    """
    Read the master keys; in the sandbox the first one is made.

    Raises:
        KeysUnreadable: missing or malformed.
    """
    if settings.master_key is not None:
        return parse_keys(settings.master_key.get_secret_value())
    if settings.master_key_file is None:
        msg = "no master key is set"
        raise KeysUnreadable(msg)
    file = KeyFile(settings.master_key_file)
    return file.read() if settings.is_production else file.read_or_create()


def open_database(settings: Settings) -> Database:
    """Bring the schema up to date and return the database, not started yet."""
    sealer = Sealer(master_keys(settings))
    context = StoreContext(sealer, prepare(settings.database_url, sealer))
    if settings.is_sqlite:
        return SqliteDatabase(settings.sqlite_path, context, readers=settings.sqlite_readers)
    return PostgresDatabase(settings.database_url, context, pool_size=settings.postgres_pool_size)


def process_exists(pid: int) -> bool:
    """Tell whether a process of this host lives, whoever owns it."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class Fallwerk:
    """
    One server process, composed.

    Args:
        shared: Made before the processes were forked.
    """

    def __init__(self, settings: Settings, shared: SharedState) -> None:
        self.settings = settings
        self.shared = shared
        self.clock = Clock(shared)
        self.database = open_database(settings)
        self.blobs = BlobStore(settings.blob_url)
        self.journal = Journal(
            shared, self.clock, lifetime_s=settings.journal_seconds, masked=settings.is_production
        )
        self.metrics = Metrics()
        self.slowdown = Slowdown()
        self.owner = f"{os.uname().nodename}/{os.getpid()}/{uuid.uuid4().hex[:8]}"
        self.sender = WebhookSender(
            policy=AddressPolicy(not settings.is_production, settings.webhook_allowed_networks),
            timeout_s=settings.webhook_timeout_s,
            ca_file=settings.webhook_ca_file,
        )
        self.worker = self._worker()
        self.alive = AliveCheck(self.available, clock=self.clock, generation=lambda: shared.generation)
        self.scr = self._scr()
        self.faults = FaultBook(self.database, shared)
        self.turns = Turns(self.database, self.clock)
        self.sandbox_clock = SandboxClock(self.database, self.clock, shared, self.turns, self.worker.run_until)
        self.sandbox = None if settings.is_production else self._sandbox()
        self.admin = self._admin()

    def _admin(self) -> ASGIApp:
        deps = AdminDeps(
            store=self.database,
            clock=self.clock,
            token=self.settings.admin_token.get_secret_value(),
            render=render_list_form,
            slowdown=self.slowdown,
            status=self.status,
            # Plain http is for the sandbox; a production account must ask for it (S-14).
            defaults=ScrSettings(webhook_http_allowed=not self.settings.is_production),
            max_body_bytes=self.settings.max_body_bytes,
        )
        return admin_api(deps)

    def _sandbox(self) -> ASGIApp:
        reset = Reset(self.database, self.clock, self.shared, self.turns, self.journal, self.blobs.wipe)
        routes = SandboxRoutes(
            store=self.database,
            clock=self.clock,
            sandbox_clock=self.sandbox_clock,
            faults=self.faults,
            journal=self.journal,
            reset=reset,
            render=render_list_form,
            single_form=single_from_list,
        )
        return routes.api(token=self.settings.admin_token.get_secret_value(), slowdown=self.slowdown)

    def _worker(self) -> Worker:
        duties = Duties(
            store=self.database,
            clock=self.clock,
            sender=self.sender,
            render=render_list_form,
            erase_journal=self.journal.erase_case,
            compact_store=self.database.compact,
            compact_delay_us=int(self.settings.compaction_delay_s * 1_000_000),
            count_delivery=self.metrics.delivered,
        )
        return Worker(
            self.database,
            self.clock,
            owner=self.owner,
            is_dead=self._is_dead,
            handlers=duties.handlers(),
            every_beat=(
                lambda: self.shared.beat(self.clock.system_now_us()),
                self.journal.expire,
                sealing(self.database, self.clock, lambda uow: uow.audit),  # type: ignore[arg-type, return-value]
            ),
        )

    def _is_dead(self, owner: str) -> bool:
        """Tell whether a process of this host is gone; with SQLite there is no other process than this one."""
        if self.settings.is_sqlite:
            return True
        host, pid, _ = owner.split("/")
        return host == os.uname().nodename and not process_exists(int(pid))

    def _scr(self) -> ScrApi:
        start = StartRoutes(self.database, self.clock, self.alive, self.settings.public_base_url)
        delivery = DeliveryRoutes(self.database, self.clock)
        accounts = ScrAccounts(
            self.database,
            hash_of=self.database.context.hashes.secret,
            clock=self.clock,
            slowdown=self.slowdown,
            generation=lambda: self.shared.generation,
        )
        operations = (*start.operations(), *delivery.operations())
        return ScrApi(operations, accounts, max_body_bytes=self.settings.max_body_bytes)

    def pages(self) -> list[Route]:
        """Return what is neither a provider's API nor our own control: health, descriptions, the portal."""
        base = self.settings.public_base_url
        documents = {
            "scr_start": lambda: start_openapi.document(base),
            "scr_delivery": lambda: delivery_openapi.document(base),
        }
        return [
            *health_routes(self.readiness, self.metrics),
            *openapi.routes(documents),
            *portal.routes(finder(self.database), clock=self.clock, slowdown=self.slowdown),
        ]

    async def components(self) -> dict[str, bool]:
        """Look at every component for real."""
        database, blobs = await asyncio.gather(self.database.check(), self.blobs.check())
        worker = self.shared.worker_alive(self.clock.system_now_us())
        return {"database": database, "blobstore": blobs, "worker": worker}

    async def status(self) -> dict[str, Any]:
        """Tell an operator where the system stands (D-68, C-07)."""
        now_us = self.clock.now_us()
        waiting = await self.database.read(lambda unit: unit.due.waiting(now_us))
        return {
            "mode": self.settings.mode,
            "components": await self.readiness(),
            "dueWork": waiting,
            "masterKeys": [key.key_id for key in self.database.context.sealer.keys],
            "webhookSourceAddresses": [str(network) for network in self.settings.webhook_source_addresses],
        }

    async def readiness(self) -> dict[str, bool]:
        """Look at every component; one that the sandbox declares unavailable is."""
        found = await self.components()
        for component in () if self.settings.is_production else await self.faults.unavailable():
            found[component.value] = False
        return found

    async def available(self) -> bool:
        """Tell whether every component is available (S-80)."""
        return all((await self.readiness()).values())

    async def start(self) -> None:
        """Open the store, make sure of the demo data, begin to work."""
        context = self.database.context
        context.on_due_work = self.worker.wake
        context.on_accounts_changed = self.shared.bump_generation  # type: ignore[assignment]
        await self.database.start()
        await self._demo_data()
        if not self.settings.is_production:
            await self.sandbox_clock.restore()
        self.shared.beat(self.clock.system_now_us())
        await self.worker.start()

    async def _demo_data(self) -> None:
        if not self.settings.is_production:
            now_us = self.clock.now_us()
            await self.database.write(lambda uow: seed(uow, now_us))
        elif await self.database.read(lambda uow: uow.accounts.demo_data()):
            msg = "the database holds the sandbox's demo data; production needs a database of its own"
            raise StartRefused(msg)

    async def stop(self) -> None:
        """Finish what is under way and close."""
        await self.worker.stop()
        await self.sender.close()
        await self.database.stop()


def create_app(settings: Settings, shared: SharedState) -> ASGIApp:
    """
    Make the application of one server process.

    Raises:
        StartRefused: no database, no keys; starting can be refused for the same reasons.
    """
    try:
        system = Fallwerk(settings, shared)
    except (StoreUnavailable, KeysUnreadable, SealBroken) as error:
        raise StartRefused(str(error)) from error

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        try:
            await system.start()
        except StoreUnavailable as error:
            raise StartRefused(str(error)) from error
        try:
            yield
        finally:
            await system.stop()

    rest = Starlette(routes=system.pages(), lifespan=lifespan)

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        # The busiest prefix goes straight to its API; a target that was encoded as a whole holds it further in (D-25).
        if scope["type"] == "http" and SCR_PREFIX in scope["path"]:
            await system.scr(scope, receive, send)
        elif scope["type"] == "http" and scope["path"].startswith(ADMIN_PREFIX):
            await system.admin(scope, receive, send)
        elif scope["type"] == "http" and scope["path"].startswith(SANDBOX_PREFIX) and system.sandbox is not None:
            await system.sandbox(scope, receive, send)
        else:
            await rest(scope, receive, send)

    return Observer(
        dispatch,
        clock=system.clock,
        journal=system.journal,
        metrics=system.metrics,
        request_log=request_log(),
        faults=None if settings.is_production else system.faults,
        https=settings.public_base_url.startswith("https:"),
    )




def announce(settings: Settings) -> str:
    """Return what a person who starts the server wants to know first: addresses and, in the sandbox, credentials."""
    base = settings.public_base_url
    lines = [f"Fallwerk ({settings.mode}, {'SQLite' if settings.is_sqlite else 'PostgreSQL'})", ""]
    lines += [f"  APIs        {base}/api/scr/v1/{{clientId}}/cases", f"  OpenAPI     {base}/openapi/"]
    if not settings.is_production:
        token = settings.admin_token.get_secret_value()
        lines += [f"  Sandbox     {base}/sandbox/v1   Authorization: Bearer {token}", "", "  Demo clients"]
        for demo in DEMO_CLIENTS:
            users = ", ".join(f"{known.username} / {known.password}" for known in demo.credentials)
            lines.append(f"  {demo.client_id}    {users}")
    return "\n".join(lines) + "\n"
