"""The few statements that the two engines spell differently."""

from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table
from sqlalchemy.dialects import sqlite

if TYPE_CHECKING:
    from fallwerk.store.unit import Unit


def insert_for(unit: "Unit", table: Table) -> Any:  # noqa: ANN401 - the two inserts share their verbs, not a type
    """Return an insert that knows `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return insert_of(table, is_sqlite=unit.is_sqlite)


def insert_of(table: Table, *, is_sqlite: bool) -> Any:  # noqa: ANN401 - see `insert_for`
    """Return the same for an engine by its name, for statements that are made once."""
    if is_sqlite:
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - it brings every driver it knows; costs start-up time

    return postgresql.insert(table)


def insert_new(unit: "Unit", table: Table, values: dict[str, Any]) -> bool:
    """Insert a row unless it meets a conflict; tell whether it was inserted."""
    # The row comes back because drivers do not agree on counting: psycopg's count of an insert is not passed on.
    statement = insert_for(unit, table).on_conflict_do_nothing().returning(*table.primary_key.columns)
    return unit.execute(statement, values).first() is not None


def upsert(unit: "Unit", table: Table, values: dict[str, Any]) -> None:
    """Insert a row or replace everything but its key."""
    unit.later(_upsert(table, tuple(values), is_sqlite=unit.is_sqlite), values)


@cache
def _upsert(table: Table, names: tuple[str, ...], *, is_sqlite: bool) -> Any:  # noqa: ANN401 - see `insert_for`
    keys = [column.name for column in table.primary_key.columns]
    statement = insert_of(table, is_sqlite=is_sqlite)
    rest = {name: statement.excluded[name] for name in names if name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=rest)
