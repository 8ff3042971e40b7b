"""Tables of the portal: who tried to show that a case is theirs, and who waits for a video call."""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from fallwerk.store.tables import metadata

confirmation: Final = Table(
    "confirmation",
    metadata,
    Column("tenant_id", BigInteger, primary_key=True, autoincrement=False),
    Column("case_id", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("failing_since_us", BigInteger, nullable=False),
    Column("code_hash", LargeBinary),
    Column("code_until_us", BigInteger),
    Column("codes_sent", Integer, nullable=False),
    Column("sending_since_us", BigInteger, nullable=False),
)
"""One row per case at which somebody tried; of a code that was sent only a keyed hash is kept."""

waiting_person: Final = Table(
    "waiting_person",
    metadata,
    Column("tenant_id", BigInteger, primary_key=True, autoincrement=False),
    Column("case_id", Text, primary_key=True),
    Column("since_us", BigInteger, nullable=False),
    Column("seen_us", BigInteger, nullable=False),
    Index("ix_waiting_person_since_us", "since_us"),
)
"""One row per person who waits; few at any time."""
