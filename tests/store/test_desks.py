"""What waits at the desks is found by its index, however many cases there are."""

import pytest
from sqlalchemy import select
from sqlalchemy.dialects import sqlite

from fallwerk.domain.desk.model import Wanted
from fallwerk.domain.identcase.model import IdentStatus, Method
from fallwerk.store.desks import _matching
from fallwerk.store.schema import prepare, sqlite_path
from fallwerk.store.sealing import Sealer
from fallwerk.store.sqlite import connect
from fallwerk.store.tables import identification
from tests.support.schema import TEST_KEY


@pytest.mark.parametrize("methods", [(Method.DELIVERY,), (Method.PHOTO, Method.VIDEO)])
def test_the_list_of_a_desk_is_read_from_the_index_of_open_attempts(tmp_path, methods):
    url = f"sqlite:///{tmp_path}/desk.db"
    prepare(url, Sealer([TEST_KEY]))
    wanted = Wanted(methods, (IdentStatus.REVIEW_PENDING, IdentStatus.INCOMPLETE))
    statement = _matching(wanted, select(identification.c.case_id)).limit(50)
    sql = str(statement.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
    connection = connect(sqlite_path(url))
    plan = " ".join(str(row[-1]) for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}"))
    connection.close()
    assert "USING INDEX ix_identification_open" in plan or "USING COVERING INDEX ix_identification_open" in plan
