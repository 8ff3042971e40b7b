"""Ordered faults: their form, how often they strike, and components that are declared away."""

import asyncio

import pytest

from fallwerk.domain.sandbox.model import Component
from fallwerk.kit.journal import Journal
from fallwerk.own.sandbox.faults import FaultBook

CASES = "/api/scr/v1/1234ABCD/cases"


async def _strikes(book: FaultBook, amount: int, method: str = "POST", path: str = CASES) -> list[int | None]:
    return [await book.strike(method, path) for _ in range(amount)]


def test_a_fault_strikes_as_often_as_ordered_and_no_more(play_both):
    async def scene(control):
        body = {"match": {"method": "POST", "pathPrefix": "/api/scr"}, "status": 503, "delayMs": 250, "times": 2}
        response = await control.post("/faults", body)
        assert (response.status_code, response.json()) == (201, body)
        assert not control.faults.quiet()
        assert await control.faults.strike("GET", CASES) is None
        assert await control.faults.strike("POST", "/admin/v1") is None
        assert await _strikes(control.faults, 4) == [503, 503, None, None]
        assert control.delays == [0.25, 0.25]
        assert control.faults.quiet()

    play_both(scene)


def test_processes_share_a_fault_s_times(play_both):
    async def scene(control):
        other = FaultBook(control.store, control.shared)
        await control.post("/faults", {"match": {}, "status": 500, "times": 5})
        books = [control.faults, other] * 6
        found = await asyncio.gather(*(book.strike("GET", "/x") for book in books))
        assert sorted(found, key=str) == [500] * 5 + [None] * 7

    play_both(scene)


def test_faults_strike_in_the_order_they_were_ordered(play):
    async def scene(control):
        await control.post("/faults", {"match": {"pathPrefix": "/a"}, "status": 503})
        await control.post("/faults", {"match": None, "status": 429})
        assert await _strikes(control.faults, 3, "GET", "/a/b") == [503, 429, None]

    play(scene)


def test_a_delay_alone_lets_the_call_pass(play):
    async def scene(control):
        response = await control.post("/faults", {"match": {"method": "get"}, "delayMs": 100})
        assert response.json() == {
            "match": {"method": "GET", "pathPrefix": None},
            "status": None,
            "delayMs": 100,
            "times": 1,
        }
        assert await control.faults.strike("GET", "/") is None
        assert control.delays == [0.1]

    play(scene)


@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        ({}, "/status", "A fault needs a status, a delay, or both."),
        ({"match": {}, "delayMs": 0}, "/status", "A fault needs a status, a delay, or both."),
        ({"match": [], "status": 503}, "/match", "Must be an object."),
        ({"match": {"path": "/"}, "status": 503}, "/match", "Has an unknown field; known are method, pathPrefix."),
        ({"status": 503, "extra": 1}, "", "Has an unknown field; known are match, status, delayMs, times."),
        ({"status": 200}, "/status", "Must be from 400 to 599."),
        ({"status": True}, "/status", "Must be an integer."),
        ({"status": "503"}, "/status", "Must be an integer."),
        ({"status": 503, "delayMs": -1}, "/delayMs", "Must be from 0 to 60000."),
        ({"status": 503, "delayMs": 60_001}, "/delayMs", "Must be from 0 to 60000."),
        ({"status": 503, "times": 0}, "/times", "Must be from 1 to 1000000."),
        ({"status": 503, "times": 1.0}, "/times", "Must be an integer."),
        (
            {"match": {"pathPrefix": "api"}, "status": 503},
            "/match/pathPrefix",
            "Must begin with / and have at most 500 characters.",
        ),
        (
            {"match": {"pathPrefix": "/\x00"}, "status": 503},
            "/match/pathPrefix",
            "Must begin with / and have at most 500 characters.",
        ),
        (
            {"match": {"method": "FETCH"}, "status": 503},
            "/match/method",
            "Must be one of: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS.",
        ),
        ({"component": "disk", "available": False}, "/component", "Must be one of: database, blobstore, worker."),
        ({"component": ["worker"], "available": False}, "/component", "Must be one of: database, blobstore, worker."),
        ({"component": "worker"}, "/available", "Must be true or false."),
        ({"component": "worker", "available": 0}, "/available", "Must be true or false."),
        (
            {"component": "worker", "available": False, "status": 503},
            "",
            "Has an unknown field; known are component, available.",
        ),
    ],
)
def test_a_malformed_fault_is_refused_and_orders_nothing(play, body, pointer, detail):
    async def scene(control):
        response = await control.post("/faults", body)
        assert response.status_code == 400
        assert response.json()["errors"] == [{"pointer": pointer, "detail": detail}]
        found = await control.store.read(lambda uow: uow.sandbox.faults())
        assert (found.calls, found.components) == ((), frozenset())

    play(scene)


@pytest.mark.req("S-82")
def test_a_component_stays_away_in_every_process_until_it_is_back(play_both):
    async def scene(control):
        other = FaultBook(control.store, control.shared)
        assert await other.unavailable() == frozenset()
        before = control.shared.generation
        for name in ("worker", "worker", "blobstore"):
            response = await control.post("/faults", {"component": name, "available": False})
            assert (response.status_code, response.json()) == (201, {"component": name, "available": False})
        assert control.shared.generation > before
        assert await other.unavailable() == {Component.WORKER, Component.BLOBSTORE}
        assert other.quiet()
        await control.post("/faults", {"component": "worker", "available": True})
        assert await other.unavailable() == {Component.BLOBSTORE}
        cleared = await control.call("DELETE", "/faults")
        assert (cleared.status_code, cleared.content) == (204, b"")
        assert await other.unavailable() == frozenset()

    play_both(scene)


def test_clearing_forgets_faults_of_calls(play):
    async def scene(control):
        await control.post("/faults", {"status": 503, "times": 100})
        assert await control.faults.strike("GET", "/") == 503
        await control.call("DELETE", "/faults")
        assert await control.faults.strike("GET", "/") is None

    play(scene)


def test_while_nothing_is_ordered_the_store_is_not_asked(play):
    async def scene(control):
        assert await control.faults.strike("GET", "/") is None
        await control.store.stop()
        assert control.faults.quiet()
        assert await control.faults.strike("GET", "/") is None

    play(scene)


def test_a_store_that_is_away_lets_calls_pass(play):
    async def scene(control):
        await control.post("/faults", {"status": 503, "times": 9})
        assert await control.faults.strike("GET", "/") == 503
        await control.store.stop()
        assert await control.faults.strike("GET", "/") is None
        response = await control.post("/faults", {"status": 503})
        assert (response.status_code, response.headers["retry-after"]) == (503, "1")

    play(scene)


def test_reset_leaves_demo_data_and_nothing_else(play_both):
    async def scene(control):
        await control.seed()
        await control.post("/clock", {"advanceSeconds": 77})
        await control.post("/faults", {"status": 503, "times": 9})
        await control.post("/faults", {"component": "worker", "available": False})
        first = await control.store.read(lambda uow: uow.accounts.scr_clients())
        await control.store.write(lambda uow: uow.accounts.save_settings(first[0].tenant_id, first[1].settings, 5))
        _record(control.journal, control.clock.now_us())
        before = control.shared.generation
        response = await control.post("/reset")
        assert response.status_code == 200
        assert response.json()["offsetSeconds"] == 0
        assert control.wiped == ["blobs"]
        assert control.shared.generation > before
        assert control.journal.entries() == []
        assert await control.faults.strike("GET", "/") is None
        assert await control.faults.unavailable() == frozenset()
        assert await control.store.read(lambda uow: uow.sandbox.offset_us()) == 0
        again = await control.store.read(lambda uow: uow.accounts.scr_clients())
        assert [client.client_id for client in again] == ["1234ABCD", "5678EFGH"]
        assert [client.settings for client in again] == [client.settings for client in first]
        assert [c.data_passwords for c in again] == [c.data_passwords for c in first]
        assert {client.tenant_id for client in again}.isdisjoint(client.tenant_id for client in first)
        # The turn was given back: the next change begins at once.
        assert (await control.post("/clock", {"advanceSeconds": 1})).json()["offsetSeconds"] == 1

    play_both(scene)


def _record(journal: Journal, at_us: int) -> None:
    from fallwerk.kit.journal import JournalEntry  # noqa: PLC0415

    journal.add(JournalEntry(at_us, "GET", "/x", "", 200, "t", "1234ABCD", "", 1, b"", b"{}", 1))
