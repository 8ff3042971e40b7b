"""Bringing the schema up to date, at start and by command."""

import secrets
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, create_engine, insert, inspect, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from fallwerk.domain.errors import StoreUnavailable
from fallwerk.store.sealing import KeyedHashes, Sealer
from fallwerk.store.sqlite import connect
from fallwerk.store.tables import id_block, system_secret

HEAD: Final = "0013"
"""The newest revision; a test keeps it equal to the scripts', so that a start needs no migration library."""
MIGRATIONS: Final = Path(__file__).parent / "migrations"
ADVISORY_LOCK: Final = 4_815_162_342
SECRETS: Final = ("secret hashes", "blind index")


def plain_engine(url: str) -> Engine:
    """Open a database without pool or threads, for migrations and commands."""
    if url.startswith("sqlite"):
        path = sqlite_path(url)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return create_engine(
            "sqlite://", creator=lambda: connect(path), poolclass=NullPool, isolation_level="AUTOCOMMIT"
        )
    return create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1), poolclass=NullPool)


def sqlite_path(url: str) -> Path:
    """Return the file of a `sqlite:///` address."""
    return Path(url.removeprefix("sqlite:///"))


def prepare(url: str, sealer: Sealer) -> KeyedHashes:
    """
    Bring the schema up to date and return the keyed hashes, whose keys are made with the first schema.

    Processes that start together wait for one another.

    Raises:
        StoreUnavailable: the database cannot be reached or written.
    """
    engine = plain_engine(url)
    try:
        with engine.connect() as connection:
            begin(connection)
            if current_revision(connection) != HEAD:
                upgrade(connection)
            hashes = _hashes(connection, sealer)
            commit(connection)
            return hashes
    except DBAPIError as error:
        raise StoreUnavailable(str(error.orig)) from error
    finally:
        engine.dispose()


def current_revision(connection: Connection) -> str | None:
    """Return the revision of a database, None if it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def is_known_revision(revision: str) -> bool:
    """Tell whether this program has the migrations up to a revision; a newer program's backup names one it lacks."""
    return any((MIGRATIONS / "versions").glob(f"*_{revision}.py"))


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run the migrations that are missing up to a revision, in the caller's transaction."""
    from alembic import command  # noqa: PLC0415 - needed only when there is something to migrate
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def begin(connection: Connection) -> None:
    """Begin a transaction that no other process can migrate beside."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})


def commit(connection: Connection) -> None:
    """Commit what `begin` began."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("COMMIT")
    else:
        connection.commit()


def _hashes(connection: Connection, sealer: Sealer) -> KeyedHashes:
    found = dict(connection.execute(select(system_secret.c.name, system_secret.c.value_sealed)).all())
    if not found:
        found = _first_rows(connection, sealer)
    keys = [sealer.open(bytes(found[name]), secret_context(name)) for name in SECRETS]
    return KeyedHashes(*keys)


def _first_rows(connection: Connection, sealer: Sealer) -> dict[str, bytes]:
    sealed = {name: sealer.seal(secrets.token_bytes(32), secret_context(name)) for name in SECRETS}
    connection.execute(insert(system_secret), [{"name": n, "value_sealed": value} for n, value in sealed.items()])
    connection.execute(insert(id_block), {"name": "row", "next_id": 1})
    return sealed


def secret_context(name: str) -> bytes:
    """Return what a system secret is bound to."""
    return b"secret|" + name.encode()
