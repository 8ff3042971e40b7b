"""What is done for every start and every second reads no table whole, however much is stored."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from fallwerk.domain.account.model import ScrClient, ScrSettings
from fallwerk.domain.audit.model import SYSTEM
from fallwerk.domain.identcase.model import CaseKind, CaseOrder
from fallwerk.domain.identcase.plan import plan_case
from fallwerk.domain.identcase.service.start import start_cases
from fallwerk.kit.clock import Clock
from fallwerk.store.schema import prepare
from fallwerk.store.sealing import Sealer
from fallwerk.store.sqlite import SqliteDatabase
from fallwerk.store.tables import metadata
from fallwerk.store.unit import StoreContext
from fallwerk.worker.housekeeping import sealing
from fallwerk.worker.loop import Worker
from tests.support.schema import TEST_KEY

SMALL = ("ix_audit_event_unsealed", "ix_due_work_lease_owner")
"""Indexes that hold only what is under way."""


def new(number):
    client = ScrClient(1 + number % 2, "ABCD1234", ScrSettings(), (), ())
    order = CaseOrder(reference_id=f"ref-{number}" if number % 3 else None)
    return plan_case(order, client=client, kind=CaseKind.START, actor=SYSTEM, now_us=1_790_000_000_000_000)


async def busy_second(path: Path) -> list[str]:
    """Start cases, one of them refused, claim due work and seal; return the statements with their values."""
    sealer, clock = Sealer((TEST_KEY,)), Clock()
    database = SqliteDatabase(path, StoreContext(sealer, prepare(f"sqlite:///{path}", sealer)), readers=1)
    await database.start()
    try:
        statements: list[str] = []
        trace = statements.append
        await database.write(lambda unit: unit.connection.connection.driver_connection.set_trace_callback(trace))
        await database.read(lambda unit: unit.connection.connection.driver_connection.set_trace_callback(trace))
        cases = [new(number) for number in range(9)]
        await database.write(lambda unit: start_cases(unit, [*cases, new(1)]))
        worker = Worker(database, clock, owner="me", is_dead=lambda _: False, handlers={}, every_beat=())
        await worker.take_over()
        assert len(await worker.claim(64)) == len(cases)
        await sealing(database, clock)()
        return statements
    finally:
        await database.stop()


@pytest.mark.req("S-16", "C-02")
def test_nothing_that_is_done_all_the_time_reads_a_table_whole(tmp_path):
    path = tmp_path / "fallwerk.db"
    statements = [text for text in asyncio.run(busy_second(path)) if text.split()[0] in {"SELECT", "INSERT", "UPDATE"}]
    assert {text.split()[0] for text in statements} == {"SELECT", "INSERT", "UPDATE"}
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            for *_, step in connection.execute("EXPLAIN QUERY PLAN " + statement):
                whole = step.startswith("SCAN") and step.split()[1] in metadata.tables
                assert not whole or step.split()[-1] in SMALL, (step, statement)
