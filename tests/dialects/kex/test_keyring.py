"""Signing keys: made once, published ahead, replaced by age, shared by processes (U-01)."""

import asyncio
from typing import Any

import pytest

from fallwerk.domain.partner.model import SCOPES
from fallwerk.domain.signing.model import DAY_US
from tests.support.tokens import NOW_US, Process, SetClock, Store

SCOPE = (SCOPES[0],)
MINUTE_US = 60 * 1_000_000


@pytest.fixture
def store() -> Store:
    made = Store()
    made.put()
    return made


def processes(store: Store, number: int = 2) -> list[Process]:
    clock = SetClock()
    return [Process(store, clock) for _ in range(number)]


async def key_ids(process: Process) -> list[str]:
    return [key["kid"] for key in await process.ring.public()]


@pytest.mark.req("U-01")
def test_processes_that_start_together_make_one_key(store):
    async def work() -> None:
        one, two = processes(store)
        tokens = await asyncio.gather(*(p.tokens.issue("a-client", SCOPE, 0) for p in (one, two) for _ in range(5)))
        assert len(store.signing_keys.stored) == 1
        assert [event.action for event in store.events] == ["signing key.created"]
        for token in tokens:
            assert (await two.tokens.read(token)).client_id == "a-client"
            assert (await one.tokens.read(token)).client_id == "a-client"

    asyncio.run(work())


@pytest.mark.req("U-01")
def test_a_key_is_published_a_day_before_it_signs_and_verifies_an_hour_longer_than_it_signs(store):
    async def work() -> None:
        one, two = processes(store)
        first, _ = await one.ring.signer()
        assert await key_ids(one) == [first]
        one.clock.at_us = NOW_US + 29 * DAY_US - MINUTE_US
        assert await key_ids(two) == [first]
        one.clock.at_us = NOW_US + 29 * DAY_US
        _, second = await key_ids(one)
        assert (await one.ring.signer())[0] == (await two.ring.signer())[0] == first
        one.clock.at_us = NOW_US + 30 * DAY_US - MINUTE_US
        last_of_first = await two.tokens.issue("a-client", SCOPE, 0)
        one.clock.at_us = NOW_US + 30 * DAY_US
        assert (await one.ring.signer())[0] == (await two.ring.signer())[0] == second
        one.clock.at_us += 58 * MINUTE_US
        assert (await one.bearer.verify(last_of_first)).client.client_id == "a-client"
        assert await key_ids(one) == [first, second]
        one.clock.at_us = NOW_US + 30 * DAY_US + 60 * MINUTE_US
        assert await key_ids(one) == [second]
        assert await one.ring.verifier(first) is None

    asyncio.run(work())


@pytest.mark.req("U-01")
def test_after_a_long_silence_a_new_key_signs_at_once_and_old_ones_are_forgotten(store):
    async def work() -> None:
        one, two = processes(store)
        first, _ = await one.ring.signer()
        one.clock.at_us = NOW_US + 400 * DAY_US
        second, _ = await one.ring.signer()
        assert second != first
        assert list(store.signing_keys.stored) == [second]
        assert (await two.ring.signer())[0] == second
        assert await key_ids(two) == [second]

    asyncio.run(work())


@pytest.mark.req("U-01")
def test_a_process_learns_of_a_key_by_the_first_token_that_it_does_not_know(store, monkeypatch):
    moments = iter([0.0, 0.0, 100.0, *[100.0] * 50])
    monkeypatch.setattr("fallwerk.dialects.kex.keyring.monotonic_s", lambda: next(moments))

    async def work() -> Any:
        one, two = processes(store)
        token = await one.tokens.issue("a-client", SCOPE, 0)
        return (await two.tokens.read(token)).client_id

    assert asyncio.run(work()) == "a-client"


@pytest.mark.req("U-02")
def test_who_presents_a_token_while_the_keys_are_being_read_waits_for_them(store):
    async def work() -> list[str]:
        one, two = processes(store)
        token = await one.tokens.issue("a-client", SCOPE, 0)
        return [read.client_id for read in await asyncio.gather(*(two.tokens.read(token) for _ in range(8)))]

    assert asyncio.run(work()) == ["a-client"] * 8
