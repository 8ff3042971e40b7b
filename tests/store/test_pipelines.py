"""Statements that PostgreSQL gets in one go: none waits for ever, however large."""

import os
import socket
import threading
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from sqlalchemy import Column, LargeBinary, MetaData, Table

from fallwerk.store import arrays
from fallwerk.store.rows import insert_rows, send

TABLE = Table("pg_temp_large", MetaData(), Column("content", LargeBinary))
TIMES, ROWS, SIZE = 3, 100, 20_000
PATIENCE_S = 20


@pytest.mark.req("U-20")
def test_rows_larger_than_what_a_socket_holds_arrive(postgres_server_url: str) -> None:
    arrays.register()
    arrived: list[int] = []

    def fill() -> None:
        with psycopg.connect(postgres_server_url) as connection:
            with socket.socket(fileno=os.dup(connection.fileno())) as small:
                small.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
            connection.execute("CREATE TEMPORARY TABLE pg_temp_large (content bytea)")
            wire = SimpleNamespace(driver_connection=connection)
            unit: Any = SimpleNamespace(is_sqlite=False, unsent=[], connection=SimpleNamespace(connection=wire))
            for number in range(TIMES):
                insert_rows(unit, TABLE, [(bytes([number]) * SIZE,)] * ROWS)
                send(unit, commit=True)
            found = connection.execute("SELECT count(*), sum(length(content)) FROM pg_temp_large").fetchone()
            arrived.extend(found or ())

    filling = threading.Thread(target=fill, daemon=True)
    filling.start()
    filling.join(PATIENCE_S)
    assert arrived == [TIMES * ROWS, TIMES * ROWS * SIZE]
