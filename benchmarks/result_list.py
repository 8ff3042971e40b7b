"""
Lists of 10,000 results, sealed at rest, over HTTP ÷ one SQL aggregate over a plain table of the same bytes.

One list is of delivery cases, whose results are stored; the other of cases of START that nothing has happened to, whose
results are rendered of their sealed orders.
"""

import contextlib
import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
from harness import ENGINES, Account, Figure, Load, System, folder, main, median, order, served, start_templates

RESULTS = 10_000
ORDERED_AT_ONCE = 2_500
STATES = "new=true&inProgress=true&closed=true"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of list."""

    name: str
    path: str
    fill: Callable[[System, Account], None]


def measure(quick: bool) -> list[Figure]:  # noqa: FBT001 - the one switch of every script
    """Measure each list on each engine."""
    return [_engine(engine, kind, 7 if quick else 25) for kind in KINDS for engine in ENGINES]


def order_deliveries(system: System, account: Account) -> None:
    """Order deliveries by the thousand."""
    for _ in range(RESULTS // ORDERED_AT_ONCE):
        order(system, account, ORDERED_AT_ONCE)


def start_cases(system: System, account: Account) -> None:
    """Start cases with the guide's sample request."""
    load = Load(system.server.port, start_templates([account], system.server.port))
    load.run(requests=RESULTS)
    load.require_only("201")


KINDS = (
    Kind("list of 10,000 sealed results", f"cases/delivery?{STATES}", order_deliveries),
    Kind("list of 10,000 untouched cases of START", f"cases?{STATES}", start_cases),
)


def _engine(engine: str, kind: Kind, rounds: int) -> Figure:
    with served(engine) as system, folder() as data:
        account = system.open_accounts(1, deliveryActive=True)[0]
        kind.fill(system, account)
        url = f"{system.server.url}/api/scr/v1/{account.client_id}/{kind.path}"
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
    return Figure(f"{kind.name} ÷ one SQL aggregate", engine, ratio, "", 10, at_least=False, detail=detail)


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
