"""Backup and restore, rehearsed: the restored system serves the old clients, on the same engine or the other (C-08)."""

import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from fallwerk.domain.audit.model import Actor, AuditEvent
from fallwerk.domain.audit.system import restored as restored_event
from fallwerk.domain.errors import StoreUnavailable
from fallwerk.store import backup as backup_module
from fallwerk.store.all_tables import metadata
from fallwerk.store.backup import BackupRefused, create_backup, restore_backup
from fallwerk.store.keys import KeyFile
from fallwerk.store.schema import HEAD
from tests.faults.conftest import rows
from tests.faults.load import Client, Load
from tests.faults.loans import FilledCase
from tests.faults.test_rotation import save_customer
from tests.support.databases import Engine
from tests.support.postgres import PostgresServer, create_database
from tests.support.receiver import Receiver
from tests.support.schema import TEST_KEY
from tests.support.server import ADMIN, Server

PASSPHRASE = "correct horse battery staple"
ANSWERS = 40
BLOB = b"sealed bytes of a document" * 100
Empty = Callable[[Engine, Path], str]


def note(number: int) -> AuditEvent:
    """What the audit log says of a restore."""
    return restored_event(number, actor=Actor("admin"), now_us=1_790_000_000_000_000)


@pytest.fixture
def empty_database(request: pytest.FixtureRequest) -> Empty:
    """Name a database with nothing in it, not even a schema."""

    def make(engine: Engine, folder: Path) -> str:
        if engine == "sqlite":
            return f"sqlite:///{folder / 'fallwerk.db'}"
        server: PostgresServer = request.getfixturevalue("durable_postgres")
        server.start()
        return create_database(server.url, f"restored_{uuid4().hex}")

    return make


@pytest.fixture
def backup(tmp_path: Path, new_database: Callable[[Engine, Path], str]) -> Path:
    """A small backup with a passphrase, of a system that nobody used yet."""
    folder = tmp_path / "small"
    url = new_database("sqlite", folder)
    (folder / "blobs" / "ab").mkdir(parents=True)
    (folder / "blobs" / "ab" / "document").write_bytes(BLOB)
    create_backup(url, [TEST_KEY], folder / "blobs", tmp_path / "small.zip", PASSPHRASE)
    return tmp_path / "small.zip"


@pytest.mark.req("C-08", "C-04", "C-02")
@pytest.mark.parametrize(
    ("source", "target"),
    [("sqlite", "sqlite"), ("postgresql", "postgresql"), ("sqlite", "postgresql"), ("postgresql", "sqlite")],
)
def test_a_restored_system_serves_the_old_cases_with_the_old_credentials(
    source: Engine,
    target: Engine,
    tmp_path: Path,
    receiver: Receiver,
    new_database: Callable[[Engine, Path], str],
    empty_database: Empty,
) -> None:
    old, new, file = tmp_path / "old", tmp_path / "new", tmp_path / "backup.zip"
    url, new_url = new_database(source, old), empty_database(target, new)
    with Server(old, database_url=url) as server:
        started = Client.make(server.url, receiver.url, "notification")
        load = Load(server.url, tmp_path / "sent.jsonl", started, Client.make(server.url, receiver.url, "final"))
        (old / "blobs" / "ab").mkdir(parents=True)
        (old / "blobs" / "ab" / "document").write_bytes(BLOB)
        customer_id = save_customer(server.url, "erika@test.de")
        loans = FilledCase.fill(server.url)
        load.run_until(lambda load: load.wait_for(ANSWERS))
        acknowledged = dict(load.promises.cases)
        done = {case_id for case_id, status in load.promises.status.items() if status == "success"}
        # The service goes on while its backup is written.
        load.run_until(lambda load: back_up_beside(load, old, url, file))
        listed = results_of(server, load)
    assert file.stat().st_mode & 0o777 == 0o600
    restored = restore_backup(file, new_url, new / "master.key", new / "blobs", PASSPHRASE, note)
    counted = sum(len(rows(new_url, f"SELECT 1 FROM {table.name}")) for table in metadata.sorted_tables)
    assert counted == restored + 1
    event = "SELECT tenant_id, actor, details FROM audit_event WHERE action = 'backup.restored'"
    assert rows(new_url, event) == [(0, "admin", f'{{"rows":{restored}}}')]
    assert (new / "blobs" / "ab" / "document").read_bytes() == BLOB
    assert KeyFile(new / "master.key").read() == (TEST_KEY,)
    assert (new / "master.key").stat().st_mode & 0o777 == 0o600
    with Server(new, database_url=new_url) as server:
        assert_serves(server, load, acknowledged)
        assert save_customer(server.url, "ERIKA@test.de") == customer_id
        loans.assert_same(server.url)
        restored_results = results_of(server, load)
        assert done <= set(restored_results)
        assert restored_results == {case_id: listed[case_id] for case_id in restored_results}


@pytest.mark.req("C-08")
def test_objects_that_come_and_go_beside_the_backup_are_in_it(
    tmp_path: Path, new_database: Callable[[Engine, Path], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, blobs = new_database("sqlite", tmp_path / "old"), tmp_path / "old" / "blobs"
    (blobs / "7").mkdir(parents=True)
    (blobs / "7" / "released").write_bytes(BLOB)

    def tables_meanwhile(*given: Any) -> Any:
        # The snapshot may know either: one was released after it, the other came just before it.
        (blobs / "7" / "uploaded").write_bytes(BLOB)
        written = write_tables(*given)
        (blobs / "7" / "released").unlink()
        return written

    write_tables = backup_module._write_tables
    monkeypatch.setattr(backup_module, "_write_tables", tables_meanwhile)
    create_backup(url, [TEST_KEY], blobs, tmp_path / "file.zip", PASSPHRASE)
    restored = tmp_path / "new"
    restore_backup(tmp_path / "file.zip", f"sqlite:///{tmp_path}/new.db", None, restored, PASSPHRASE, note)
    assert {path.name: path.read_bytes() for path in (restored / "7").iterdir()} == {"released": BLOB, "uploaded": BLOB}


def back_up_beside(load: Load, data: Path, url: str, file: Path) -> None:
    create_backup(url, KeyFile(data / "master.key").read(), data / "blobs", file, PASSPHRASE)
    load.wait_for(5)


def results_of(server: Server, load: Load) -> dict[str, object]:
    """The results of closed delivery cases."""
    client = load.final
    answer = httpx.get(
        f"{server.url}/api/scr/v1/{client.client_id}/cases/delivery", auth=client.auth, params={"status": "closed"}
    )
    assert answer.status_code == 200, answer.text
    return {result["caseId"]: result for result in answer.json()}


def assert_serves(server: Server, load: Load, acknowledged: dict[str, str]) -> None:
    client = load.started
    path = f"{server.url}/api/scr/v1/{client.client_id}/cases"
    for reference, case_id in acknowledged.items():
        if load.promises.sent[reference] == client.client_id:
            answer = httpx.post(path, auth=client.auth, json=client.order_data(reference))
            assert (answer.status_code, answer.json()["caseId"]) == (409, case_id)
    assert httpx.post(path, auth=client.auth, json=client.order_data("brand-new")).status_code == 201
    assert httpx.post(path, auth=("nobody", "knows"), json={}).status_code == 401
    assert httpx.post(f"{server.url}/admin/v1/audit/verify", headers=ADMIN).json()["sound"] is True


@pytest.mark.req("C-08", "C-04")
def test_the_keys_in_a_backup_with_a_passphrase_cannot_be_read_without_it(backup: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    for passphrase, reason in ((None, "its passphrase is needed"), ("wrong", "the passphrase is wrong")):
        with pytest.raises(BackupRefused, match=reason):
            restore_backup(backup, f"sqlite:///{target / 'fallwerk.db'}", target / "master.key", None, passphrase, note)
    assert not target.exists()
    with zipfile.ZipFile(backup) as archive:
        assert all(TEST_KEY.secret not in archive.read(name) for name in archive.namelist())


@pytest.mark.req("C-08")
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "no table", "fewer rows", "newer", "no manifest"])
def test_a_damaged_backup_is_refused_and_leaves_everything_empty(
    engine: Engine, damage: str, backup: Path, tmp_path: Path, empty_database: Empty
) -> None:
    damaged, target = tmp_path / "damaged.zip", tmp_path / "target"
    DAMAGES[damage](backup, damaged)
    url = empty_database(engine, target)
    with pytest.raises(BackupRefused):
        restore_backup(damaged, url, target / "master.key", target / "blobs", PASSPHRASE, note)
    assert not (target / "master.key").exists()
    # The very same target takes the sound backup afterwards.
    assert restore_backup(backup, url, target / "master.key", target / "blobs", PASSPHRASE, note) > 0


@pytest.mark.req("C-08")
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_database_that_is_not_empty_is_left_as_it_is(
    engine: Engine, backup: Path, tmp_path: Path, new_database: Callable[[Engine, Path], str]
) -> None:
    target = tmp_path / "target"
    url = new_database(engine, target)
    before = rows(url, "SELECT * FROM system_secret")
    with pytest.raises(BackupRefused, match="the database is not empty"):
        restore_backup(backup, url, target / "master.key", target / "blobs", PASSPHRASE, note)
    assert rows(url, "SELECT * FROM system_secret") == before
    assert not (target / "master.key").exists()
    assert not (target / "blobs").exists()


@pytest.mark.req("C-08")
def test_other_master_keys_are_never_overwritten(backup: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    (key,) = KeyFile(target / "master.key").read_or_create()
    with pytest.raises(BackupRefused, match="holds other master keys"):
        restore_backup(backup, f"sqlite:///{target / 'fallwerk.db'}", target / "master.key", None, PASSPHRASE, note)
    assert KeyFile(target / "master.key").read() == (key,)


@pytest.mark.req("C-08")
def test_a_backup_is_never_written_over_another_file_and_never_left_half(
    backup: Path, tmp_path: Path, durable_postgres: PostgresServer
) -> None:
    before = backup.read_bytes()
    with pytest.raises(FileExistsError):
        create_backup(f"sqlite:///{tmp_path / 'small' / 'fallwerk.db'}", [TEST_KEY], None, backup, None)
    assert backup.read_bytes() == before
    half = tmp_path / "half.zip"
    durable_postgres.start()
    with pytest.raises(BackupRefused, match="there is nothing to back up"):
        create_backup(create_database(durable_postgres.url, f"none_{uuid4().hex}"), [TEST_KEY], None, half, None)
    assert not half.exists()


@pytest.mark.req("C-08")
def test_a_database_that_is_away_is_named_as_the_reason(backup: Path, tmp_path: Path) -> None:
    url = "postgresql://nobody@127.0.0.1:1/nothing"
    with pytest.raises(StoreUnavailable, match="port 1 failed"):
        restore_backup(backup, url, tmp_path / "target" / "master.key", None, PASSPHRASE, note)
    with pytest.raises(StoreUnavailable, match="port 1 failed"):
        create_backup(url, [TEST_KEY], None, tmp_path / "never.zip", None)
    assert not (tmp_path / "never.zip").exists()


def cut(source: Path, target: Path) -> None:
    target.write_bytes(source.read_bytes()[:-200])


def flipped(source: Path, target: Path) -> None:
    """Change bits inside the largest member's data."""
    with zipfile.ZipFile(source) as archive:
        largest = max(archive.infolist(), key=lambda member: member.compress_size)
    content = bytearray(source.read_bytes())
    middle = largest.header_offset + 30 + len(largest.filename) + largest.compress_size // 2
    content[middle] ^= 0xFF
    content[middle + 1] ^= 0xFF
    target.write_bytes(content)


def empty(_source: Path, target: Path) -> None:
    target.write_bytes(b"")


def rewritten(source: Path, target: Path, change: Callable[[str, bytes], bytes | None]) -> None:
    with zipfile.ZipFile(source) as old, closing(zipfile.ZipFile(target, "w")) as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)


def without_a_table(source: Path, target: Path) -> None:
    rewritten(source, target, lambda name, content: None if name == "tables/system_secret.jsonl" else content)


def with_fewer_rows(source: Path, target: Path) -> None:
    rewritten(
        source, target, lambda name, content: content.splitlines()[0] + b"\n" if "system_secret" in name else content
    )


def from_a_newer_version(source: Path, target: Path) -> None:
    present = f'"{HEAD}"'.encode()
    rewritten(
        source, target, lambda name, content: content.replace(present, b'"9999"') if "manifest" in name else content
    )


def without_a_manifest(source: Path, target: Path) -> None:
    rewritten(source, target, lambda name, content: None if name == "manifest.json" else content)


DAMAGES = {
    "cut": cut,
    "flipped": flipped,
    "empty": empty,
    "no table": without_a_table,
    "fewer rows": with_fewer_rows,
    "newer": from_a_newer_version,
    "no manifest": without_a_manifest,
}
