"""Opening the store with its keys."""

from fallwerk.neighbours.scr_results.mapping import render_list_form, render_untouched
from fallwerk.settings import Settings
from fallwerk.store.database import Database
from fallwerk.store.keys import KeyFile, KeysUnreadable, parse_keys
from fallwerk.store.schema import prepare
from fallwerk.store.sealing import MasterKey, Sealer
from fallwerk.store.sqlite import SqliteDatabase
from fallwerk.store.unit import StoreContext


def master_keys(settings: Settings) -> tuple[MasterKey, ...]:
    """
    Read the master keys; in the sandbox the first one is made.

    Raises:
        KeysUnreadable: missing or malformed.
    """
    if settings.master_key is not None:
        return parse_keys(settings.master_key.get_secret_value())
    if settings.master_key_file is None:
        msg = "no master key is set"
        raise KeysUnreadable(msg)
    file = KeyFile(settings.master_key_file)
    return file.read() if settings.is_production else file.read_or_create()


def open_database(settings: Settings) -> Database:
    """Bring the schema up to date and return the database, not started yet."""
    sealer = Sealer(master_keys(settings))
    context = StoreContext(
        sealer,
        prepare(settings.database_url, sealer),
        render_result=render_list_form,
        render_untouched=render_untouched,
    )
    if settings.is_sqlite:
        return SqliteDatabase(settings.sqlite_path, context, readers=settings.sqlite_readers)
    from fallwerk.store.postgres import PostgresDatabase  # noqa: PLC0415 - its driver costs start-up time

    return PostgresDatabase(settings.database_url, context, pool_size=settings.postgres_pool_size)
