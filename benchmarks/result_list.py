"""A list of 10,000 results, sealed at rest, over HTTP ÷ one SQL aggregate over a plain table of the same bytes."""

import contextlib
import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psycopg
from harness import ENGINES, Figure, System, folder, main, median, order, served

RESULTS = 10_000
ORDERED_AT_ONCE = 2_500
PATH = "cases/delivery?new=true&inProgress=true&closed=true"


def measure(quick: bool) -> list[Figure]:  # noqa: FBT001 - the one switch of every script
    """Measure each engine."""
    return [_engine(engine, 7 if quick else 25) for engine in ENGINES]


def _engine(engine: str, rounds: int) -> Figure:
    with served(engine) as system, folder() as data:
        account = system.open_accounts(1, deliveryActive=True)[0]
        for _ in range(RESULTS // ORDERED_AT_ONCE):
            order(system, account, ORDERED_AT_ONCE)
        url = f"{system.server.url}/api/scr/v1/{account.client_id}/{PATH}"
        headers = {"Authorization": account.authorization}
        with httpx.Client(headers=headers, timeout=60) as client:
            results = client.get(url).json()
            if len(results) != RESULTS:
                raise RuntimeError(f"the list holds {len(results)} results")
            size = len(client.get(url).content)

            def fetch() -> bytes:
                return client.get(url).content

            with plain_table(system, data, results) as aggregate:
                if len(aggregate()) != size - 2:
                    raise RuntimeError("the aggregate is not the list without its brackets")
                lists, aggregates = [], []
                for _ in range(rounds):
                    lists.append(_timed(fetch))
                    aggregates.append(_timed(aggregate))
    ratio = median([mine / theirs for mine, theirs in zip(lists, aggregates, strict=True)])
    detail = f"{median(lists) * 1000:.0f} ms over HTTP against {median(aggregates) * 1000:.1f} ms, {size:,} bytes"
    name = "list of 10,000 sealed results ÷ one SQL aggregate"
    return Figure(name, engine, ratio, "", 10, at_least=False, detail=detail)


@contextlib.contextmanager
def plain_table(system: System, data: Path, results: list[object]) -> Iterator[Callable[[], bytes]]:
    """Put the results as they are into a table and give the aggregate over it, as the driver returns it."""
    rows = [
        (number, json.dumps(result, ensure_ascii=False, separators=(",", ":"))) for number, result in enumerate(results)
    ]
    if system.engine == "SQLite":
        with contextlib.closing(sqlite3.connect(data / "plain.db")) as connection:
            connection.execute("CREATE TABLE plain (number INTEGER PRIMARY KEY, result TEXT)")
            connection.executemany("INSERT INTO plain VALUES (?, ?)", rows)
            connection.commit()
            statement = "SELECT group_concat(result, ',') FROM (SELECT result FROM plain ORDER BY number)"

            def concatenated() -> bytes:
                return bytes(connection.execute(statement).fetchone()[0], "utf-8")

            yield concatenated
        return
    with psycopg.connect(system.database_url, autocommit=True) as postgres:
        postgres.execute("CREATE TABLE plain (number INTEGER PRIMARY KEY, result TEXT)")
        postgres.cursor().executemany("INSERT INTO plain VALUES (%s, %s)", rows)
        postgres.execute("ANALYZE plain")

        def aggregate() -> bytes:
            row = postgres.execute("SELECT string_agg(result, ',' ORDER BY number) FROM plain").fetchone()
            return b"" if row is None else str(row[0]).encode()

        yield aggregate


def _timed(work: Callable[[], bytes]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


if __name__ == "__main__":
    main(measure)
