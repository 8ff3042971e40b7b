"""SQLite's writer thread outlives whatever a transaction does, nobody waits for ever, and files are private."""

import asyncio
import os

import pytest

from fallwerk.domain.errors import StoreUnavailable
from fallwerk.store.schema import prepare
from fallwerk.store.sealing import Sealer
from fallwerk.store.sqlite import SqliteDatabase
from fallwerk.store.unit import StoreContext
from tests.support.schema import TEST_KEY


def run(path, use):
    async def main():
        sealer = Sealer((TEST_KEY,))
        database = SqliteDatabase(path, StoreContext(sealer, prepare(f"sqlite:///{path}", sealer)))
        await database.start()
        try:
            return await use(database)
        finally:
            await database.stop()

    return asyncio.run(main())


def raising(error):
    def work(_unit):
        raise error

    return work


@pytest.mark.req("C-08")
@pytest.mark.parametrize(
    "error", [ValueError("x"), StopIteration(), asyncio.CancelledError(), GeneratorExit(), MemoryError()]
)
def test_the_writer_outlives_whatever_a_transaction_raises_and_its_neighbours_hear_of_theirs(tmp_path, error):
    async def use(database):
        found = await asyncio.gather(
            database.write(raising(error)),
            database.write(lambda unit: unit.new_id()),
            return_exceptions=True,
        )
        assert isinstance(found[0], BaseException)
        async with asyncio.timeout(5):
            assert await database.write(lambda unit: unit.new_id() > 0)

    run(tmp_path / "fallwerk.db", use)


@pytest.mark.req("C-08")
def test_a_failing_hook_makes_no_commit_look_failed(tmp_path):
    async def use(database):
        database.context.on_due_work = raising(RuntimeError("the loop is closed"))
        async with asyncio.timeout(5):
            assert await database.write(lambda unit: unit.wrote_due_work(1) or "done") == "done"
            assert await database.write(lambda _: "again") == "again"

    run(tmp_path / "fallwerk.db", use)


@pytest.mark.req("C-08")
def test_what_waits_at_a_stop_is_done_and_what_comes_later_is_refused(tmp_path):
    async def use(database):
        waiting = [asyncio.ensure_future(database.write(lambda unit: unit.new_id())) for _ in range(50)]
        await asyncio.sleep(0)
        stopping = asyncio.ensure_future(database.stop())
        await asyncio.sleep(0)
        with pytest.raises(StoreUnavailable):
            await database.write(lambda unit: unit.new_id())
        async with asyncio.timeout(10):
            await stopping
            assert len(set(await asyncio.gather(*waiting))) == 50

    run(tmp_path / "fallwerk.db", use)


def test_a_caller_that_went_away_keeps_nobody_else_from_hearing(tmp_path):
    async def use(database):
        gone = asyncio.ensure_future(database.write(lambda _: "gone"))
        staying = asyncio.ensure_future(database.write(lambda _: "staying"))
        await asyncio.sleep(0)
        gone.cancel()
        async with asyncio.timeout(5):
            assert await staying == "staying"

    run(tmp_path / "fallwerk.db", use)


@pytest.mark.req("C-04")
def test_database_log_and_folder_are_their_owner_s_alone_whatever_the_umask(tmp_path):
    path = tmp_path / "data" / "fallwerk.db"

    async def use(database):
        await database.write(lambda unit: unit.new_id())
        files = [path, *path.parent.glob("fallwerk.db-*"), path.with_name("fallwerk.db.writer")]
        assert len(files) == 4
        assert {file.name: oct(file.stat().st_mode & 0o777) for file in files} == {file.name: "0o600" for file in files}
        assert path.parent.stat().st_mode & 0o777 == 0o700

    before = os.umask(0)
    try:
        run(path, use)
    finally:
        os.umask(before)
