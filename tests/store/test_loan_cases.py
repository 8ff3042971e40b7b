"""What a Vorgang was opened with comes back as it was sent; reading one takes few statements, however large it is."""

import asyncio

import pytest

from fallwerk.domain.audit.model import SYSTEM
from fallwerk.domain.loancase.model import Caller, Environment, StatusOrder
from fallwerk.domain.loancase.service import (
    change_application_status,
    create_application,
    export_loan_case,
    import_loan_case,
    read_loan_case,
)
from fallwerk.domain.partner.service import create_partner
from fallwerk.store.postgres import PostgresDatabase
from fallwerk.store.schema import prepare
from fallwerk.store.sealing import Sealer
from fallwerk.store.sqlite import SqliteDatabase
from fallwerk.store.unit import StoreContext, Unit
from tests.support.schema import TEST_KEY

NOW_US = 1_790_000_000_000_000
OPERATOR = Caller(SYSTEM, None)
REQUEST = '{"kundenbetreuer":{"partnerId":"ABC12"},"betrag":10.50,\n "name":"Größe \\ud800"}'.encode()
APPLICATIONS = 30


@pytest.fixture
def use(engine, database_url, tmp_path):
    """Run work in one transaction of a fresh database, which has one partner."""

    def go(work):
        async def main():
            sealer = Sealer((TEST_KEY,))
            context = StoreContext(sealer, prepare(database_url, sealer))
            kind = SqliteDatabase if engine == "sqlite" else PostgresDatabase
            database = kind(tmp_path / "fallwerk.db" if engine == "sqlite" else database_url, context)
            await database.start()
            try:
                return await database.write(work)
            finally:
                await database.stop()

        return asyncio.run(main())

    return go


def opened(uow) -> str:
    create_partner(uow, "ABC12", "", parent_id=None, now_us=NOW_US, actor=SYSTEM)
    made = import_loan_case(uow, "ABC12", REQUEST, environment=Environment.TEST, caller=OPERATOR, now_us=NOW_US)
    return made.case.case_number


@pytest.mark.req("N-01")
def test_what_a_vorgang_was_imported_with_is_kept_byte_for_byte(use):
    def work(uow):
        return export_loan_case(uow, opened(uow), caller=OPERATOR).imported

    imported = use(work)
    assert imported.request == REQUEST
    assert len(imported.applicant_id) == 36


@pytest.mark.req("N-03")
def test_the_number_of_statements_does_not_grow_with_the_applications(use, monkeypatch):
    statements = []

    def work(uow):
        number = opened(uow)
        for _ in range(APPLICATIONS):
            application = create_application(uow, number, None, now_us=NOW_US, actor=SYSTEM)
            order = StatusOrder(application.application_number, comment="x")
            change_application_status(uow, order, caller=OPERATOR, now_us=NOW_US)
        run = Unit.execute
        monkeypatch.setattr(Unit, "execute", lambda *call: statements.append(call) or run(*call))
        return read_loan_case(uow, number)

    record = use(work)
    assert [len(one.history) for one in record.applications] == [1] * APPLICATIONS
    assert len(record.comments) == APPLICATIONS
    assert len(statements) <= 6
