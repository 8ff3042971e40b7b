"""
The composition root: the only place that joins store, adapters and worker to what the domain asks for.

`create_app` makes the ASGI application of one server process; starting it opens the store and begins to work.
"""

import asyncio
import importlib
import os
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from fallwerk.adapters.addresses import AddressPolicy
from fallwerk.adapters.webhook_http import WebhookSender
from fallwerk.apis.scr_delivery.mapping import render_list_form, single_from_list
from fallwerk.apis.scr_delivery.routes import DeliveryRoutes
from fallwerk.apis.scr_start.alive import AliveCheck
from fallwerk.apis.scr_start.routes import StartRoutes
from fallwerk.dialects.problem import unserved
from fallwerk.dialects.scr.accounts import ScrAccounts
from fallwerk.dialects.scr.router import ScrApi
from fallwerk.domain.account.demo import DEMO_CLIENTS, seed
from fallwerk.domain.account.errors import KeysFromEnvironment
from fallwerk.domain.account.model import ScrSettings
from fallwerk.domain.errors import StoreUnavailable
from fallwerk.kit import tracing
from fallwerk.kit.clock import Clock
from fallwerk.kit.hosts import process_exists, this_host
from fallwerk.kit.journal import Journal
from fallwerk.kit.logs import request_log
from fallwerk.kit.metrics import Metrics
from fallwerk.kit.one_look import OneLook
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
from fallwerk.settings import DEMO_ADMIN_TOKEN, Settings
from fallwerk.store.blobs import BlobStore
from fallwerk.store.database import Database
from fallwerk.store.keys import KeyFile, KeysUnreadable, parse_keys
from fallwerk.store.schema import prepare
from fallwerk.store.sealing import MasterKey, SealBroken, Sealer
from fallwerk.store.sqlite import SqliteDatabase, WriterHeld
from fallwerk.store.unit import StoreContext
from fallwerk.web.portal import routes as portal
from fallwerk.web.portal.cases import finder
from fallwerk.worker.handlers import Duties
from fallwerk.worker.housekeeping import Seldom, expiring_answers, sealing
from fallwerk.worker.loop import Worker

if TYPE_CHECKING:
    from fallwerk.adapters.tls import DevCertificates

log = structlog.get_logger()

SCR_PREFIX: Final = "/api/scr/"
SANDBOX_PREFIX: Final = "/sandbox"
ADMIN_PREFIX: Final = "/admin"
SOON_US: Final = 250_000
KEYS_SETTLE_S: Final = 3.0
"""How long a rotation waits for the other processes to take up a changed key file: three beats."""


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
    from fallwerk.store.postgres import PostgresDatabase  # noqa: PLC0415 - its driver costs start-up time

    return PostgresDatabase(settings.database_url, context, pool_size=settings.postgres_pool_size)


def _document(name: str, public_base_url: str) -> dict[str, Any]:
    """Generate an API's description; its modules are loaded when somebody asks for it."""
    document: dict[str, Any] = importlib.import_module(f"fallwerk.apis.{name}.openapi").document(public_base_url)
    return document


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
        self.journal = Journal(shared, self.clock, lifetime_s=settings.journal_seconds, masked=settings.is_production)
        self.metrics = Metrics()
        self.slowdown = Slowdown()
        self.owner = f"{this_host()}/{os.getpid()}/{uuid.uuid4().hex[:8]}"
        self.sender = WebhookSender(
            policy=AddressPolicy(not settings.is_production, settings.webhook_allowed_networks),
            timeout_s=settings.webhook_timeout_s,
            ca_file=settings.webhook_ca_file,
        )
        self.worker = self._worker()
        self.alive = AliveCheck(self.available, clock=self.clock, shared=shared)
        self.scr = self._scr()
        self._components = OneLook(self._look_at_components)
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
            rotate_keys=self.rotate_keys,
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
            erase_journal=self.journal.erase_cases,
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
            concurrency=self.settings.worker_concurrency,
            lease_s=self.settings.worker_lease_s,
            every_beat=(
                self._beat,
                self.journal.expire,
                self._take_up_keys,
                Seldom(sealing(self.database, self.clock), self.settings.seal_interval_s),
                Seldom(expiring_answers(self.database, self.clock), 60),
                Seldom(self._measure, 15),
            ),
        )

    def _beat(self) -> None:
        """Give a sign of life, if the worker takes work at all."""
        if self.worker.alive():
            self.shared.beat(self.clock.system_now_us())

    def _take_up_keys(self) -> None:
        """Notice that a rotation has changed the key file."""
        file = self.settings.master_key_file
        if self.settings.master_key is None and file is not None:
            keys = KeyFile(file).read()
            if keys != self.database.context.sealer.keys:
                self.database.context.sealer.replace(keys)
                log.info("keys.taken_up", newest=keys[0].key_id, keys=len(keys))

    async def _measure(self) -> None:
        """Renew the numbers that come from the store."""
        now_us = self.clock.now_us()
        queue = await self.database.read(lambda unit: unit.due.queue(now_us))
        unsealed = await self.database.read(lambda unit: unit.audit.unsealed())
        self.metrics.due_pending.set(queue.pending)
        self.metrics.due_lag_s.set(queue.lag_us / 1_000_000)
        self.metrics.audit_unsealed.set(unsealed.events)
        self.metrics.audit_lag_s.set(max(0, now_us - (unsealed.oldest_us or now_us)) / 1_000_000)

    def _is_dead(self, owner: str) -> bool:
        """Tell whether a process of this host is gone; with SQLite there is no other process than this one."""
        if self.settings.is_sqlite:
            return True
        host, pid, _ = owner.split("/")
        if host != this_host() or owner == self.owner:
            return False
        # A process that carries our number is our predecessor, as it always is in a container.
        return int(pid) == os.getpid() or not process_exists(int(pid))

    def _scr(self) -> ScrApi:
        start = StartRoutes(self.database, self.clock, self.alive, self.settings.public_base_url)
        delivery = DeliveryRoutes(self.database, self.clock)
        accounts = ScrAccounts(
            self.database,
            hash_of=self.database.context.hashes.secret,
            clock=self.clock,
            slowdown=self.slowdown,
            generation=lambda: self.shared.generation,
            fresh_s=self.settings.account_cache_s,
        )
        operations = (*start.operations(), *delivery.operations())
        return ScrApi(operations, accounts, max_body_bytes=self.settings.max_body_bytes)

    def pages(self) -> list[Route]:
        """Return what is neither a provider's API nor our own control: health, descriptions, the portal."""
        base = self.settings.public_base_url
        documents = {
            "scr_start": lambda: _document("scr_start", base),
            "scr_delivery": lambda: _document("scr_delivery", base),
        }
        return [
            *health_routes(self.readiness, self.metrics),
            *openapi.routes(documents),
            *portal.routes(finder(self.database), clock=self.clock, slowdown=self.slowdown),
        ]

    async def components(self) -> dict[str, bool]:
        """Look at every component for real; who asks during a look gets its answer: `/readyz` is open to everybody."""
        return dict(await self._components())

    async def _look_at_components(self) -> dict[str, bool]:
        database, blobs = await asyncio.gather(self.database.check(), self.blobs.check())
        worker = self.shared.worker_alive(self.clock.system_now_us())
        return {"database": database, "blobstore": blobs, "worker": worker}

    async def rotate_keys(self) -> int:
        """
        Replace the master key.

        Raises:
            KeysFromEnvironment: the operator replaces keys that the environment gives.
        """
        from fallwerk.store.rotation import rotate  # noqa: PLC0415 - rare

        file = self.settings.master_key_file
        if self.settings.master_key is not None or file is None:
            raise KeysFromEnvironment
        # Every server process takes up a changed key file with its worker's next beat.
        settle_s = 0.0 if self.settings.is_sqlite else KEYS_SETTLE_S
        return await rotate(self.database, KeyFile(file), lambda: asyncio.sleep(settle_s))

    async def status(self) -> dict[str, Any]:
        """Tell an operator where the system stands (D-68, C-07)."""
        now_us = self.clock.now_us()
        queue = await self.database.read(lambda unit: unit.due.queue(now_us))
        return {
            "mode": self.settings.mode,
            "components": await self.readiness(),
            "dueWork": {"pending": queue.pending, "due": queue.due, "lagSeconds": queue.lag_us / 1_000_000},
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
        context.on_due_work = self._work_written
        context.on_accounts_changed = self.shared.bump_generation  # type: ignore[assignment]
        await self.database.start()
        await self._demo_data()
        if not self.settings.is_production:
            await self.sandbox_clock.restore()
        if self.settings.worker_enabled:
            self.shared.beat(self.clock.system_now_us())
            await self.worker.start()

    def _work_written(self, due_us: int) -> None:
        """Wake the worker for work that falls due before it would look by itself."""
        if due_us <= self.clock.now_us() + SOON_US:
            self.worker.wake()

    async def _demo_data(self) -> None:
        if not self.settings.is_production:
            now_us = self.clock.now_us()
            await self.database.write(lambda uow: seed(uow, now_us))
        elif await self.database.read(lambda uow: uow.accounts.demo_data()):
            msg = "the database holds the sandbox's demo data; production needs a database of its own"
            raise StartRefused(msg)

    async def stop(self) -> None:
        """Finish what is under way and close; whatever fails meanwhile, the database is closed in good order."""
        try:
            if self.settings.worker_enabled:
                await self.worker.stop()
            await self.sender.close()
        finally:
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
            if settings.otel_endpoint is not None:
                tracing.configure(settings.otel_endpoint, version=metadata.version("fallwerk"))
            await system.start()
        except (StoreUnavailable, tracing.TracingUnavailable) as error:
            raise StartRefused(str(error)) from error
        try:
            yield
        finally:
            await system.stop()
            tracing.shutdown()

    rest = Starlette(routes=system.pages(), lifespan=lifespan, exception_handlers={HTTPException: unserved})

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


class ServerRuns(StartRefused):
    """Another process has this database open for writing."""


@asynccontextmanager
async def admin_alone(settings: Settings) -> AsyncIterator[ASGIApp]:
    """
    Open the store and offer the admin API in this process, for commands: nothing is served, no worker runs.

    Raises:
        ServerRuns: a server has the embedded database; ask it instead.
        StartRefused: no database, no keys.
    """
    try:
        system = Fallwerk(settings, SharedState())
        await system.database.start()
    except WriterHeld as error:
        raise ServerRuns(str(error)) from error
    except (StoreUnavailable, KeysUnreadable, SealBroken) as error:
        raise StartRefused(str(error)) from error
    try:
        yield system.admin
    finally:
        await system.database.stop()


def back_up(settings: Settings, target: Path, passphrase: str | None) -> int:
    """
    Back the whole system up, running or not; return the number of rows.

    Raises:
        StartRefused: it cannot be done; the message says why.
    """
    from fallwerk.store.backup import BackupRefused, create_backup  # noqa: PLC0415 - for commands only

    try:
        return create_backup(settings.database_url, master_keys(settings), _blob_folder(settings), target, passphrase)
    except (BackupRefused, KeysUnreadable, StoreUnavailable, OSError) as error:
        raise StartRefused(str(error)) from error


def restore(settings: Settings, source: Path, passphrase: str | None) -> int:
    """
    Restore a backup into an empty system; return the number of rows.

    Raises:
        StartRefused: it cannot be done; nothing was changed.
    """
    from fallwerk.store.backup import BackupRefused, restore_backup  # noqa: PLC0415 - for commands only

    key_file = None if settings.master_key is not None else settings.master_key_file
    try:
        return restore_backup(source, settings.database_url, key_file, _blob_folder(settings), passphrase)
    except (BackupRefused, KeysUnreadable, StoreUnavailable, OSError) as error:
        raise StartRefused(str(error)) from error


def dev_certificates(settings: Settings, hostnames: Sequence[str]) -> "DevCertificates":
    """
    Make a development authority and a server certificate of it in the data folder, or keep those that are there.

    Raises:
        StartRefused: the folder cannot be written, or a name cannot stand in a certificate.
    """
    from fallwerk.adapters.tls import make_dev_ca  # noqa: PLC0415 - for commands only

    try:
        return make_dev_ca(settings.data_dir / "tls", hostnames, clock=Clock())
    except (OSError, ValueError) as error:
        raise StartRefused(f"cannot make certificates: {error}") from error


def _blob_folder(settings: Settings) -> Path | None:
    """Return the local blob store's folder; an object store is backed up where it lies."""
    return Path(settings.blob_url.removeprefix("file://")) if settings.blob_url.startswith("file://") else None


def announce(settings: Settings) -> str:
    """Return what a person who starts the server wants to know first: addresses and, in the sandbox, credentials."""
    base = settings.public_base_url
    lines = [f"Fallwerk ({settings.mode}, {'SQLite' if settings.is_sqlite else 'PostgreSQL'})", ""]
    lines += [f"  APIs        {base}/api/scr/v1/{{clientId}}/cases", f"  OpenAPI     {base}/openapi/"]
    if not settings.is_production:
        token = settings.admin_token.get_secret_value()
        # The demo token is published; one that somebody chose has no place on a terminal or in its log (C-04).
        shown = token if token == DEMO_ADMIN_TOKEN else "•••"
        lines += [f"  Sandbox     {base}/sandbox/v1   Authorization: Bearer {shown}", "", "  Demo clients"]
        for demo in DEMO_CLIENTS:
            users = ", ".join(f"{known.username} / {known.password}" for known in demo.credentials)
            lines.append(f"  {demo.client_id}    {users}")
    return "\n".join(lines) + "\n"
