"""What the commands do without a server: the admin API in this process, backup, restore, certificates."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from starlette.types import ASGIApp

from fallwerk.app.store import master_keys
from fallwerk.app.system import Fallwerk
from fallwerk.domain.audit.model import Actor
from fallwerk.domain.audit.system import restored
from fallwerk.domain.errors import StoreUnavailable
from fallwerk.kit.clock import Clock
from fallwerk.kit.server_plan import StartRefused
from fallwerk.kit.shared import SharedState
from fallwerk.settings import Settings
from fallwerk.store.keys import KeysUnreadable
from fallwerk.store.sealing import SealBroken
from fallwerk.store.sqlite import WriterHeld

if TYPE_CHECKING:
    from fallwerk.adapters.tls import DevCertificates


OPERATOR: Final = Actor("admin")
"""Whoever may run commands on the machine of the server."""


class ServerRuns(StartRefused):
    """Another process has this database open for writing."""


@asynccontextmanager
async def admin_alone(settings: Settings) -> AsyncIterator[ASGIApp]:
    """
    Open the store and offer the admin API in this process, for commands: nothing is served, no worker runs.

    Raises:
        ServerRuns: a server has the embedded database; ask it instead.
        StartRefused: no database, no keys.
    """
    try:
        system = Fallwerk(settings, SharedState())
        await system.database.start()
    except WriterHeld as error:
        raise ServerRuns(str(error)) from error
    except (StoreUnavailable, KeysUnreadable, SealBroken) as error:
        raise StartRefused(str(error)) from error
    try:
        yield system.admin
    finally:
        await system.database.stop()


def back_up(settings: Settings, target: Path, passphrase: str | None) -> int:
    """
    Back the whole system up, running or not; return the number of rows.

    Raises:
        StartRefused: it cannot be done; the message says why.
    """
    from fallwerk.store.backup import BackupRefused, create_backup  # noqa: PLC0415 - for commands only

    try:
        return create_backup(settings.database_url, master_keys(settings), _blob_folder(settings), target, passphrase)
    except (BackupRefused, KeysUnreadable, StoreUnavailable, OSError) as error:
        raise StartRefused(str(error)) from error


def restore(settings: Settings, source: Path, passphrase: str | None) -> int:
    """
    Restore a backup into an empty system; return the number of rows.

    Raises:
        StartRefused: it cannot be done; nothing was changed.
    """
    from fallwerk.store.backup import BackupRefused, restore_backup  # noqa: PLC0415 - for commands only

    key_file = None if settings.master_key is not None else settings.master_key_file
    try:
        return restore_backup(
            source,
            settings.database_url,
            key_file,
            _blob_folder(settings),
            passphrase,
            lambda rows: restored(rows, actor=OPERATOR, now_us=Clock().now_us()),
        )
    except (BackupRefused, KeysUnreadable, StoreUnavailable, OSError) as error:
        raise StartRefused(str(error)) from error


def dev_certificates(settings: Settings, hostnames: Sequence[str]) -> "DevCertificates":
    """
    Make a development authority and a server certificate of it in the data folder, or keep those that are there.

    Raises:
        StartRefused: the folder cannot be written, or a name cannot stand in a certificate.
    """
    from fallwerk.adapters.tls import make_dev_ca  # noqa: PLC0415 - for commands only

    try:
        return make_dev_ca(settings.data_dir / "tls", hostnames, clock=Clock())
    except (OSError, ValueError) as error:
        raise StartRefused(f"cannot make certificates: {error}") from error


def _blob_folder(settings: Settings) -> Path | None:
    """Return the local blob store's folder; an object store is backed up where it lies."""
    return Path(settings.blob_url.removeprefix("file://")) if settings.blob_url.startswith("file://") else None
