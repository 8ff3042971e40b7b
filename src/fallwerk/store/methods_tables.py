"""Tables of what the methods of START leave behind: the person's data, consents, records."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, LargeBinary, SmallInteger, Table, Text

from fallwerk.store.tables import metadata

ident_person: Final = Table(
    "ident_person",
    metadata,
    Column("tenant_id", BigInteger, primary_key=True, autoincrement=False),
    Column("case_id", Text, primary_key=True),
    Column("data_sealed", LargeBinary, nullable=False),
)
"""What a person entered in the portal; no row while they entered nothing."""

ident_consent: Final = Table(
    "ident_consent",
    metadata,
    Column("tenant_id", BigInteger, primary_key=True, autoincrement=False),
    Column("case_id", Text, primary_key=True),
    Column("consent_id", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("text_version", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("given_us", BigInteger, nullable=False),
)

ident_record: Final = Table(
    "ident_record",
    metadata,
    Column("tenant_id", BigInteger, primary_key=True, autoincrement=False),
    Column("case_id", Text, primary_key=True),
    Column("record_id", BigInteger, primary_key=True, autoincrement=False),
    Column("attempt", SmallInteger, nullable=False),
    Column("type", Text, nullable=False),
    Column("mime_type", Text, nullable=False),
    Column("blob_key", LargeBinary, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("submitted", Boolean, nullable=False),
    Column("validation_sealed", LargeBinary),
    Column("created_us", BigInteger, nullable=False),
)
"""Pictures and documents of attempts; a reviewer's remark is personal data, so the whole judgement is sealed."""
