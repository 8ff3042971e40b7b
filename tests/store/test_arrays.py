"""Columns as binary arrays: the server reads what was meant, NULLs and extremes included."""

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fallwerk.store import arrays
from fallwerk.store.rows import ARRAYS

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
ELEMENTS = {
    "int8": st.integers(-(2**63), 2**63 - 1),
    "int4": st.integers(-(2**31), 2**31 - 1),
    "int2": st.integers(-(2**15), 2**15 - 1),
    "text": TEXT,
    "bool": st.booleans(),
    "bytea": st.binary(),
}


@pytest.fixture(scope="module")
def connection(postgres_server_url):
    arrays.register()
    with psycopg.connect(postgres_server_url, autocommit=True) as opened:
        yield opened


@pytest.mark.parametrize("name", ELEMENTS)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_what_the_server_unnests_is_what_was_sent(connection, name, data):
    values = data.draw(st.lists(st.none() | ELEMENTS[name], max_size=40))
    statement = f"SELECT * FROM unnest(%b::{name}[])"
    rows = connection.execute(statement, (ARRAYS[name](values),), binary=True).fetchall()
    assert [row[0] for row in rows] == values
