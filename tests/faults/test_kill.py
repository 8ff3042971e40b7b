"""kill -9 with requests in flight: nothing that was acknowledged is lost, and no notification (C-08, D-66)."""

import json
import threading
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from fallwerk.kit.clock import monotonic_s
from tests.faults.conftest import rows
from tests.faults.load import Client, Load
from tests.support.databases import Engine
from tests.support.postgres import PostgresServer
from tests.support.receiver import Receiver
from tests.support.server import ADMIN, Server

KILLS = 10
POSTGRES_KILLS = 3
IN_FLIGHT = 32
ANSWERS_BETWEEN = 60
SETTLED_WITHIN_S = 15
"""Less than a lease lasts: the work of the killed process is taken over at once."""
SETTLED_AFTER_OUTAGE_S = 30
"""What a living process could not write down comes back when its own lease ends, after 20 s."""


@pytest.mark.req("C-08", "D-66", "S-16")
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_ten_kills_of_the_process_group_lose_nothing_that_was_acknowledged(
    engine: Engine, new_database: Callable[[Engine, Path], str], tmp_path: Path, receiver: Receiver
) -> None:
    url = new_database(engine, tmp_path / "data")
    server = Server(tmp_path / "data", database_url=url, workers=1 if engine == "sqlite" else 2)
    server.start()
    load = load_of(server, receiver, tmp_path)

    def kill_again_and_again(load: Load) -> None:
        for _ in range(KILLS):
            load.wait_for(ANSWERS_BETWEEN)
            until(lambda: load.in_flight >= IN_FLIGHT, 10)
            server.kill()
            server.start()
        load.wait_for(ANSWERS_BETWEEN)

    with ended(server):
        load.run_until(kill_again_and_again)
        assert_nothing_is_lost(load, server, url, tmp_path)


@pytest.mark.req("C-08", "D-66", "S-16")
def test_kills_of_the_postgresql_server_lose_nothing_and_need_no_restart(
    new_database: Callable[[Engine, Path], str], durable_postgres: PostgresServer, tmp_path: Path, receiver: Receiver
) -> None:
    url = new_database("postgresql", tmp_path / "data")
    server = Server(tmp_path / "data", database_url=url)
    server.start()
    load = load_of(server, receiver, tmp_path)

    def kill_postgresql_again_and_again(load: Load) -> None:
        for _ in range(POSTGRES_KILLS):
            load.wait_for(ANSWERS_BETWEEN)
            until(lambda: load.in_flight >= IN_FLIGHT, 10)
            durable_postgres.kill9()
            until(lambda: bool(load.refused), 20)
            durable_postgres.start()
        load.wait_for(ANSWERS_BETWEEN)

    with ended(server):
        load.run_until(kill_postgresql_again_and_again)
        assert {status for status, _ in load.refused} <= {500, 503}
        assert_nothing_is_lost(load, server, url, tmp_path, SETTLED_AFTER_OUTAGE_S)


class ended:  # noqa: N801 - used as a context manager
    """Ends a server whatever state a test leaves it in."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def __enter__(self) -> Server:
        return self._server

    def __exit__(self, *_: object) -> None:
        self._server.kill()


def load_of(server: Server, receiver: Receiver, folder: Path) -> Load:
    started = Client.make(server.url, receiver.url, "notification")
    final = Client.make(server.url, receiver.url, "final")
    return Load(server.url, folder / "sent.jsonl", started, final)


def assert_nothing_is_lost(
    load: Load, server: Server, url: str, folder: Path, settled_within_s: float = SETTLED_WITHIN_S
) -> None:
    promises = load.promises
    assert len(promises.cases) > ANSWERS_BETWEEN
    assert promises.notified
    with httpx.Client(base_url=server.url, headers=ADMIN, timeout=30) as http:
        until(lambda: http.get("/admin/v1/status").json()["dueWork"]["due"] == 0, settled_within_s)
        until(lambda: all_sealed(http), settled_within_s)
        assert http.post("/admin/v1/audit/verify").json()["sound"] is True
        assert_cases_are_there(load, url)
        assert_journal_agrees(load, folder / "sent.jsonl")
        assert_notifications_arrived(load, url, folder / "received.jsonl")
        assert_a_repeated_start_names_its_case(load, http)


def assert_cases_are_there(load: Load, url: str) -> None:
    promises = load.promises
    stored = rows(url, "SELECT reference_id, case_id, status FROM ident_case WHERE reference_given = true")
    holders = {reference: case_id for reference, case_id, _ in stored}
    assert len(holders) == len(stored), "a reference id has two cases"
    assert {reference: holders.get(reference) for reference in promises.cases} == promises.cases
    assert set(holders) <= set(promises.sent), "a case that nobody asked for"
    # Nothing is half there: each case has its directory entry, its first audit event, its end and its identification.
    case_ids = {case_id for _, case_id, _ in stored}
    assert {row[0] for row in rows(url, "SELECT case_id FROM case_directory")} == case_ids
    assert {row[0] for row in rows(url, "SELECT subject FROM audit_event WHERE action = 'case.started'")} == case_ids
    timed = {row[0] for row in rows(url, "SELECT case_id FROM due_work WHERE kind IN ('expire', 'erase')")}
    assert timed == case_ids
    reached = dict(rows(url, "SELECT case_id, status FROM identification"))
    for case_id, status in promises.status.items():
        assert status in ORDER[: ORDER.index(reached[case_id]) + 1], f"{case_id} fell back to {reached[case_id]}"


ORDER = ("started", "dmc provided", "packaging announced", "delivery started", "success")


def assert_journal_agrees(load: Load, journal: Path) -> None:
    lines = [json.loads(line) for line in journal.read_bytes().splitlines()]
    acknowledged = {line["acknowledged"]: line["case"] for line in lines if "acknowledged" in line}
    assert acknowledged == load.promises.cases
    assert {line["sent"] for line in lines if "sent" in line} == set(load.promises.sent)


def assert_notifications_arrived(load: Load, url: str, journal: Path) -> None:
    received = {json.loads(json.loads(line)["body"])["caseId"] for line in journal.read_bytes().splitlines()}
    assert load.promises.notified <= received
    # One notification per case, event and URL was written, and each was delivered, whatever was killed meanwhile.
    written = rows(url, "SELECT case_id, event, status FROM notification")
    assert len({(case_id, event) for case_id, event, _ in written}) == len(written)
    assert {status for _, _, status in written} == {"delivered"}
    assert {case_id for case_id, _, _ in written} == received


def assert_a_repeated_start_names_its_case(load: Load, http: httpx.Client) -> None:
    client, promises = load.started, load.promises
    path = f"/api/scr/v1/{client.client_id}/cases"
    for reference in [reference for reference in promises.sent if reference.startswith("s-")][-80:]:
        answer = http.post(path, auth=client.auth, json=client.order_data(reference))
        known = promises.cases.get(reference)
        if known is None:
            # Nobody was told: the case may be there or not, and asking again makes sure of exactly one.
            assert answer.status_code in {201, 409}
        else:
            assert (answer.status_code, answer.json()["caseId"]) == (409, known)


def all_sealed(http: httpx.Client) -> bool:
    return all(chain["unsealed"] == 0 for chain in http.post("/admin/v1/audit/verify").json()["chains"])


def until(holds: Callable[[], bool], within_s: float) -> None:
    """Wait for another process; a failure says how long it was given."""
    end_s = monotonic_s() + within_s
    while not holds():
        assert monotonic_s() < end_s, f"not within {within_s} s"
        threading.Event().wait(0.01)
