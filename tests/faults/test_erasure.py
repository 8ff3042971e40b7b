"""After retention nothing of a case can be read any more: tables, free pages, logs, blobs, statistics (D-50, C-04)."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from fallwerk.store.rotation import SEALED
from fallwerk.store.tables import idempotency, ident_case
from tests.faults.conftest import rows
from tests.faults.load import ADDRESS, WALK
from tests.faults.remains import contents, opened, pieces, words
from tests.support.databases import Engine
from tests.support.postgres import create_database, start_postgres
from tests.support.receiver import Receiver
from tests.support.schema import TEST_KEY, prepare
from tests.support.server import ADMIN, Server

DAY_S = 24 * 60 * 60
ORDERS = 150
STARTS = 40
WALKED = 5
ERASED, KEPT = "Vanishd", "Remaind"
"""Marks of the two clients' persons; the first client's retention ends, the second's does not."""
LOG = {"wal_recycle": "off", "min_wal_size": "32MB", "max_wal_size": "64MB"}
"""What docs/operations.md asks of the server, so that erased rows leave its log with the old segments."""


@pytest.mark.req("D-50", "C-04")
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_after_retention_no_byte_of_a_case_is_left_anywhere(engine: Engine, tmp_path: Path, receiver: Receiver) -> None:
    with system(engine, tmp_path / "data") as (server, url, folders), client_of(server) as http:
        erased = make_client(http, retentionDays=10)
        kept = make_client(http, retentionDays=90)
        for batch in range(2):
            fill(http, erased, ERASED, receiver, batch)
            fill(http, kept, KEPT, receiver, batch)
        if engine == "postgresql":
            with psycopg.connect(url, autocommit=True) as session:
                # The planner's statistics keep samples of columns; autovacuum would take them sooner or later.
                session.execute("ANALYZE")
        before = sealed_values(url, erased["clientId"])
        indexed = blind_values(url, erased["clientId"])
        assert len(before) > 2 * (2 * ORDERS + STARTS)
        assert places_of(ERASED, folders)
        advance(http, 30 * DAY_S + 11 * DAY_S)

        assert rows(url, case_count(erased["clientId"])) == [(0,)]
        assert rows(url, case_count(kept["clientId"])) == [(2 * (ORDERS + STARTS),)]
        assert places_of(KEPT, folders)
        assert places_of(ERASED, folders) == set()
        assert_no_piece_left(before, indexed, folders)
        assert_every_value_opens_and_names_nobody(url)
        requests = http.get("/sandbox/v1/requests").text
        assert ERASED not in requests


@contextmanager
def system(engine: Engine, data: Path) -> Iterator[tuple[Server, str, tuple[Path, ...]]]:
    """A system with all folders in which its data lies."""
    if engine == "sqlite":
        with Server(data) as server:
            yield server, f"sqlite:///{data / 'fallwerk.db'}", (data,)
        return
    with start_postgres(settings=LOG) as postgres:
        postgres.start()
        url = create_database(postgres.url, "erasure")
        prepare(url)
        with Server(data, database_url=url) as server:
            yield server, url, (data, postgres.data)


@contextmanager
def client_of(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, headers=ADMIN, timeout=240, trust_env=False) as http:
        yield http


def make_client(http: httpx.Client, **settings: Any) -> dict[str, Any]:
    methods = {"deliveryActive": True, "identClass": "GwG", "couponActive": True, "mailsUser": True}
    webhook = {"webhookActive": True, "webhookHosts": ["*"], "webhookHttpAllowed": True, "webhookReferenceId": True}
    made = http.post("/admin/v1/scr-clients", json={**methods, **webhook, **settings})
    assert made.status_code == 201, made.text
    return dict(made.json())


def fill(http: httpx.Client, client: dict[str, Any], mark: str, receiver: Receiver, batch: int) -> None:
    """Start cases of persons with a mark in every field that takes text, some walked to their end."""
    lines = [order_line(client, mark, f"d{batch}{number}", receiver) for number in range(ORDERS)]
    taken = http.post(
        "/admin/v1/delivery-orders",
        content=b"".join(lines),
        headers={"Content-Type": "application/x-ndjson", "Idempotency-Key": f"{mark}-{batch}"},
    )
    assert taken.status_code == 200, taken.text
    assert taken.json()["rejected"] == []
    path, auth = f"/api/scr/v1/{client['clientId']}/cases", (client["username"], client["password"])
    for number in range(STARTS):
        body = order_data(mark, f"s{batch}{number}", receiver)
        started = http.post(path, json=body, auth=auth, headers={"Idempotency-Key": f"{mark}-{batch}-{number}"})
        assert started.status_code == 201, started.text
        case_id = started.json()["caseId"]
        if number < WALKED:
            assert http.post(f"{path}/{case_id}/piCouponByFile", auth=auth).status_code == 201
        elif number < 2 * WALKED:
            body = {"method": "photo", "status": "success"}
            assert http.post(f"/sandbox/v1/cases/{case_id}/simulate", json=body).status_code == 200
    for accepted in taken.json()["accepted"][:WALKED]:
        for status in WALK:
            body = {"method": "delivery", "status": status}
            assert http.post(f"/sandbox/v1/cases/{accepted['caseId']}/simulate", json=body).status_code == 200
    advance(http, 1)


def order_data(mark: str, reference: str, receiver: Receiver) -> dict[str, Any]:
    return {
        "customData": {"custom1": f"{mark} {reference}", "custom2": mark},
        "processData": {"referenceId": f"{mark}-{reference}", "webHookUrl": f"{receiver.url}/{mark}"},
        "contactDataProvided": {
            "firstName": "Erika",
            "lastName": f"{mark} {reference}",
            "email": f"{mark.lower()}-{reference}@example.org",
            "address": ADDRESS,
        },
    }


def order_line(client: dict[str, Any], mark: str, reference: str, receiver: Receiver) -> bytes:
    line = {
        "clientId": client["clientId"],
        "orderData": order_data(mark, reference, receiver),
        "recipient": {"firstName": "Erika", "lastName": mark, "birthDate": "1964-08-12", "address": ADDRESS},
        "returnAddress": {"name": "Musterbank", **ADDRESS},
    }
    return json.dumps(line).encode() + b"\n"


def advance(http: httpx.Client, seconds: int) -> None:
    moved = http.post("/sandbox/v1/clock", json={"advanceSeconds": seconds})
    assert moved.status_code == 200, moved.text


def tenant_of(client_id: str) -> str:
    return f"(SELECT tenant_id FROM scr_client WHERE client_id = '{client_id}')"


def case_count(client_id: str) -> str:
    return f"SELECT count(*) FROM ident_case WHERE tenant_id = {tenant_of(client_id)}"


def sealed_values(url: str, client_id: str) -> list[bytes]:
    """Every sealed value of a client's cases as it stands in the tables."""
    values = []
    for sealed in SEALED:
        if "case_id" in sealed.table.columns and sealed.table is not idempotency:
            statement = f"SELECT {sealed.column.name} FROM {sealed.table.name} WHERE tenant_id = {tenant_of(client_id)}"
            values += [bytes(row[0]) for row in rows(url, statement) if row[0]]
    return values


def blind_values(url: str, client_id: str) -> list[bytes]:
    """The blind index of one in twenty cases, by which a person could be found again."""
    names = [column.name for column in ident_case.columns if column.name.startswith("find_")]
    statement = f"SELECT {', '.join(names)} FROM ident_case WHERE tenant_id = {tenant_of(client_id)} ORDER BY case_id"
    return [bytes(value) for row in rows(url, statement)[::20] for value in row if value]


def places_of(mark: str, folders: tuple[Path, ...]) -> set[Path]:
    """Files in which a mark can be read, in clear text or by whoever has the master key."""
    wanted = mark.lower().encode()
    return {
        path
        for path, content in contents(*folders)
        if any(wanted in text.lower() for text in (content, *opened(content, TEST_KEY)))
    }


def assert_no_piece_left(sealed: list[bytes], indexed: list[bytes], folders: tuple[Path, ...]) -> None:
    wanted = pieces(sealed)
    for path, content in contents(*folders):
        found = wanted.intersection(words(content))
        assert not found, f"{len(found)} pieces of erased values are left in {path}"
        for value in indexed:
            assert value not in content, f"an erased value of the blind index is left in {path}"


def assert_every_value_opens_and_names_nobody(url: str) -> None:
    from fallwerk.store.sealing import Sealer  # noqa: PLC0415 - only here

    sealer = Sealer([TEST_KEY])
    opened_values = 0
    for sealed in SEALED:
        names = [column.name for column in sealed.table.columns]
        for row in rows(url, f"SELECT {', '.join(names)} FROM {sealed.table.name}"):
            value = row[names.index(sealed.column.name)]
            if value:
                named = type("Row", (), dict(zip(names, row, strict=True)))
                text = sealer.open(bytes(value), sealed.context(named))
                assert ERASED.lower().encode() not in text.lower()
                opened_values += 1
    assert opened_values > ORDERS
