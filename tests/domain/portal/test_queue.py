"""Whose place in the queue of video calls is kept, on both engines."""

import asyncio

import pytest

from fallwerk.domain.portal.queue import KEPT_US, forget_absent
from fallwerk.store.postgres import PostgresDatabase
from fallwerk.store.schema import prepare
from fallwerk.store.sealing import Sealer
from fallwerk.store.sqlite import SqliteDatabase
from fallwerk.store.unit import StoreContext
from tests.support.schema import TEST_KEY

NOW_US = 1_800_000_000_000_000


@pytest.mark.req("W-05")
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_who_is_away_for_longer_than_a_place_is_kept_is_forgotten(engine, databases, tmp_path):
    async def inside():
        with databases.fresh(engine, tmp_path) as url:
            context = StoreContext(Sealer([TEST_KEY]), prepare(url, Sealer([TEST_KEY])))
            if engine == "sqlite":
                store = SqliteDatabase(tmp_path / "fallwerk.db", context, readers=1)
            else:
                store = PostgresDatabase(url, context, pool_size=2)
            await store.start()
            try:
                report = {"AWAY": NOW_US - KEPT_US - 1, "KEPT": NOW_US - KEPT_US, "HERE": NOW_US}
                for case_id, seen_us in report.items():
                    await store.write(lambda uow, c=case_id, s=seen_us: uow.waiting.report(1, c, s, 0))
                assert await store.write(lambda uow: forget_absent(uow, NOW_US)) == 1
                assert await store.write(lambda uow: uow.waiting.leave(1, "AWAY")) is False
                # The place of the other one is still the old one, and a later report does not move it.
                kept = await store.write(lambda uow: uow.waiting.report(1, "KEPT", NOW_US, NOW_US - KEPT_US))
                assert kept.since_us == NOW_US - KEPT_US
                late = NOW_US + KEPT_US + 1
                moved = await store.write(lambda uow: uow.waiting.report(1, "KEPT", late, late - KEPT_US))
                assert moved.since_us == late
            finally:
                await store.stop()

    asyncio.run(inside())
