"""One server process: its parts, and the areas that are made with them."""

import asyncio
import importlib
import os
import uuid
from functools import partial
from importlib.util import find_spec
from threading import Thread
from typing import Any, Final

import structlog
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from fallwerk.adapters.addresses import AddressPolicy
from fallwerk.adapters.webhook_http import WebhookSender
from fallwerk.apis.scr_delivery.mapping import render_list_form, single_from_list
from fallwerk.app import documents, loans, mails, oauth, policenwerk, portal, scr, staff
from fallwerk.app.area import Area, Core
from fallwerk.app.store import open_database
from fallwerk.domain.account.demo import seed
from fallwerk.domain.account.errors import KeysFromEnvironment
from fallwerk.domain.account.model import ScrSettings
from fallwerk.domain.audit.model import Actor
from fallwerk.domain.audit.system import note_rotation, note_rotation_begun
from fallwerk.domain.coupon.service import CouponOffice
from fallwerk.domain.unit_of_work import UnitOfWork
from fallwerk.kit.clock import Clock
from fallwerk.kit.hosts import process_exists, this_host
from fallwerk.kit.journal import Journal
from fallwerk.kit.late import LateApp
from fallwerk.kit.metrics import Metrics
from fallwerk.kit.one_look import OneLook
from fallwerk.kit.server_plan import StartRefused
from fallwerk.kit.shared import SharedState
from fallwerk.kit.slowdown import Slowdown
from fallwerk.own.health.routes import health_routes
from fallwerk.own.openapi import routes as openapi
from fallwerk.own.sandbox.clock import SandboxClock, Turns
from fallwerk.own.sandbox.faults import FaultBook
from fallwerk.own.sandbox.reset import Reset
from fallwerk.own.sandbox.routes import SandboxRoutes
from fallwerk.render.coupon import CouponPress
from fallwerk.settings import Settings
from fallwerk.store.blobs import BlobStore
from fallwerk.store.keys import KeyFile
from fallwerk.worker.handlers import Duties
from fallwerk.worker.housekeeping import Seldom, expiring_answers, sealing
from fallwerk.worker.loop import Worker

log = structlog.get_logger()

SANDBOX_PREFIX: Final = "/sandbox"
ADMIN_PREFIX: Final = "/admin"
SOON_US: Final = 250_000
LOADED_LATER: Final = ("anyio._backends._asyncio", "jinja2", "obstore.store")
"""What the first page, document or encrypted list would otherwise load on the event loop."""
KEYS_SETTLE_S: Final = 3.0
"""How long a rotation waits for the other processes to take up a changed key file: three beats."""


def _document(name: str, public_base_url: str) -> dict[str, Any]:
    """Generate an API's description; its modules are loaded when somebody asks for it."""
    folder = "apis" if find_spec(f"fallwerk.apis.{name}") is not None else "neighbours"
    document: dict[str, Any] = importlib.import_module(f"fallwerk.{folder}.{name}.openapi").document(public_base_url)
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
        self.blobs = BlobStore(settings.blob_url, self.database.context.hashes)
        self.journal = Journal(shared, self.clock, lifetime_s=settings.journal_seconds, masked=settings.is_production)
        self.metrics = Metrics()
        self.slowdown = Slowdown()
        self.owner = f"{this_host()}/{os.getpid()}/{uuid.uuid4().hex[:8]}"
        self.sender = WebhookSender(
            policy=AddressPolicy(not settings.is_production, settings.webhook_allowed_networks),
            timeout_s=settings.webhook_timeout_s,
            ca_file=settings.webhook_ca_file,
        )
        self.press = CouponPress()
        core = Core(
            settings=settings,
            shared=shared,
            clock=self.clock,
            database=self.database,
            blobs=self.blobs,
            coupons=CouponOffice(self.database, self.blobs, self.press),
            journal=self.journal,
            metrics=self.metrics,
            slowdown=self.slowdown,
        )
        access = oauth.access(core)
        sender = mails.codes(settings)
        self.areas: tuple[Area, ...] = (
            scr.area(core, self.available),
            documents.area(core),
            oauth.area(core, access),
            loans.area(core, access),
            policenwerk.area(core),
            staff.area(core, sender),
            mails.area(core),
            portal.area(core, sender),
        )
        self.worker = self._worker()
        self._components = OneLook(self._look_at_components)
        self.faults = FaultBook(self.database, shared)
        self.turns = Turns(self.database, self.clock)
        self.sandbox_clock = SandboxClock(self.database, self.clock, shared, self.turns, self.worker.run_until)
        self.sandbox = None if settings.is_production else self._sandbox()
        self.admin = LateApp(self._admin)

    def _admin(self) -> ASGIApp:
        from fallwerk.own.admin.routes import AdminDeps, admin_api  # noqa: PLC0415 - no start waits for it

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
        return admin_api(deps, *(operation for area in self.areas for operation in area.admin()))

    def _sandbox(self) -> ASGIApp:
        reset = Reset(self.database, self.clock, self.shared, self.turns, self.journal, self.blobs.wipe, self._seed)
        routes = SandboxRoutes(
            store=self.database,
            clock=self.clock,
            sandbox_clock=self.sandbox_clock,
            faults=self.faults,
            journal=self.journal,
            reset=reset,
            render=render_list_form,
            single_form=single_from_list,
            blobs=self.blobs,
        )
        more = (operation for area in self.areas for operation in area.sandbox)
        return routes.api(*more, token=self.settings.admin_token.get_secret_value(), slowdown=self.slowdown)

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
            handlers={**duties.handlers(), **{kind: do for area in self.areas for kind, do in area.handlers.items()}},
            concurrency=self.settings.worker_concurrency,
            lease_s=self.settings.worker_lease_s,
            every_beat=(
                self._beat,
                self.journal.expire,
                self._take_up_keys,
                Seldom(sealing(self.database, self.clock), self.settings.seal_interval_s),
                Seldom(expiring_answers(self.database, self.clock), 60),
                Seldom(self._measure, 15),
                *(duty for area in self.areas for duty in area.every_beat),
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

    def mounts(self) -> dict[str, ASGIApp]:
        """Return the applications by the prefix of their paths, busiest first."""
        mounts: dict[str, ASGIApp] = {}
        for area in self.areas:
            mounts.update(area.mounts)
        mounts[ADMIN_PREFIX] = self.admin
        if self.sandbox is not None:
            mounts[SANDBOX_PREFIX] = self.sandbox
        return mounts

    def pages(self) -> list[BaseRoute]:
        """Return what is neither a provider's API nor our own control: health, descriptions, pages for people."""
        base = self.settings.public_base_url
        names = [name for area in self.areas for name in area.documents]
        return [
            *health_routes(self.readiness, self.metrics),
            *openapi.routes({name: partial(_document, name, base) for name in names}),
            *(route for area in self.areas for route in area.pages),
        ]

    async def components(self) -> dict[str, bool]:
        """Look at every component for real; who asks during a look gets its answer: `/readyz` is open to everybody."""
        return dict(await self._components())

    async def _look_at_components(self) -> dict[str, bool]:
        database, blobs = await asyncio.gather(self.database.check(), self.blobs.check())
        worker = self.shared.worker_alive(self.clock.system_now_us())
        return {"database": database, "blobstore": blobs, "worker": worker}

    async def rotate_keys(self, actor: Actor) -> int:
        """
        Replace the master key, and note who had it done.

        Raises:
            KeysFromEnvironment: the operator replaces keys that the environment gives.
        """
        from fallwerk.store.rotation import rotate  # noqa: PLC0415 - rare

        file = self.settings.master_key_file
        if self.settings.master_key is not None or file is None:
            raise KeysFromEnvironment
        # Every server process takes up a changed key file with its worker's next beat.
        settle_s = 0.0 if self.settings.is_sqlite else KEYS_SETTLE_S
        begun_us = self.clock.now_us()
        await self.database.write(lambda uow: note_rotation_begun(uow, actor=actor, now_us=begun_us))
        key_id = await rotate(self.database, KeyFile(file), lambda: asyncio.sleep(settle_s))
        done_us = self.clock.now_us()
        await self.database.write(lambda uow: note_rotation(uow, key_id, actor=actor, now_us=done_us))
        return key_id

    async def status(self) -> dict[str, Any]:
        """Tell an operator where the system stands (D-68, C-07)."""
        now_us = self.clock.now_us()
        queue = await self.database.read(lambda unit: unit.due.queue(now_us))
        return {
            "mode": self.settings.mode,
            "components": await self.readiness(),
            "dueWork": {"pending": queue.pending, "due": queue.due, "lagSeconds": queue.lag_us / 1_000_000},
            "mails": await mails.unsent(self.database),
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
            await self.database.write(lambda uow: self._seed(uow, now_us))
        elif await self.database.read(lambda uow: uow.accounts.demo_data()):
            msg = "the database holds the sandbox's demo data; production needs a database of its own"
            raise StartRefused(msg)

    def _seed(self, uow: UnitOfWork, now_us: int) -> None:
        """Make the demo data that is not there yet."""
        seed(uow, now_us)
        for area in self.areas:
            for more in area.seeds:
                more(uow, now_us)

    def warm_up(self) -> None:
        """Make what no start waits for, in a thread of its own once the server is ready."""
        applications = [application for application in self.mounts().values() if isinstance(application, LateApp)]

        def warm() -> None:
            for application in applications:
                application.warm()
            for module in LOADED_LATER:
                importlib.import_module(module)

        Thread(target=warm, name="warm-up", daemon=True).start()

    async def stop(self) -> None:
        """Finish what is under way and close; whatever fails meanwhile, the database is closed in good order."""
        try:
            if self.settings.worker_enabled:
                await self.worker.stop()
            await self.sender.close()
            await self.press.stop()
            for area in self.areas:
                if area.stop is not None:
                    await area.stop()
        finally:
            await self.database.stop()
