"""A durable PostgreSQL of the fault tests' own, and systems on either engine whose data survives its processes."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.support.databases import Engine
from tests.support.postgres import PostgresServer, create_database, start_postgres
from tests.support.receiver import Receiver
from tests.support.schema import prepare


@pytest.fixture(scope="session")
def durable_postgres() -> Iterator[PostgresServer]:
    """A server that syncs to the disk as PostgreSQL does by default, for this process's tests alone."""
    with start_postgres(settings={"log_min_messages": "warning"}) as server:
        server.start()
        yield server


@pytest.fixture
def new_database(request: pytest.FixtureRequest) -> Callable[[str, Path], str]:
    """Make an empty, migrated, durable database of an engine and return its URL."""

    def make(engine: Engine, folder: Path) -> str:
        if engine == "sqlite":
            folder.mkdir(parents=True, exist_ok=True)
            url = f"sqlite:///{folder / 'fallwerk.db'}"
        else:
            server: PostgresServer = request.getfixturevalue("durable_postgres")
            server.start()
            url = create_database(server.url, f"faults_{uuid4().hex}")
        prepare(url)
        return url

    return make  # type: ignore[return-value]


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    """A client's webhook endpoint that has each notification on the disk before it answers."""
    with Receiver(journal=tmp_path / "received.jsonl") as running:
        yield running


def rows(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Ask a database behind the server's back."""
    if url.startswith("sqlite"):
        import sqlite3  # noqa: PLC0415 - only one of the engines

        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            return connection.execute(statement).fetchall()
    with psycopg.connect(url) as connection:
        return connection.execute(statement.encode()).fetchall()
