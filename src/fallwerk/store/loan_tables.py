"""Tables of the loan platform: partners, OAuth clients, signing keys, loan cases (Vorgänge) with what is theirs."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, LargeBinary, Table, Text

from fallwerk.store.tables import metadata

partner: Final = Table(
    "partner",
    metadata,
    Column("tenant_id", BigInteger, primary_key=True, autoincrement=False),
    Column("partner_id", Text, nullable=False, unique=True),
    Column("parent_tenant_id", BigInteger),
    Column("name", Text, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Index("ix_partner_parent_tenant_id", "parent_tenant_id"),
)
"""A partner is a tenant; it reaches its own loan cases and those of partners below it (decision 43)."""

oauth_client: Final = Table(
    "oauth_client",
    metadata,
    Column("tenant_id", BigInteger, primary_key=True, autoincrement=False),
    Column("client_id", Text, primary_key=True),
    Column("settings", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("modified_us", BigInteger, nullable=False),
    Index("uq_oauth_client_client_id", "client_id", unique=True),
)
"""Secrets stand in `credential` under the client id as user name."""

signing_key: Final = Table(
    "signing_key",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("private_sealed", LargeBinary, nullable=False),
    Column("public_jwk", Text, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("signs_until_us", BigInteger, nullable=False),
    Column("verifies_until_us", BigInteger, nullable=False),
)

loan_directory: Final = Table(
    "loan_directory",
    metadata,
    Column("case_number", Text, primary_key=True),
    Column("tenant_id", BigInteger, nullable=False),
)
"""Where a Vorgangsnummer lives: it is unique over all partners."""

loan_case: Final = Table(
    "loan_case",
    metadata,
    Column("tenant_id", BigInteger, primary_key=True, autoincrement=False),
    Column("case_number", Text, primary_key=True),
    Column("status", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("data_sealed", LargeBinary),
    Column("created_us", BigInteger, nullable=False),
    Column("modified_us", BigInteger, nullable=False),
    Column("deleted_us", BigInteger),
    Index("ix_loan_case_created_us", "created_us"),
)

loan_application: Final = Table(
    "loan_application",
    metadata,
    Column("tenant_id", BigInteger, primary_key=True, autoincrement=False),
    Column("application_number", Text, primary_key=True),
    Column("case_number", Text, nullable=False),
    Column("provider_number", Text),
    Column("provider_status", Text, nullable=False),
    Column("applicant_status", Text, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("modified_us", BigInteger, nullable=False),
    Index("ix_loan_application_case_number", "tenant_id", "case_number"),
    Index("ix_loan_application_provider_number", "provider_number", "tenant_id"),
)

loan_status_change: Final = Table(
    "loan_status_change",
    metadata,
    Column("tenant_id", BigInteger, primary_key=True, autoincrement=False),
    Column("application_number", Text, primary_key=True),
    Column("change_id", BigInteger, primary_key=True, autoincrement=False),
    Column("at_us", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("provider_status", Text),
    Column("applicant_status", Text),
    Column("note_sealed", LargeBinary),
)
"""History of an application; an unchanged status is null, the note holds comment and hints."""

loan_hint_tick: Final = Table(
    "loan_hint_tick",
    metadata,
    Column("tenant_id", BigInteger, primary_key=True, autoincrement=False),
    Column("application_number", Text, primary_key=True),
    Column("change_id", BigInteger, primary_key=True, autoincrement=False),
    Column("hint_number", BigInteger, primary_key=True, autoincrement=False),
    Column("at_us", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
)
"""Hints that were ticked off the check-list, by whom and when."""

loan_comment: Final = Table(
    "loan_comment",
    metadata,
    Column("tenant_id", BigInteger, primary_key=True, autoincrement=False),
    Column("case_number", Text, primary_key=True),
    Column("comment_id", BigInteger, primary_key=True, autoincrement=False),
    Column("at_us", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("text_sealed", LargeBinary, nullable=False),
)

loan_document: Final = Table(
    "loan_document",
    metadata,
    Column("tenant_id", BigInteger, primary_key=True, autoincrement=False),
    Column("case_number", Text, primary_key=True),
    Column("document_id", BigInteger, primary_key=True, autoincrement=False),
    Column("application_number", Text),
    Column("at_us", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("blob_key", LargeBinary, nullable=False),
    Column("find_duplicate", LargeBinary),
    Column("meta_sealed", LargeBinary, nullable=False),
    Index("ix_loan_document_find_duplicate", "tenant_id", "find_duplicate", unique=True),
)
"""`meta_sealed` holds file name, SHA-256, comment and tags; `find_duplicate` is set for documents of an application."""
