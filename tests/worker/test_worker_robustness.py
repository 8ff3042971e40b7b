"""The worker goes on whatever happens to it, says so only while it works, and hands on what it could not finish."""

import asyncio

import pytest

from fallwerk.domain.notification.due import DueKind, DueWork
from fallwerk.kit.clock import Clock
from fallwerk.store.schema import prepare
from fallwerk.store.sealing import Sealer
from fallwerk.store.sqlite import SqliteDatabase
from fallwerk.store.unit import StoreContext
from fallwerk.worker import loop as module
from fallwerk.worker.loop import Worker
from tests.support.schema import TEST_KEY

WORK = DueWork(1, "ABCDEFGHIJKL", DueKind.NOTIFY, 1, 7)
HOUR_US = 3_600_000_000


def with_store(path, use):
    async def main():
        sealer = Sealer((TEST_KEY,))
        store = SqliteDatabase(path, StoreContext(sealer, prepare(f"sqlite:///{path}", sealer)))
        await store.start()
        try:
            async with asyncio.timeout(20):
                await use(store)
        finally:
            await store.stop()

    asyncio.run(main())


def worker(store, handle, *, clock=None, owner="here/1/a"):
    return Worker(
        store,
        clock or Clock(),
        owner=owner,
        is_dead=lambda _: False,
        handlers={DueKind.NOTIFY: handle},
        every_beat=(),
        poll_s=0.01,
    )


async def until(condition):
    while not condition():  # noqa: ASYNC110 - a list fills, no event tells of it
        await asyncio.sleep(0.005)


@pytest.mark.req("D-66")
def test_a_claim_that_fails_unexpectedly_does_not_end_the_worker(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "BEAT_S", 0.01)

    async def use(store):
        done = []

        async def handle(work):
            await store.write(lambda uow: uow.due.done(work))
            done.append(work)

        subject, fails = worker(store, handle), [True, True]
        claim = subject.claim

        async def broken(limit):
            if fails:
                fails.pop()
                raise RuntimeError("a row that nobody can read")
            return await claim(limit)

        subject.claim = broken
        await store.write(lambda uow: uow.due.add(WORK))
        await subject.start()
        await until(lambda: done)
        assert subject.alive()
        await subject.stop()
        assert not subject.alive()

    with_store(tmp_path / "fallwerk.db", use)


@pytest.mark.req("D-66", "C-08")
def test_what_a_stop_cannot_wait_for_stays_in_the_outbox_free_for_others(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "STOP_S", 0.05)

    async def use(store):
        began = []

        async def handle(work):
            began.append(work)
            await asyncio.sleep(3600)

        subject = worker(store, handle)
        await store.write(lambda uow: uow.due.add(WORK))
        await subject.start()
        await until(lambda: began)
        await subject.stop()
        other = worker(store, handle, owner="elsewhere/2/b")
        assert [work.case_id for work in await other.claim(10)] == [WORK.case_id]

    with_store(tmp_path / "fallwerk.db", use)


@pytest.mark.req("D-66")
def test_work_that_keeps_failing_comes_back_later_each_time_and_holds_nobody_up(tmp_path):
    async def use(store):
        other, done = DueWork(2, "ZZZZZZZZZZZZ", DueKind.NOTIFY, 2, 8), []

        async def handle(work):
            if work.tenant_id == 1:
                raise ValueError("always")
            await store.write(lambda uow: uow.due.done(work))
            done.append(work)

        subject = worker(store, handle)
        waits = []
        for _ in range(3):
            await store.write(lambda uow: uow.due.add(other))
            now_us = Clock().now_us()
            for work in await subject.claim(10):
                await subject._do(work)
            due_us = await store.read(lambda uow: uow.due.next_due_us())
            waits.append(round((due_us - now_us) / 1_000_000))
            # As if that time had passed.
            row = DueWork(1, WORK.case_id, DueKind.NOTIFY, due_us, WORK.subject_id)
            await store.write(lambda uow, row=row: uow.due.postpone(row, 1))
        assert waits == sorted(set(waits)), waits
        assert len(done) == 3

    async def seeded(store):
        await store.write(lambda uow: uow.due.add(WORK))
        await use(store)

    with_store(tmp_path / "fallwerk.db", seeded)


@pytest.mark.req("D-66")
def test_a_lease_of_a_clock_that_was_set_back_ends_all_the_same(tmp_path):
    class Ahead(Clock):
        def system_now_us(self):
            return super().system_now_us() + HOUR_US

    async def handle(_work):
        """Never called."""

    async def use(store):
        await store.write(lambda uow: uow.due.add(WORK))
        assert await worker(store, handle, clock=Ahead()).claim(10)
        assert await worker(store, handle).claim(10)
        assert await worker(store, handle).claim(10) == []

    with_store(tmp_path / "fallwerk.db", use)
