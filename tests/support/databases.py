"""
Both engines for the tests: one PostgreSQL server per run, one migrated template per run, one database per test.

Under xdist the controlling process starts the server and stops it, so a worker that crashes leaves nothing behind;
without xdist it starts when the first test asks for it. `TEST_POSTGRES_URL` names a server that runs already.
"""

import importlib
import importlib.util
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal, cast

import psycopg
import pytest

from tests.support.postgres import PostgresServer, create_database, drop_database, start_postgres

Engine = Literal["sqlite", "postgresql"]
ENGINES: Final[tuple[Engine, ...]] = ("sqlite", "postgresql")
RUNNING: Final = "TEST_POSTGRES_URL"
BUILDING_TEMPLATE: Final = 7_310_401
"""Key of the advisory lock under which one worker builds the template and the others wait."""
SERVER: Final = pytest.StashKey[PostgresServer]()
RUN: Final = pytest.StashKey[str]()


class Databases:
    """Makes migrated databases; each piece is built when first needed, so SQLite tests start no server."""

    def __init__(self, config: pytest.Config, folder: Path) -> None:
        self._config = config
        self._folder = folder
        self._sqlite_template: Path | None = None
        self._postgres_template: str | None = None

    @property
    def server_url(self) -> str:
        """The PostgreSQL server's maintenance database."""
        return server_url(self._config)

    @contextmanager
    def fresh(self, engine: Engine, directory: Path) -> Iterator[str]:
        """Yield the URL of a migrated, empty database: for SQLite a file in `directory`."""
        if engine == "sqlite":
            yield self._fresh_sqlite(directory)
            return
        name = f"test_{uuid.uuid4().hex}"
        yield create_database(self.server_url, name, self._template())
        drop_database(self.server_url, name)

    def _fresh_sqlite(self, directory: Path) -> str:
        if self._sqlite_template is None:
            self._sqlite_template = self._folder / "template"
            self._sqlite_template.mkdir()
            prepare(f"sqlite:///{self._sqlite_template / 'fallwerk.db'}")
        # The write-ahead log belongs to the database and is copied with it.
        for part in self._sqlite_template.glob("fallwerk.db*"):
            shutil.copy(part, directory / part.name)
        return f"sqlite:///{directory / 'fallwerk.db'}"

    def _template(self) -> str:
        if self._postgres_template is None:
            name = template_name(self._config)
            with psycopg.connect(self.server_url, autocommit=True) as connection:
                connection.execute("SELECT pg_advisory_lock(%s)", (BUILDING_TEMPLATE,))
                if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
                    self._build(name)
            self._postgres_template = name
        return self._postgres_template

    def _build(self, name: str) -> None:
        try:
            prepare(create_database(self.server_url, name))
        except BaseException:
            drop_database(self.server_url, name)
            raise


def prepare(url: str) -> None:
    """Bring an empty database to the present schema."""
    if importlib.util.find_spec("tests.support.schema") is not None:
        importlib.import_module("tests.support.schema").prepare(url)


def template_name(config: pytest.Config) -> str:
    """One per run: two runs on one server may test two schemas."""
    return f"template_{config.stash[RUN]}"


def server_url(config: pytest.Config) -> str:
    """Return the run's server, started now if nobody has yet."""
    running = os.environ.get(RUNNING)
    if running:
        return running
    if SERVER not in config.stash:
        config.stash[SERVER] = start_postgres()
    return config.stash[SERVER].url


def pytest_configure(config: pytest.Config) -> None:
    worker = getattr(config, "workerinput", None)
    config.stash[RUN] = worker["fallwerk_run"] if worker else uuid.uuid4().hex
    if worker:
        os.environ[RUNNING] = worker["fallwerk_postgres"]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell each xdist worker which server and which run it belongs to."""
    node.workerinput["fallwerk_postgres"] = server_url(node.config)
    node.workerinput["fallwerk_run"] = node.config.stash[RUN]


def pytest_unconfigure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    if SERVER in config.stash:
        config.stash[SERVER].stop()
    elif os.environ.get(RUNNING) and RUN in config.stash:
        drop_database(os.environ[RUNNING], template_name(config))


@pytest.fixture(scope="session")
def databases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Databases:
    """For fixtures that need a database longer than one test: `with databases.fresh(engine, directory) as url`."""
    return Databases(request.config, tmp_path_factory.mktemp("databases"))


@pytest.fixture(scope="session")
def postgres_server_url(databases: Databases) -> str:
    """URL of the maintenance database of the run's PostgreSQL server, for tests that make their own databases."""
    return databases.server_url


@pytest.fixture(scope="session", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each test that asks for it, or for `database_url`, runs once per engine."""
    return cast("Engine", request.param)


@pytest.fixture
def database_url(databases: Databases, engine: Engine, tmp_path: Path) -> Iterator[str]:
    """A migrated, empty database of the engine: `sqlite:///<tmp_path>/fallwerk.db` or one of PostgreSQL."""
    with databases.fresh(engine, tmp_path) as url:
        yield url
