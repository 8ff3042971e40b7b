"""A store, a clock and the sandbox's control around them, called as ASGI without a server."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from fallwerk.apis.scr_delivery.mapping import render_list_form, single_from_list
from fallwerk.domain.account.demo import seed
from fallwerk.kit.clock import Clock
from fallwerk.kit.journal import Journal
from fallwerk.kit.shared import SharedState
from fallwerk.kit.slowdown import Slowdown
from fallwerk.neighbours.scr_results.mapping import render_list_form as render_start_result
from fallwerk.neighbours.scr_results.mapping import render_untouched
from fallwerk.own.sandbox.clock import SandboxClock, SetNow, Turns
from fallwerk.own.sandbox.faults import FaultBook
from fallwerk.own.sandbox.reset import Reset
from fallwerk.own.sandbox.routes import SandboxRoutes
from fallwerk.store.blobs import BlobStore
from fallwerk.store.database import Database
from fallwerk.store.postgres import PostgresDatabase
from fallwerk.store.schema import prepare
from fallwerk.store.sealing import Sealer
from fallwerk.store.sqlite import SqliteDatabase
from fallwerk.store.unit import StoreContext
from fallwerk.worker.loop import Worker
from tests.support.databases import Databases
from tests.support.schema import TEST_KEY

TOKEN = "demo-admin-token"


def open_store(url: str) -> Database:
    sealer = Sealer([TEST_KEY])
    context = StoreContext(
        sealer, prepare(url, sealer), render_result=render_start_result, render_untouched=render_untouched
    )
    if url.startswith("sqlite"):
        return SqliteDatabase(Path(url.removeprefix("sqlite:///")), context)
    return PostgresDatabase(url, context, pool_size=3)


async def _no_wait(_seconds: float) -> None:
    return


@dataclass
class Control:
    """One process's part of a sandbox."""

    store: Database
    shared: SharedState
    handlers: dict[Any, Any] = field(default_factory=dict)
    delays: list[float] = field(default_factory=list)
    wiped: list[str] = field(default_factory=list)
    blob_url: str = "file:///nowhere"
    run_until: Callable[[int, SetNow], Awaitable[None]] | None = None

    def __post_init__(self) -> None:
        self.clock = Clock(self.shared)
        self.journal = Journal(self.shared, self.clock, lifetime_s=3600, masked=False)
        self.worker = Worker(
            self.store, self.clock, owner="test", is_dead=lambda _: False, handlers=self.handlers, every_beat=()
        )
        self.turns = Turns(self.store, self.clock)
        self.sandbox_clock = SandboxClock(
            self.store, self.clock, self.shared, self.turns, self.run_until or self.worker.run_until
        )
        self.faults = FaultBook(self.store, self.shared, sleep=self._sleep)
        reset = Reset(self.store, self.clock, self.shared, self.turns, self.journal, self._wipe, seed)
        routes = SandboxRoutes(
            store=self.store,
            clock=self.clock,
            sandbox_clock=self.sandbox_clock,
            faults=self.faults,
            journal=self.journal,
            reset=reset,
            render=render_list_form,
            single_form=single_from_list,
            blobs=BlobStore(self.blob_url, self.store.context.hashes),
        )
        self.api = routes.api(token=TOKEN, slowdown=Slowdown(sleep=_no_wait))

    async def _sleep(self, seconds: float) -> None:
        self.delays.append(seconds)

    async def _wipe(self) -> None:
        self.wiped.append("blobs")

    async def call(self, method: str, path: str, *, token: str | None = TOKEN, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        transport = httpx.ASGITransport(app=self.api)
        async with httpx.AsyncClient(transport=transport, base_url="http://test/sandbox/v1") as client:
            return await client.request(method, path, headers=headers, **options)

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.call("GET", path, **options)

    async def post(self, path: str, body: Any = None, **options: Any) -> httpx.Response:
        return await self.call("POST", path, json=body, **options)

    async def seed(self) -> None:
        now_us = self.clock.now_us()
        await self.store.write(lambda uow: seed(uow, now_us))


@asynccontextmanager
async def started(url: str, **options: Any):
    store = open_store(url)
    await store.start()
    shared = SharedState()
    try:
        yield Control(store, shared, **options)
    finally:
        await store.stop()


Play = Callable[..., Any]


@contextmanager
def _player(url: str) -> Iterator[Play]:
    def play(scene: Callable[[Control], Awaitable[Any]], **options: Any) -> Any:
        async def run() -> Any:
            async with started(url, **options) as control:
                return await scene(control)

        return asyncio.run(run())

    yield play


@pytest.fixture
def play(databases: Databases, tmp_path: Path) -> Iterator[Play]:
    """Run a scene against a control on SQLite."""
    with databases.fresh("sqlite", tmp_path) as url, _player(url) as play:
        yield play


@pytest.fixture
def play_both(database_url: str) -> Iterator[Play]:
    """Run a scene against a control on each engine."""
    with _player(database_url) as play:
        yield play
