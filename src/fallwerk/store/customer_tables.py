"""Tables of the brokers and their customers."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table, Text

from fallwerk.store.tables import metadata

broker: Final = Table(
    "broker",
    metadata,
    Column("tenant_id", BigInteger, primary_key=True, autoincrement=False),
    Column("user_id", Integer, nullable=False, unique=True),
    Column("settings", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("modified_us", BigInteger, nullable=False),
)

broker_token: Final = Table(
    "broker_token",
    metadata,
    Column("tenant_id", BigInteger, primary_key=True, autoincrement=False),
    Column("token_id", BigInteger, primary_key=True, autoincrement=False),
    Column("token_hash", LargeBinary, nullable=False),
    Column("valid_until_us", BigInteger, nullable=False),
    Column("ends_us", BigInteger),
    Index("uq_broker_token_token_hash", "token_hash", unique=True),
)
"""`valid_until_us` is the expiry that callers see; at `ends_us`, the end of an overlap, it becomes nobody's."""

customer: Final = Table(
    "customer",
    metadata,
    Column("tenant_id", BigInteger, primary_key=True, autoincrement=False),
    Column("customer_id", BigInteger, primary_key=True, autoincrement=False),
    Column("find_email", LargeBinary, nullable=False),
    Column("find_last_name", LargeBinary),
    Column("data_sealed", LargeBinary, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("modified_us", BigInteger, nullable=False),
    Index("uq_customer_find_email", "tenant_id", "find_email", unique=True),
    Index("ix_customer_find_last_name", "tenant_id", "find_last_name"),
)
