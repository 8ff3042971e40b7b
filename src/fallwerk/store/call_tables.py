"""Tables of a video call's signalling: rows of seconds, which the browsers' server processes exchange."""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, SmallInteger, Table, Text

from fallwerk.store.tables import metadata

call_seat: Final = Table(
    "call_seat",
    metadata,
    Column("tenant_id", BigInteger, primary_key=True, autoincrement=False),
    Column("case_id", Text, primary_key=True),
    Column("side", Text, primary_key=True),
    Column("seat_id", BigInteger, nullable=False),
    Column("seen_us", BigInteger, nullable=False),
)
"""One row per browser that waits or talks."""

call_signal: Final = Table(
    "call_signal",
    metadata,
    Column("signal_id", BigInteger, primary_key=True, autoincrement=False),
    Column("tenant_id", BigInteger, nullable=False),
    Column("case_id", Text, nullable=False),
    Column("side", Text, nullable=False),
    Column("body_sealed", LargeBinary, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Index("ix_call_signal_tenant_id_case_id_side", "tenant_id", "case_id", "side"),
)
"""What a side has not got yet; it names network addresses of people, so it is sealed."""

call_tan: Final = Table(
    "call_tan",
    metadata,
    Column("tenant_id", BigInteger, primary_key=True, autoincrement=False),
    Column("case_id", Text, primary_key=True),
    Column("attempt", SmallInteger, nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("taken_us", BigInteger, nullable=False),
    Column("factor", Text, nullable=False),
    Column("digits_hash", LargeBinary),
    Column("until_us", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("confirmed_us", BigInteger),
    Column("sent_us", BigInteger, nullable=False),
    Column("times_sent", Integer, nullable=False),
    Column("sending_since_us", BigInteger, nullable=False),
)
"""One row per case in whose call a TAN was sent; of its digits only a keyed hash is kept."""
