"""The admin API over a real store of each engine, called without a network."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from fallwerk.apis.scr_delivery.mapping import render_list_form
from fallwerk.domain.account.model import ScrSettings
from fallwerk.domain.audit.model import Actor
from fallwerk.kit.clock import Clock
from fallwerk.kit.slowdown import Slowdown
from fallwerk.own.admin.routes import AdminDeps, admin_api
from fallwerk.store.database import Database
from fallwerk.store.postgres import PostgresDatabase
from fallwerk.store.schema import prepare, sqlite_path
from fallwerk.store.sealing import Sealer
from fallwerk.store.sqlite import SqliteDatabase
from fallwerk.store.unit import StoreContext
from tests.support.schema import TEST_KEY

TOKEN = "a-token-of-the-tests"
NDJSON = {"Content-Type": "application/x-ndjson"}


@dataclass
class Admin:
    """The API with the store behind it."""

    runner: asyncio.Runner
    store: Database
    api: Any
    delays: list[float]

    def request(self, method: str, path: str, *, token: str | None = TOKEN, **options: Any) -> httpx.Response:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        options["headers"] = {**headers, **options.get("headers", {})}
        return self.raw(method, f"/admin/v1/{path}", **options)

    def raw(self, method: str, target: str, headers: Any, **options: Any) -> httpx.Response:

        async def call() -> httpx.Response:
            transport = httpx.ASGITransport(self.api, client=("192.0.2.7", 4711))
            async with httpx.AsyncClient(transport=transport, base_url="http://admin.test") as client:
                return await client.request(method, target, headers=headers, **options)

        return self.runner.run(call())

    def account(self, **settings: Any) -> dict[str, str]:
        response = self.request("POST", "scr-clients", json=settings)
        assert response.status_code == 201, response.text
        return response.json()

    def orders(self, *lines: Any, **options: Any) -> httpx.Response:
        content = b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
        headers = {**NDJSON, **options.pop("headers", {})}
        return self.request("POST", "delivery-orders", content=content, headers=headers, **options)

    def read(self, work: Any) -> Any:
        async def run() -> Any:
            return await self.store.read(work)

        return self.runner.run(run())

    def write(self, work: Any) -> Any:
        async def run() -> Any:
            return await self.store.write(work)

        return self.runner.run(run())


@pytest.fixture
def admin(database_url: str) -> Iterator[Admin]:
    sealer = Sealer([TEST_KEY])
    context = StoreContext(sealer, prepare(database_url, sealer))
    store: Database
    if database_url.startswith("sqlite"):
        store = SqliteDatabase(sqlite_path(database_url), context)
    else:
        store = PostgresDatabase(database_url, context, pool_size=4)
    delays: list[float] = []

    async def sleep(seconds: float) -> None:
        delays.append(seconds)

    async def status() -> dict[str, Any]:
        return {"keyIds": [1]}

    async def rotate_keys(_actor: Actor) -> int:
        return 2

    deps = AdminDeps(
        store=store,
        clock=Clock(),
        token=TOKEN,
        render=render_list_form,
        slowdown=Slowdown(sleep=sleep),
        status=status,
        rotate_keys=rotate_keys,
        defaults=ScrSettings(webhook_http_allowed=True),
    )
    with asyncio.Runner() as runner:
        runner.run(store.start())
        yield Admin(runner, store, admin_api(deps), delays)
        runner.run(store.stop())
