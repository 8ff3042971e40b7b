"""The test server itself: what crash tests rely on."""

import psutil
import psycopg
import pytest

from tests.support.postgres import start_postgres


def test_the_server_is_postgresql_18_and_reached_over_the_loopback(postgres_server_url):
    with psycopg.connect(postgres_server_url) as connection:
        assert connection.info.server_version // 10_000 == 18
        assert connection.info.host == "127.0.0.1"


def test_a_test_gets_a_database_of_its_own_engine(database_url, engine):
    assert database_url.startswith(f"{engine}://")


def test_a_killed_server_keeps_what_was_committed_and_leaves_no_process():
    with start_postgres(settings={}) as server:
        with psycopg.connect(server.url, autocommit=True) as connection:
            assert connection.execute("SHOW fsync").fetchone() == ("on",)
            connection.execute("CREATE TABLE journal (entry int)")
            connection.execute("INSERT INTO journal VALUES (1)")
        family = psutil.Process(server.process.pid).children(recursive=True)
        server.kill9()
        assert all(not member.is_running() or member.status() == psutil.STATUS_ZOMBIE for member in family)
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(server.url, connect_timeout=2)
        server.start()
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT entry FROM journal").fetchone() == (1,)
    assert not server.directory.exists()
