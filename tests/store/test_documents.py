"""References to contents, counted per tenant; objects follow their rows, after crashes too."""

import asyncio
import os
from contextlib import asynccontextmanager

import pytest

from fallwerk.domain.document.service import store_content
from fallwerk.domain.notification.due import DueKind
from fallwerk.kit.clock import Clock
from fallwerk.kit.shared import SharedState
from fallwerk.store.blobs import BlobStore
from fallwerk.store.postgres import PostgresDatabase
from fallwerk.store.rotation import reseal, waiting
from fallwerk.store.schema import prepare
from fallwerk.store.sealing import MasterKey, Sealer
from fallwerk.store.sqlite import SqliteDatabase
from fallwerk.store.unit import StoreContext
from fallwerk.worker.objects import ObjectDuties
from tests.support.schema import TEST_KEY

TENANT, OTHER = 7, 8
NOW_US = 1_000_000
DAY_S = 24 * 3600


class System:
    """A database, a blob store and the worker's duties over them."""

    def __init__(self, database, blobs, folder):
        self.database = database
        self.blobs = blobs
        self.folder = folder
        self.duties = ObjectDuties(database, blobs, Clock(SharedState()))

    async def keep(self, content, tenant_id=TENANT):
        """Store a content and return its key."""

        def work(uow, upload):
            uow.blobs.add(upload, now_us=NOW_US)
            return upload.blob_key

        return await store_content(self.blobs, self.database, tenant_id, content, work)

    async def release(self, key, tenant_id=TENANT):
        await self.database.write(lambda uow: uow.blobs.release(tenant_id, key, now_us=NOW_US))

    async def get(self, key, tenant_id=TENANT):
        return await self.database.read(lambda uow: uow.blobs.get(tenant_id, key))

    async def due(self, now_us=NOW_US):
        """Claim what is due."""

        def claim(uow):
            return uow.due.claim(now_us=now_us, owner="test", system_now_us=NOW_US, lease_us=1, limit=100)

        return [work for work in await self.database.write(claim) if work.kind is DueKind.DELETE_OBJECT]

    async def settle(self):
        for work in await self.due():
            await self.duties.delete(work)

    def objects(self):
        return [path for path in self.folder.rglob("*") if path.is_file()]


@pytest.fixture
def run(engine, database_url, tmp_path):
    @asynccontextmanager
    async def system():
        sealer = Sealer((TEST_KEY,))
        context = StoreContext(sealer, prepare(database_url, sealer))
        if engine == "sqlite":
            database = SqliteDatabase(tmp_path / "fallwerk.db", context)
        else:
            database = PostgresDatabase(database_url, context)
        await database.start()
        try:
            blobs = BlobStore(f"file://{tmp_path}/blobs", context.hashes)
            yield System(database, blobs, tmp_path / "blobs")
        finally:
            await database.stop()

    def go(use):
        async def main():
            async with system() as made:
                return await use(made)

        return asyncio.run(main())

    return go


def test_equal_content_of_a_tenant_lies_in_the_store_once_until_its_last_reference_goes(run):
    async def use(system):
        first, second = await system.keep(b"content"), await system.keep(b"content")
        assert first == second
        await system.settle()
        assert len(system.objects()) == 1
        await system.release(first)
        assert await system.due() == []
        assert await system.blobs.read(await system.get(first)) == b"content"
        await system.release(first)
        assert await system.get(first) is None
        await system.settle()
        assert system.objects() == []
        assert await system.due() == []

    run(use)


@pytest.mark.req("C-03")
def test_a_tenants_content_is_nobody_elses(run):
    async def use(system):
        own, others = await system.keep(b"content"), await system.keep(b"content", OTHER)
        assert own != others
        assert await system.get(own, OTHER) is None
        await system.release(own, OTHER)
        await system.release(others)
        await system.settle()
        assert len(system.objects()) == 2
        assert await system.blobs.read(await system.get(own)) == b"content"

    run(use)


def test_many_uploads_and_releases_of_one_content_at_once_lose_no_reference(run):
    async def use(system):
        keys = await asyncio.gather(*(system.keep(b"content") for _ in range(12)))
        assert len(set(keys)) == 1
        for _ in range(11):
            await system.release(keys[0])
        await asyncio.gather(system.release(keys[0]), *(system.keep(b"content") for _ in range(5)))
        for _ in range(4):
            await system.release(keys[0])
        await system.settle()
        assert await system.blobs.read(await system.get(keys[0])) == b"content"
        await system.release(keys[0])
        await system.settle()
        assert system.objects() == []

    run(use)


@pytest.mark.req("C-08")
def test_the_deletion_of_an_object_waits_for_a_store_that_is_away(run):
    async def use(system):
        key = await system.keep(b"content")
        await system.release(key)
        hidden = system.folder.rename(system.folder.with_name("hidden"))
        system.folder.write_bytes(b"")
        (work,) = await system.due()
        await system.duties.delete(work)
        system.folder.unlink()
        hidden.rename(system.folder)
        assert await system.due() == []
        assert len(system.objects()) == 1
        (again,) = await system.due(Clock().system_now_us() + 60_000_000)
        await system.duties.delete(again)
        assert system.objects() == []

    run(use)


def test_a_refused_use_case_leaves_no_object(run):
    def refuse(_uow, _upload):
        raise ValueError("refused")

    async def use(system):
        with pytest.raises(ValueError, match="refused"):
            await store_content(system.blobs, system.database, TENANT, b"content", refuse)
        assert system.objects() == []

    run(use)


@pytest.mark.req("C-08")
def test_the_sweep_takes_what_crashed_uploads_left_and_nothing_else(run):
    async def use(system):
        kept = await system.keep(b"kept")
        await system.blobs.upload(TENANT, b"its process died, long ago")
        for path in system.objects():
            os.utime(path, (path.stat().st_mtime - 2 * DAY_S,) * 2)
        await system.blobs.upload(TENANT, b"its transaction is under way")
        assert await system.duties.sweep() == 1
        assert len(system.objects()) == 2
        assert await system.blobs.read(await system.get(kept)) == b"kept"
        assert await system.duties.sweep() == 0

    run(use)


@pytest.mark.req("C-04")
def test_a_rotated_master_key_reseals_the_rows_and_touches_no_object(run):
    async def use(system):
        key = await system.keep(b"content")
        (path,) = system.objects()
        before = (path.read_bytes(), path.stat().st_mtime_ns)
        newer = MasterKey(2, b"n" * 32)
        system.database.context.sealer.replace((newer, TEST_KEY))
        await reseal(system.database)
        assert await system.database.read(waiting) == 0
        system.database.context.sealer.replace((newer,))
        assert await system.blobs.read(await system.get(key)) == b"content"
        assert (path.read_bytes(), path.stat().st_mtime_ns) == before

    run(use)
