"""A store that is full, locked or stopped, really: errors in the dialect, recovery without a restart (C-08, S-80)."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from fallwerk.kit.clock import monotonic_s
from tests.faults.outage import Observed, assert_refused, no_file_may_grow, small_volume, stopped
from tests.support.databases import Engine
from tests.support.postgres import PostgresServer, create_database, start_postgres
from tests.support.schema import prepare
from tests.support.server import Server

SOON_S = 8
"""For a refusal by the store itself, waits for locks included."""
STOPPED_S = 25
"""For a store that keeps its connections and answers nothing."""
MOST_CASES = 4_000


@contextmanager
def running(folder: Path, url: str) -> Iterator[Observed]:
    """A system that works, with calls that are written down."""
    server = Server(folder, database_url=url).start()
    try:
        observed = Observed(server, url)
        observed.make_sure_it_works()
        pid = server.pid
        yield observed
        assert server.pid == pid, "it was restarted"
        observed.assert_recovered()
    finally:
        server.kill()


def make_sure_it_runs(postgres: PostgresServer) -> None:
    """Do what an operator does: a server that lost its log's volume gives up, and is started again."""
    end_s = monotonic_s() + 20
    while True:
        if postgres.process is None or postgres.process.poll() is not None:
            postgres.process = None
            postgres.start()
        try:
            psycopg.connect(postgres.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            assert monotonic_s() < end_s, postgres.log.read_text()[-2000:]
            threading.Event().wait(0.05)
        else:
            return


def until_refused(observed: Observed) -> None:
    """Start cases until the store takes no more."""
    for _ in range(MOST_CASES):
        answer = observed.start()
        if answer.status_code != 201:
            assert_refused(answer)
            return
    raise AssertionError(f"{MOST_CASES} cases were stored, and nothing was full")


@pytest.mark.req("C-08", "S-80", "S-36")
def test_a_sqlite_file_that_may_not_grow_answers_in_the_dialect_and_recovers(tmp_path: Path) -> None:
    with running(tmp_path, f"sqlite:///{tmp_path / 'fallwerk.db'}") as observed:
        log = tmp_path / "fallwerk.db-wal"
        with no_file_may_grow(observed.server.pid, beyond=log.stat().st_size + 100_000):
            until_refused(observed)
            observed.assert_outage(SOON_S)


@pytest.mark.req("C-08", "S-80", "S-36")
def test_sqlite_on_a_full_volume_answers_in_the_dialect_and_recovers() -> None:
    with (
        small_volume(16) as volume,
        running(volume.folder, f"sqlite:///{volume.folder / 'fallwerk.db'}") as observed,
        volume.full(observed.server.pid),
    ):
        until_refused(observed)
        observed.assert_outage(SOON_S)


@pytest.mark.req("C-08", "S-80", "S-36")
def test_postgresql_on_a_full_volume_answers_in_the_dialect_and_recovers(tmp_path: Path) -> None:
    small = {"max_wal_size": "32MB", "min_wal_size": "32MB", "wal_init_zero": "on"}
    with small_volume(160) as volume, start_postgres(volume.folder / "postgres", small) as postgres:
        postgres.start()
        url = create_database(postgres.url, "full")
        prepare(url)
        with running(tmp_path, url) as observed:
            assert postgres.process is not None
            with volume.full(postgres.process.pid):
                until_refused(observed)
                observed.assert_outage(SOON_S)
            make_sure_it_runs(postgres)


@pytest.mark.req("C-08", "S-80", "S-36")
def test_a_sqlite_database_locked_by_another_process_answers_in_the_dialect_and_recovers(tmp_path: Path) -> None:
    path = tmp_path / "fallwerk.db"
    with running(tmp_path, f"sqlite:///{path}") as observed, sqlite_lock(path):
        observed.assert_outage(SOON_S)


@pytest.mark.req("C-08", "S-80", "S-36")
def test_postgresql_tables_locked_by_another_session_answer_in_the_dialect_and_recover(
    new_database: Callable[[Engine, Path], str], tmp_path: Path
) -> None:
    url = new_database("postgresql", tmp_path)
    with running(tmp_path, url) as observed, psycopg.connect(url) as session:
        session.execute("LOCK TABLE ident_case IN ACCESS EXCLUSIVE MODE")
        observed.assert_outage(SOON_S)


@pytest.mark.req("C-08", "S-80", "S-36")
def test_a_postgresql_that_is_down_answers_in_the_dialect_and_recovers(
    new_database: Callable[[Engine, Path], str], durable_postgres: PostgresServer, tmp_path: Path
) -> None:
    url = new_database("postgresql", tmp_path)
    with running(tmp_path, url) as observed:
        durable_postgres.halt()
        observed.assert_outage(SOON_S)
        observed.assert_outage(SOON_S)
        durable_postgres.start()


@pytest.mark.req("C-08", "S-80", "S-36")
def test_a_postgresql_that_is_stopped_but_connected_answers_in_the_dialect_and_recovers(
    new_database: Callable[[Engine, Path], str], durable_postgres: PostgresServer, tmp_path: Path
) -> None:
    url = new_database("postgresql", tmp_path)
    assert durable_postgres.process is not None
    with running(tmp_path, url) as observed, stopped(durable_postgres.process.pid):
        observed.assert_outage(STOPPED_S)


@pytest.mark.req("C-05")
def test_a_second_server_on_one_sqlite_file_is_refused_with_a_clear_message(tmp_path: Path) -> None:
    path = tmp_path / "fallwerk.db"
    with running(tmp_path, f"sqlite:///{path}") as observed:
        environment = {**os.environ, "DATA_DIR": str(tmp_path), "PORT": "0"}
        command = [sys.executable, "-m", "fallwerk", "serve"]
        second = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=30)
        assert second.returncode == 1
        assert f"another Fallwerk process writes {path}; SQLite takes one writing process." in second.stderr
        assert "Traceback" not in second.stderr
        assert observed.start().status_code == 201


@contextmanager
def sqlite_lock(path: Path) -> Iterator[None]:
    """Hold the right to write as another program would."""
    script = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); "
        "c.execute('BEGIN IMMEDIATE'); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        yield
