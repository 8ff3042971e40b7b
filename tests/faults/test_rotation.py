"""Rotation of the master key beside the running service: the old key goes, everything is still read (C-04)."""

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from fallwerk.apis.policenwerk_customer.examples import CREATED_REQUEST
from fallwerk.store.all_tables import metadata
from fallwerk.store.keys import KeyFile
from fallwerk.store.rotation import SEALED, SealedColumn
from fallwerk.store.schema import SECRETS, secret_context
from fallwerk.store.sealing import KeyedHashes, MasterKey, SealBroken, Sealer
from tests.faults.conftest import rows
from tests.faults.load import Client, Load
from tests.faults.loans import FilledCase
from tests.faults.remains import contents
from tests.support.databases import Engine
from tests.support.receiver import Receiver
from tests.support.schema import TEST_KEY
from tests.support.server import ADMIN, Server

ANSWERS = 60


def test_the_rotation_knows_every_sealed_column_of_the_schema() -> None:
    columns = {column for table in metadata.sorted_tables for column in table.columns}
    assert {sealed.column for sealed in SEALED} == {column for column in columns if column.name.endswith("_sealed")}
    assert all(sealed.column.table is sealed.table for sealed in SEALED)


@pytest.mark.req("C-04", "C-02")
@pytest.mark.parametrize(("engine", "workers"), [("sqlite", 1), ("postgresql", 3)])
def test_a_rotation_under_load_deletes_the_old_key_and_everything_is_still_read(
    engine: Engine, workers: int, new_database: Callable[[Engine, Path], str], tmp_path: Path, receiver: Receiver
) -> None:
    data = tmp_path / "data"
    url = new_database(engine, data)
    with Server(data, database_url=url, workers=workers) as server:
        started = Client.make(server.url, receiver.url, "notification")
        final = Client.make(server.url, receiver.url, "final")
        load = Load(server.url, tmp_path / "sent.jsonl", started, final)
        customer_id = save_customer(server.url, "erika@test.de")
        loans = FilledCase.fill(server.url)

        def rotate(load: Load) -> None:
            load.wait_for(ANSWERS)
            answer = httpx.post(f"{server.url}/admin/v1/keys/rotate", headers=ADMIN, timeout=60)
            assert (answer.status_code, answer.json()) == (200, {"masterKey": 2})
            load.wait_for(ANSWERS)

        load.run_until(rotate)
        assert load.refused == []
        noted = httpx.get(f"{server.url}/admin/v1/audit/system?subject=master%20keys", headers=ADMIN).json()
        by_action = {event["action"]: event for event in noted}
        assert sorted(by_action) == ["keys.rotated", "keys.rotation_begun"]
        assert {event["actor"] for event in noted} == {"admin"}
        assert by_action["keys.rotated"]["details"] == {"masterKey": 2}
    key = only_key_left(data)
    assert_only_the_new_key_opens(url, key)
    assert_blind_index_finds(url, key, started.client_id)
    with Server(data, database_url=url, workers=workers) as server:
        load.base = server.url
        assert_everything_is_read(load)
        loans.assert_same(server.url)
        # The index of addresses outlives the rotation as well, or this would be another customer.
        assert save_customer(server.url, "ERIKA@test.de") == customer_id
        customers = httpx.get(f"{server.url}/admin/v1/brokers/4712/customers", headers=ADMIN).json()
        assert [(one["customer_id"], one["vorname"]) for one in customers] == [(customer_id, "Max")]


def save_customer(url: str, email: str) -> str:
    answer = httpx.post(f"{url}/api/customer/create", json={**CREATED_REQUEST, "email": email})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["customer_id"])


def only_key_left(data: Path) -> MasterKey:
    """The key file holds the new key, and no file holds the old one."""
    (key,) = KeyFile(data / "master.key").read()
    assert key.key_id == 2
    assert key.secret != TEST_KEY.secret
    for path, content in contents(data):
        assert TEST_KEY.secret not in content, path
        assert base64.b64encode(TEST_KEY.secret) not in content, path
    return key


def values(url: str, sealed: SealedColumn) -> Iterator[tuple[bytes, bytes]]:
    """Every value of a sealed column with its context."""
    names = [column.name for column in sealed.table.columns]
    for row in rows(url, f"SELECT {', '.join(names)} FROM {sealed.table.name}"):
        value = row[names.index(sealed.column.name)]
        if value:
            yield bytes(value), sealed.context(type("Row", (), dict(zip(names, row, strict=True))))


def assert_only_the_new_key_opens(url: str, key: MasterKey) -> None:
    new = Sealer([key])
    old = Sealer([TEST_KEY, MasterKey(key.key_id, TEST_KEY.secret)])
    for sealed in SEALED:
        for value, context in values(url, sealed):
            assert new.open(value, context)
            with pytest.raises(SealBroken):
                old.open(value, context)


def assert_blind_index_finds(url: str, key: MasterKey, client_id: str) -> None:
    """The index's own key outlives the rotation: persons of before and after are found by one value."""
    secrets = {name: bytes(value) for name, value in rows(url, "SELECT name, value_sealed FROM system_secret")}
    hashes = KeyedHashes(*(Sealer([key]).open(secrets[name], secret_context(name)) for name in SECRETS))
    ((tenant_id,),) = rows(url, f"SELECT tenant_id FROM scr_client WHERE client_id = '{client_id}'")
    found = rows(url, f"SELECT find_last_name FROM ident_case WHERE tenant_id = {tenant_id}")
    assert len(found) > ANSWERS / 2
    assert {bytes(value) for (value,) in found} == {hashes.blind(tenant_id, "last name", "mustermann")}


def assert_everything_is_read(load: Load) -> None:
    with httpx.Client(base_url=load.base, timeout=30, trust_env=False) as http:
        client = load.final
        listed: list[dict[str, Any]] = http.get(
            f"/api/scr/v1/{client.client_id}/cases/delivery", auth=client.auth, params={"status": "closed"}
        ).json()
        done = {case_id for case_id, status in load.promises.status.items() if status == "success"}
        assert done <= {result["caseId"] for result in listed}
        client = load.started
        for reference in [name for name in load.promises.cases if name.startswith("s-")]:
            answer = http.post(
                f"/api/scr/v1/{client.client_id}/cases", auth=client.auth, json=client.order_data(reference)
            )
            assert (answer.status_code, answer.json()["caseId"]) == (409, load.promises.cases[reference])
        for case_id in load.promises.notified:
            deliveries = http.get("/sandbox/v1/deliveries", params={"caseId": case_id}, headers=ADMIN).json()
            assert [delivery["status"] for delivery in deliveries] == ["delivered"]
