"""Tables of the people who sign in, of their sessions, and of what they hold at their desks."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, LargeBinary, Table, Text

from fallwerk.store.tables import metadata

staff_user: Final = Table(
    "staff_user",
    metadata,
    Column("tenant_id", BigInteger, primary_key=True, autoincrement=False),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("home_kind", Text, nullable=False),
    Column("find_username", LargeBinary, nullable=False),
    Column("profile_sealed", LargeBinary, nullable=False),
    Column("roles", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("must_change", Boolean, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("modified_us", BigInteger, nullable=False),
    Index("uq_staff_user_find_username", "find_username", unique=True),
    Index("uq_staff_user_user_id", "user_id", unique=True),
)
"""`profile_sealed` holds username and name; a username is unique over all tenants, since people type nothing else."""

staff_session: Final = Table(
    "staff_session",
    metadata,
    Column("tenant_id", BigInteger, primary_key=True, autoincrement=False),
    Column("token_hash", LargeBinary, primary_key=True),
    Column("user_id", BigInteger, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("seen_us", BigInteger, nullable=False),
    Index("uq_staff_session_token_hash", "token_hash", unique=True),
    Index("ix_staff_session_user_id", "user_id"),
)

desk_claim: Final = Table(
    "desk_claim",
    metadata,
    Column("tenant_id", BigInteger, primary_key=True, autoincrement=False),
    Column("case_id", Text, primary_key=True),
    Column("user_id", BigInteger, nullable=False),
    Column("taken_us", BigInteger, nullable=False),
    Column("seen_us", BigInteger, nullable=False),
)
"""Which agent talks to the person of a case, and when their page was last heard of."""
