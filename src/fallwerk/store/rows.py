"""
Set-based inserts for the hot path, through the driver itself.

SQLAlchemy names the columns; the statements are made once per table and the values go to the driver without a layer
between: as arrays with `unnest` on PostgreSQL, as rows of one `VALUES` on SQLite. Both say which rows met no conflict.
"""

import select
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from functools import cache, lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BigInteger, Boolean, Executable, Integer, LargeBinary, SmallInteger, Table, Text

if TYPE_CHECKING:
    from psycopg.pq.abc import PGconn

    from fallwerk.store.unit import Unit

AT_ONCE: Final = 32
"""Rows that one SQLite statement takes; every smaller number has its statement in the driver's cache."""
_ARRAY_TYPES: Final = {
    BigInteger: "int8",
    Integer: "int4",
    SmallInteger: "int2",
    Text: "text",
    Boolean: "bool",
    LargeBinary: "bytea",
}


Statement = tuple[str, "list[ColumnValues] | Mapping[str, Any]"]


class ColumnValues(list[Any]):
    """The values of one column; a class per type tells the driver how to send them (`arrays.py`)."""


ARRAYS: Final = {name: type(f"{name.title()}Values", (ColumnValues,), {}) for name in _ARRAY_TYPES.values()}


def insert_rows(unit: "Unit", table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows, values in the table's column order; a conflict fails the transaction, with its commit at last."""
    if not rows:
        return
    if unit.is_sqlite:
        _insert_sqlite(unit.connection.connection.driver_connection, table, rows)
    else:
        unit.unsent.append((_postgres_insert(table), _columns(table, rows)))


def insert_new_rows(
    unit: "Unit", table: Table, rows: Sequence[tuple[Any, ...]], returning: str, *, unless_in: Table | None = None
) -> set[Any]:
    """
    Insert those rows that meet no conflict and return one column of them.

    Args:
        unless_in: On PostgreSQL only: leave out rows whose returned column stands in this table too.
    """
    if not rows:
        return set()
    if unit.is_sqlite:
        return _insert_new_sqlite(unit.connection.connection.driver_connection, table, rows, returning)
    statement = _postgres_insert(table, returning=returning, unless_in=unless_in)
    return {row[0] for row in send(unit, (statement, _columns(table, rows)))}


def send(unit: "Unit", *asked: Statement, commit: bool = False) -> list[tuple[Any, ...]]:
    """
    Send what a unit has not sent yet to PostgreSQL, more statements, and maybe the commit: one wait for all of them.

    Returns:
        The rows of the last statement asked.
    """
    raw: Any = unit.connection.connection.driver_connection
    statements, unit.unsent = [*unit.unsent, *asked], []
    with closing(raw.cursor()) as cursor:
        with raw.pipeline():
            for statement, values in statements:
                cursor.execute(statement, values)
                _flush(raw.pgconn)
            if commit:
                raw.commit()
        return cursor.fetchall() if asked else []


def ask(unit: "Unit", statements: Sequence[Statement]) -> list[Sequence[Any]]:
    """Send what a unit has not sent yet to PostgreSQL, and queries: one wait for all; return the rows of each query."""
    from psycopg.rows import namedtuple_row  # noqa: PLC0415 - SQLite needs no PostgreSQL driver

    raw: Any = unit.connection.connection.driver_connection
    waiting, unit.unsent = unit.unsent, []
    with ExitStack() as open_cursors:
        cursors = []
        with raw.pipeline():
            for statement, values in (*waiting, *statements):
                cursor = open_cursors.enter_context(closing(raw.cursor(row_factory=namedtuple_row)))
                cursor.execute(statement, values)
                _flush(raw.pgconn)
                cursors.append(cursor)
        return [cursor.fetchall() for cursor in cursors[len(waiting) :]]


def deferred(unit: "Unit", statement: Executable, parameters: Mapping[str, Any]) -> Statement:
    """Write a Core statement as PostgreSQL's driver takes it."""
    made = _written(statement, tuple(parameters), unit.connection.dialect)
    return made.string, made.construct_params(parameters)


@lru_cache(maxsize=256)
def _written(statement: Any, names: tuple[str, ...], dialect: Any) -> Any:  # noqa: ANN401 - SQLAlchemy's own types
    return statement.compile(dialect=dialect, column_keys=list(names))


def _flush(wire: "PGconn") -> None:
    """
    Hand all that waits to the socket.

    The driver's pipeline tries once and then waits for answers: of a statement larger than the socket's buffer the rest
    would never be sent.
    """
    if not wire.flush():
        return
    ready = select.poll()
    ready.register(wire.socket, select.POLLIN | select.POLLOUT)
    while wire.flush():
        if any(event & select.POLLIN for _, event in ready.poll()):
            # A server that cannot get rid of its answers reads nothing more either.
            wire.consume_input()


def _columns(table: Table, rows: Sequence[tuple[Any, ...]]) -> list[ColumnValues]:
    return [kind(values) for kind, values in zip(_kinds(table), zip(*rows, strict=True), strict=True)]


@cache
def _kinds(table: Table) -> list[type[ColumnValues]]:
    return [ARRAYS[_ARRAY_TYPES[type(column.type)]] for column in table.columns]


def _insert_sqlite(raw: Any, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:  # noqa: ANN401 - the driver's
    """
    Insert with few statements: each step of the driver lets go of the interpreter lock, and under load another thread
    takes it for a while.
    """
    for chunk in _chunks(rows):
        raw.execute(_sqlite_insert(table, len(chunk), returning=""), list(chain.from_iterable(chunk)))


def _insert_new_sqlite(raw: Any, table: Table, rows: Sequence[tuple[Any, ...]], returning: str) -> set[Any]:  # noqa: ANN401
    """Insert what is new; only where something is not, ask row by row which ones were."""
    place = table.columns.keys().index(returning)
    found: set[Any] = set()
    for chunk in _chunks(rows):
        values = list(chain.from_iterable(chunk))
        try:
            raw.execute(_sqlite_insert(table, len(chunk), returning=""), values)
            found.update(row[place] for row in chunk)
        except sqlite3.IntegrityError:
            # The failed statement has taken back all of its rows.
            inserted = raw.execute(_sqlite_insert(table, len(chunk), returning=returning), values)
            found.update(value for (value,) in inserted.fetchall())
    return found


def _chunks(rows: Sequence[tuple[Any, ...]]) -> Iterator[Sequence[tuple[Any, ...]]]:
    return (rows[start : start + AT_ONCE] for start in range(0, len(rows), AT_ONCE))


@cache
def _sqlite_insert(table: Table, size: int, *, returning: str) -> str:
    names = ", ".join(column.name for column in table.columns)
    marks = f"({', '.join('?' * len(table.columns))})"
    return f"INSERT INTO {table.name} ({names}) VALUES {', '.join([marks] * size)}{_conflict(returning)}"  # noqa: S608 - our own names


@cache
def _postgres_insert(table: Table, *, returning: str = "", unless_in: Table | None = None) -> str:
    names = ", ".join(column.name for column in table.columns)
    arrays = ", ".join(f"%b::{_ARRAY_TYPES[type(column.type)]}[]" for column in table.columns)
    if unless_in is None:
        chosen = f"SELECT * FROM unnest({arrays})"  # noqa: S608 - our own types
    else:
        # A join may turn the rows around; the first of two that conflict must win, and processes lock in one order.
        chosen = (
            f"SELECT {names} FROM unnest({arrays}) WITH ORDINALITY AS new ({names}, place)"  # noqa: S608 - our names
            f"{_guard(unless_in, returning)} ORDER BY place"
        )
    return f"INSERT INTO {table.name} ({names}) {chosen}{_conflict(returning)}"


def _guard(table: Table, column: str) -> str:
    return f" WHERE NOT EXISTS (SELECT 1 FROM {table.name} AS known WHERE known.{column} = new.{column})"  # noqa: S608


def _conflict(returning: str) -> str:
    return f" ON CONFLICT DO NOTHING RETURNING {returning}" if returning else ""
