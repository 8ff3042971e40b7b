"""Tables of messages to people."""

from typing import Final

from sqlalchemy import BigInteger, Column, LargeBinary, Table, Text

from fallwerk.store.tables import metadata

mail: Final = Table(
    "mail",
    metadata,
    Column("tenant_id", BigInteger, primary_key=True, autoincrement=False),
    Column("case_id", Text, primary_key=True),
    Column("mail_id", BigInteger, primary_key=True, autoincrement=False),
    Column("channel", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("content_sealed", LargeBinary, nullable=False),
    Column("attempts", Text, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("useless_us", BigInteger, nullable=False),
)
"""Recipient and facts are sealed; attempts hold no personal data."""

sandbox_mail: Final = Table(
    "sandbox_mail",
    metadata,
    Column("tenant_id", BigInteger, primary_key=True, autoincrement=False),
    Column("case_id", Text, primary_key=True),
    Column("mail_id", BigInteger, primary_key=True, autoincrement=False),
    Column("channel", Text, nullable=False),
    Column("letter_sealed", LargeBinary, nullable=False),
    Column("at_us", BigInteger, nullable=False),
)
"""The sandbox's mailbox: what would have been sent."""
