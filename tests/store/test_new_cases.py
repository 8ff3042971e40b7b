"""A batch of new cases: who is in another's way finds another id or is refused, and its neighbours are stored."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from fallwerk.domain.account.model import ScrClient, ScrSettings
from fallwerk.domain.audit.model import SYSTEM
from fallwerk.domain.identcase.errors import ReferenceIdTaken
from fallwerk.domain.identcase.model import CaseId, CaseKind, CaseOrder
from fallwerk.domain.identcase.plan import plan_case
from fallwerk.domain.identcase.service.start import start_cases
from fallwerk.store.postgres import PostgresDatabase
from fallwerk.store.schema import prepare
from fallwerk.store.sealing import Sealer
from fallwerk.store.sqlite import SqliteDatabase
from fallwerk.store.unit import StoreContext
from tests.support.schema import TEST_KEY

CLIENT = ScrClient(1, "ABCD1234", ScrSettings(), (), ())
NOW_US = 1_790_000_000_000_000
ROWS = "SELECT case_id, reference_id FROM ident_case ORDER BY case_id"
PLACES = "SELECT case_id FROM case_directory ORDER BY case_id"


def new(case_id, reference_id=None):
    order = CaseOrder(reference_id=reference_id)
    planned = plan_case(order, client=CLIENT, kind=CaseKind.START, actor=SYSTEM, now_us=NOW_US)
    return replace(planned, case=replace(planned.case, case_id=CaseId(case_id), reference_id=reference_id or case_id))


def started(url, *batches):
    """Start batches, one after the other; return their outcomes and what is stored, which the directory knows too."""

    async def main():
        sealer = Sealer((TEST_KEY,))
        context = StoreContext(sealer, prepare(url, sealer))
        path = Path(url.removeprefix("sqlite:///"))
        database = SqliteDatabase(path, context) if url.startswith("sqlite") else PostgresDatabase(url, context)
        await database.start()
        try:
            outcomes = [await database.write(lambda unit, batch=batch: start_cases(unit, batch)) for batch in batches]
            rows = await database.read(lambda unit: unit.connection.exec_driver_sql(ROWS).all())
            places = await database.read(lambda unit: unit.connection.exec_driver_sql(PLACES).all())
        finally:
            await database.stop()
        assert [row.case_id for row in rows] == [place.case_id for place in places]
        return outcomes, {row.case_id: row.reference_id for row in rows}

    return asyncio.run(main())


@pytest.mark.req("S-16")
def test_of_one_batch_the_first_with_a_reference_id_gets_it_and_the_neighbours_are_stored(database_url):
    batch = [new("AAAAAAAAAAA1"), new("AAAAAAAAAAA2", "same"), new("AAAAAAAAAAA3", "same"), new("AAAAAAAAAAA4")]
    (outcomes,), stored = started(database_url, batch)
    assert stored == {"AAAAAAAAAAA1": "AAAAAAAAAAA1", "AAAAAAAAAAA2": "same", "AAAAAAAAAAA4": "AAAAAAAAAAA4"}
    assert isinstance(outcomes[2], ReferenceIdTaken)
    assert outcomes[2].holder == "AAAAAAAAAAA2"
    assert [outcomes[place].case_id for place in (0, 1, 3)] == list(stored)


@pytest.mark.req("S-31")
def test_a_new_id_that_another_case_has_is_drawn_again_in_one_batch_and_in_the_next(database_url):
    batches = [[new("BBBBBBBBBBB1"), new("BBBBBBBBBBB1")], [new("BBBBBBBBBBB1"), new("BBBBBBBBBBB2")]]
    (first, second), stored = started(database_url, *batches)
    ids = [outcome.case_id for outcome in (*first, *second)]
    assert len(set(ids)) == 4
    assert set(stored) == set(ids)
    assert (ids[0], ids[3]) == ("BBBBBBBBBBB1", "BBBBBBBBBBB2")
    assert all(case_id == reference_id for case_id, reference_id in stored.items())


@pytest.mark.req("S-15", "S-16")
def test_a_case_id_that_is_somebodys_reference_id_is_drawn_again_and_a_given_one_is_refused(database_url):
    batches = [[new("CCCCCCCCCCC1", "CCCCCCCCCCC2")], [new("CCCCCCCCCCC2"), new("CCCCCCCCCCC3", "CCCCCCCCCCC2")]]
    (_, second), stored = started(database_url, *batches)
    assert second[0].case_id not in {"CCCCCCCCCCC1", "CCCCCCCCCCC2"}
    assert isinstance(second[1], ReferenceIdTaken)
    assert second[1].holder == "CCCCCCCCCCC1"
    assert stored == {"CCCCCCCCCCC1": "CCCCCCCCCCC2", second[0].case_id: second[0].case_id}


@pytest.mark.req("S-16")
def test_of_many_pairs_the_first_always_wins_however_the_statement_is_planned(database_url):
    # A directory of this size makes PostgreSQL join the batch with it by hash, which turns rows around.
    before = [new(f"B{number:011}") for number in range(3000)]
    pairs = [new(f"P{(number * 7919) % 10_007:011}", f"same{number // 2}") for number in range(120)]
    (_, outcomes), stored = started(database_url, before, pairs)
    assert [isinstance(outcome, ReferenceIdTaken) for outcome in outcomes] == [False, True] * 60
    assert all(stored[pair.case.case_id] == pair.case.reference_id for pair in pairs[::2])
