"""One look of one process, repeated by all (S-82)."""

import asyncio
import os

import pytest

from fallwerk.kit.shared import ANSWERS, SharedState
from fallwerk.kit.shared_answers import SharedAnswers

KEPT_US = 30_000_000


class Subject:
    def __init__(self, shared=None) -> None:
        self.shared = shared or SharedState(3, ring_bytes=1)
        self.now_us = 1_000_000_000
        self.looks: list[bool] = []
        self.found = True
        self.answers = SharedAnswers(
            self.shared, kept_us=KEPT_US, now_us=lambda: self.now_us, generation=lambda: self.shared.fault_generation
        )

    async def look(self):
        self.looks.append(self.found)
        await asyncio.sleep(0)
        return self.found

    def get(self, key="1234ABCD"):
        return asyncio.run(self.answers.get(key, self.look))


@pytest.fixture
def subject():
    return Subject()


@pytest.mark.req("S-82")
def test_an_answer_is_repeated_for_its_time_and_per_key(subject):
    assert subject.get() is True
    subject.found = False
    subject.now_us += KEPT_US - 1
    assert subject.get() is True
    assert subject.get("5678EFGH") is False
    subject.now_us += 1
    assert subject.get() is False
    assert len(subject.looks) == 3


@pytest.mark.req("S-82")
def test_many_who_ask_at_once_make_one_look(subject):
    async def crowd():
        return await asyncio.gather(*(subject.answers.get("1234ABCD", subject.look) for _ in range(50)))

    assert asyncio.run(crowd()) == [True] * 50
    assert len(subject.looks) == 1


@pytest.mark.req("S-82")
def test_processes_share_their_looks(subject):
    reader, writer = os.pipe()
    pids = []
    for slot in (1, 2):
        pid = os.fork()
        if pid == 0:
            try:
                subject.shared.attach(slot)
                for _ in range(20):
                    subject.get()
                os.write(writer, bytes([len(subject.looks)]))
            finally:
                os._exit(0)
        pids.append(pid)
    for pid in pids:
        os.waitpid(pid, 0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        assert sorted(pipe.read()) == [0, 1]
    assert subject.get() is True
    assert subject.looks == []


@pytest.mark.req("S-82")
def test_a_fault_that_is_set_or_cleared_drops_the_answers(subject):
    assert subject.get() is True
    subject.found = False
    subject.shared.bump_faults()
    assert subject.get() is False


def test_a_look_that_fails_is_nobody_s_answer(subject):
    async def broken():
        raise OSError

    with pytest.raises(OSError):
        asyncio.run(subject.answers.get("1234ABCD", broken))
    assert subject.get() is True


def test_a_process_that_died_while_it_looked_holds_nobody_up_for_long(subject):
    async def dies():
        await asyncio.sleep(3600)

    async def main():
        task = asyncio.create_task(subject.answers.get("1234ABCD", dies))
        await asyncio.sleep(0)
        subject.now_us += 16_000_000
        assert await subject.answers.get("1234ABCD", subject.look) is True
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert await subject.answers.get("1234ABCD", subject.look) is True

    asyncio.run(main())
    assert len(subject.looks) == 1


def test_more_keys_than_the_table_holds_only_cost_looks(subject):
    async def many():
        for number in range(ANSWERS + 200):
            assert await subject.answers.get(f"C{number}", subject.look) is True

    asyncio.run(many())
