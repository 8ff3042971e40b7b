"""
Backup and restore of a whole system in one file, the same for both engines.

A backup is a ZIP: `manifest.json`, one file of JSON lines per table read from one snapshot, the blobs, the master keys.
Sealed values stay sealed. With a passphrase the keys are encrypted (scrypt, AES-256-GCM); without one whoever has the
file has everything, so it is written for its owner only.
"""

import base64
import contextlib
import os
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any, Final

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from sqlalchemy import Connection, MetaData, Table, insert, select, text
from sqlalchemy.exc import DBAPIError, NoSuchTableError

from fallwerk.domain.audit.model import AuditEvent
from fallwerk.domain.errors import StoreUnavailable
from fallwerk.store.all_tables import metadata
from fallwerk.store.keys import KeyFile, parse_keys
from fallwerk.store.schema import begin, commit, current_revision, is_known_revision, plain_engine, upgrade
from fallwerk.store.sealing import MasterKey
from fallwerk.store.tables import audit_event
from fallwerk.store.unit import RowIds

FORMAT: Final = 1
ROWS_AT_ONCE: Final = 1_000


class BackupRefused(Exception):
    """A backup cannot be made or restored; the message says why and what to do."""


def create_backup(url: str, keys: Iterable[MasterKey], blobs: Path | None, target: Path, passphrase: str | None) -> int:
    """
    Write a backup of the running or stopped system; return the number of rows.

    Args:
        blobs: Folder of the local blob store, None if blobs lie in an object store, which is backed up there.
        target: Must not exist; readable by its owner only.

    Raises:
        BackupRefused: the database is empty.
        StoreUnavailable: the database cannot be read.
    """
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        return _write_backup(os.fdopen(descriptor, "wb"), url, keys, blobs, passphrase)
    except DBAPIError as error:
        target.unlink()
        raise StoreUnavailable(str(error.orig)) from error
    except BaseException:
        # Half a backup is none, and its name would be in the way of the next.
        target.unlink()
        raise


def _write_backup(
    opened: IO[bytes], url: str, keys: Iterable[MasterKey], blobs: Path | None, passphrase: str | None
) -> int:
    with opened as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            # Before the tables and after them: an object that the snapshot knows lay there before it, where a deletion
            # beside the backup cannot have taken it yet, or came meanwhile.
            _write_blobs(blobs, archive)
            rows, revision = _write_tables(url, archive)
            _write_blobs(blobs, archive)
            archive.writestr("keys.json", orjson.dumps(_packed_keys(keys, passphrase)))
            manifest = {"format": FORMAT, "revision": revision, "rows": rows, "encryptedKeys": passphrase is not None}
            archive.writestr("manifest.json", orjson.dumps(manifest))
        file.flush()
        os.fsync(file.fileno())
    return sum(rows.values())


def _write_tables(url: str, archive: zipfile.ZipFile) -> tuple[dict[str, int], str]:
    engine = plain_engine(url)
    rows: dict[str, int] = {}
    try:
        with engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN")
            else:
                connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
            revision = current_revision(connection)
            if revision is None:
                msg = "the database is empty; there is nothing to back up"
                raise BackupRefused(msg)
            for table in metadata.sorted_tables:
                name = str(table.name)
                with archive.open(f"tables/{name}.jsonl", "w", force_zip64=True) as out:
                    rows[name] = _write_rows(connection, table, out)
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("ROLLBACK")
    finally:
        engine.dispose()
    return rows, revision


def _write_rows(connection: Connection, table: Table, out: Any) -> int:  # noqa: ANN401 - a file in the archive
    count = 0
    result = connection.execution_options(yield_per=ROWS_AT_ONCE).execute(select(table))
    for row in result:
        out.write(orjson.dumps([_as_json(value) for value in row]) + b"\n")
        count += 1
    return count


def _as_json(value: Any) -> Any:  # noqa: ANN401 - a column's value
    return {"b": base64.b64encode(value).decode()} if isinstance(value, (bytes, memoryview)) else value


def _write_blobs(blobs: Path | None, archive: zipfile.ZipFile) -> None:
    """Add the objects that the archive does not hold yet; they are sealed, so compression would gain nothing."""
    if blobs is None or not blobs.exists():
        return
    known = set(archive.namelist())
    for path in sorted(blobs.rglob("*")):
        name = f"blobs/{path.relative_to(blobs)}"
        if name in known or name.startswith("blobs/probe/") or "#" in path.name or not path.is_file():
            continue
        # One that was deleted since has lost its row, or is going to be in the second round.
        with contextlib.suppress(FileNotFoundError):
            archive.write(path, name, zipfile.ZIP_STORED)


def restore_backup(  # noqa: PLR0917 - where everything comes from and goes to
    source: Path,
    url: str,
    key_file: Path | None,
    blobs: Path | None,
    passphrase: str | None,
    event: Callable[[int], AuditEvent],
) -> int:
    """
    Restore a backup into an empty system and bring its schema up to date; return the number of rows.

    Args:
        event: What the audit log says of it, by the number of rows.

    Raises:
        BackupRefused: not a backup or a damaged one, a wrong passphrase, a database that is not empty, other keys.
        StoreUnavailable: the database cannot be reached or written. In either case the database is as it was.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            # The manifest is written last: without one the backup was never finished.
            if "manifest.json" not in archive.namelist():
                msg = f"{source} is no finished backup"
                raise BackupRefused(msg)
            manifest = orjson.loads(archive.read("manifest.json"))
            _refuse_other_versions(source, manifest)
            keys = _unpacked_keys(orjson.loads(archive.read("keys.json")), passphrase)
            _refuse_other_keys(key_file, keys)
            return _fill(archive, manifest, url, lambda: _place_files(archive, blobs, key_file, keys), event)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, KeyError, NoSuchTableError) as error:
        msg = f"{source} is no backup, or a damaged one: {error}"
        raise BackupRefused(msg) from None
    except DBAPIError as error:
        raise StoreUnavailable(str(error.orig)) from error


def _refuse_other_versions(source: Path, manifest: dict[str, Any]) -> None:
    if manifest["format"] != FORMAT:
        msg = f"{source} has format {manifest['format']}, this version reads {FORMAT}"
        raise BackupRefused(msg)
    if not is_known_revision(manifest["revision"]):
        msg = f"{source} comes from a newer version of Fallwerk; restore it with that one"
        raise BackupRefused(msg)


def _place_files(
    archive: zipfile.ZipFile, blobs: Path | None, key_file: Path | None, keys: tuple[MasterKey, ...]
) -> None:
    _read_blobs(archive, blobs)
    if key_file is not None and not key_file.exists():
        key_file.parent.mkdir(parents=True, exist_ok=True)
        KeyFile(key_file).replace(keys)


def _refuse_other_keys(key_file: Path | None, keys: tuple[MasterKey, ...]) -> None:
    if key_file is not None and key_file.exists() and KeyFile(key_file).read() != keys:
        msg = f"{key_file} holds other master keys; move it away first"
        raise BackupRefused(msg)


def _fill(
    archive: zipfile.ZipFile,
    manifest: dict[str, Any],
    url: str,
    place_files: Callable[[], None],
    event: Callable[[int], AuditEvent],
) -> int:
    """Fill the database; it is committed last, so that a restore that fails anywhere can simply be repeated."""
    engine = plain_engine(url)
    try:
        with engine.connect() as connection:
            begin(connection)
            if current_revision(connection) is not None:
                msg = "the database is not empty; restore into a new one"
                raise BackupRefused(msg)
            upgrade(connection, manifest["revision"])
            total = sum(_read_table(archive, connection, name, count) for name, count in manifest["rows"].items())
            upgrade(connection)
            _note(connection, event(total))
            place_files()
            commit(connection)
    finally:
        engine.dispose()
    return total


def _note(connection: Connection, event: AuditEvent) -> None:
    """Write one event, with a block of row ids of its own as a server process takes one."""
    ids = RowIds()
    ids.refill(connection)
    values = {
        "tenant_id": event.tenant_id,
        "event_id": ids.next(),
        "at_us": event.at_us,
        "actor": event.actor.name,
        "address": event.actor.address,
        "action": event.action,
        "subject": event.subject,
        "details": orjson.dumps(event.details).decode(),
    }
    connection.execute(insert(audit_event), values)


def _read_table(archive: zipfile.ZipFile, connection: Connection, name: str, expected: int) -> int:
    # The table as its own revision had it, which may be older than this program's.
    table = Table(name, MetaData(), autoload_with=connection)
    columns = [column.name for column in metadata.tables[name].columns if column.name in table.columns]
    count = 0
    with archive.open(f"tables/{name}.jsonl") as lines:
        for batch in _batches(lines):
            connection.execute(insert(table), [dict(zip(columns, row, strict=True)) for row in batch])
            count += len(batch)
    if count != expected:
        msg = f"the backup is damaged: {name} has {count} rows instead of {expected}"
        raise BackupRefused(msg)
    return count


def _batches(lines: Iterable[bytes]) -> Iterator[list[list[Any]]]:
    batch: list[list[Any]] = []
    for line in lines:
        batch.append([base64.b64decode(v["b"]) if isinstance(v, dict) else v for v in orjson.loads(line)])
        if len(batch) == ROWS_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _read_blobs(archive: zipfile.ZipFile, blobs: Path | None) -> None:
    for name in archive.namelist():
        if name.startswith("blobs/") and blobs is not None:
            target = (blobs / name.removeprefix("blobs/")).resolve()
            if not target.is_relative_to(blobs.resolve()):
                msg = "the backup names a file outside the blob store"
                raise BackupRefused(msg)
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with archive.open(name) as packed, target.open("wb") as out:
                shutil.copyfileobj(packed, out)


def _packed_keys(keys: Iterable[MasterKey], passphrase: str | None) -> dict[str, str]:
    plain = ",".join(f"{key.key_id}:{base64.b64encode(key.secret).decode()}" for key in keys)
    if passphrase is None:
        return {"keys": plain}
    salt, nonce = os.urandom(16), os.urandom(12)
    sealed = AESGCM(_key_of(passphrase, salt)).encrypt(nonce, plain.encode(), b"fallwerk backup")
    return {
        name: base64.b64encode(value).decode() for name, value in (("salt", salt), ("nonce", nonce), ("sealed", sealed))
    }


def _unpacked_keys(packed: dict[str, str], passphrase: str | None) -> tuple[MasterKey, ...]:
    if "keys" in packed:
        return parse_keys(packed["keys"])
    if passphrase is None:
        msg = "the backup's keys are encrypted; its passphrase is needed"
        raise BackupRefused(msg)
    salt, nonce, sealed = (base64.b64decode(packed[name]) for name in ("salt", "nonce", "sealed"))
    try:
        return parse_keys(AESGCM(_key_of(passphrase, salt)).decrypt(nonce, sealed, b"fallwerk backup").decode())
    except InvalidTag:
        msg = "the passphrase is wrong"
        raise BackupRefused(msg) from None


def _key_of(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(passphrase.encode())
