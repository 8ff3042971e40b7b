"""
Every table, once, for both engines.

Each table of a tenant carries the tenant's key as the first column of its primary key, so that it can be partitioned by
tenant. Times are microseconds since 1970 (BIGINT), personal data is sealed (`*_sealed`, see `sealing.py`), values that
must be found stand beside it as a blind index (`find_*`).
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

id_block: Final = Table(
    "id_block",
    metadata,
    Column("name", Text, primary_key=True),
    Column("next_id", BigInteger, nullable=False),
)
"""Row ids are handed out to processes in blocks, so that no insert waits for a sequence."""

system_secret: Final = Table(
    "system_secret",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value_sealed", LargeBinary, nullable=False),
)
"""Random keys that outlive a rotation: the blind index's and the one of the secrets' keyed hashes."""

tenant: Final = Table(
    "tenant",
    metadata,
    Column("tenant_id", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("demo", Boolean, nullable=False),
    Column("created_us", BigInteger, nullable=False),
)

scr_client: Final = Table(
    "scr_client",
    metadata,
    Column("tenant_id", BigInteger, primary_key=True, autoincrement=False),
    Column("client_id", Text, nullable=False, unique=True),
    Column("settings", Text, nullable=False),
    Column("secrets_sealed", LargeBinary, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("modified_us", BigInteger, nullable=False),
)

credential: Final = Table(
    "credential",
    metadata,
    Column("tenant_id", BigInteger, primary_key=True, autoincrement=False),
    Column("credential_id", BigInteger, primary_key=True, autoincrement=False),
    Column("username", Text, nullable=False),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("alive_only", Boolean, nullable=False),
    Column("valid_until_us", BigInteger),
)

case_directory: Final = Table(
    "case_directory",
    metadata,
    Column("case_id", Text, primary_key=True),
    Column("tenant_id", BigInteger, nullable=False),
)
"""Where a case lives, for the portal, which knows the case id alone."""

ident_case: Final = Table(
    "ident_case",
    metadata,
    Column("tenant_id", BigInteger, primary_key=True, autoincrement=False),
    Column("case_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("archived", Boolean, nullable=False),
    Column("reference_id", Text, nullable=False),
    Column("reference_given", Boolean, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("modified_us", BigInteger, nullable=False),
    Column("closed_us", BigInteger),
    Column("valid_until_us", BigInteger, nullable=False),
    Column("order_sealed", LargeBinary, nullable=False),
    Column("result_sealed", LargeBinary),
    Column("find_last_name", LargeBinary),
    Column("find_email", LargeBinary),
    Column("find_custom1", LargeBinary),
    Column("find_document", LargeBinary),
    UniqueConstraint("tenant_id", "reference_id"),
)

identification: Final = Table(
    "identification",
    metadata,
    Column("tenant_id", BigInteger, primary_key=True, autoincrement=False),
    Column("case_id", Text, primary_key=True),
    Column("number", SmallInteger, primary_key=True, autoincrement=False),
    Column("method", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("sub_status", Integer),
    Column("sub_status_reason", Integer),
    Column("created_us", BigInteger, nullable=False),
    Column("modified_us", BigInteger, nullable=False),
    Column("identified_us", BigInteger),
    Column("details_sealed", LargeBinary),
)
"""Attempts to identify, counted from 1 within their case."""

delivery_order: Final = Table(
    "delivery_order",
    metadata,
    Column("tenant_id", BigInteger, primary_key=True, autoincrement=False),
    Column("case_id", Text, primary_key=True),
    Column("job_id", Text),
    Column("position", Integer),
    Column("recipient_sealed", LargeBinary, nullable=False),
)

notification: Final = Table(
    "notification",
    metadata,
    Column("tenant_id", BigInteger, primary_key=True, autoincrement=False),
    Column("case_id", Text, primary_key=True),
    Column("notification_id", BigInteger, primary_key=True, autoincrement=False),
    Column("event", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("target_sealed", LargeBinary, nullable=False),
    Column("attempts", Text, nullable=False),
    Column("next_attempt_us", BigInteger),
    Column("created_us", BigInteger, nullable=False),
)
"""One row per URL and event; `attempts` holds instants, status codes and error words, no personal data."""

due_work: Final = Table(
    "due_work",
    metadata,
    Column("tenant_id", BigInteger, primary_key=True, autoincrement=False),
    Column("case_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("subject_id", BigInteger, primary_key=True, autoincrement=False),
    Column("due_us", BigInteger, nullable=False),
    Column("leased_until_us", BigInteger, nullable=False),
    Column("lease_owner", Text),
    Column("tries", Integer, nullable=False),
    Index("ix_due_work_due_us", "due_us"),
)
"""The outbox: everything that must follow a change, written in the change's own transaction."""

audit_event: Final = Table(
    "audit_event",
    metadata,
    Column("tenant_id", BigInteger, primary_key=True, autoincrement=False),
    Column("event_id", BigInteger, primary_key=True, autoincrement=False),
    Column("at_us", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("details", Text, nullable=False),
    Column("seal_number", BigInteger),
)

audit_seal: Final = Table(
    "audit_seal",
    metadata,
    Column("tenant_id", BigInteger, primary_key=True, autoincrement=False),
    Column("seal_number", BigInteger, primary_key=True, autoincrement=False),
    Column("event_count", Integer, nullable=False),
    Column("previous_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("sealed_us", BigInteger, nullable=False),
)

idempotency: Final = Table(
    "idempotency",
    metadata,
    Column("tenant_id", BigInteger, primary_key=True, autoincrement=False),
    Column("operation", Text, primary_key=True),
    Column("key_hash", LargeBinary, primary_key=True),
    Column("request_hash", LargeBinary, nullable=False),
    Column("status", Integer, nullable=False),
    Column("response_sealed", LargeBinary, nullable=False),
    Column("case_id", Text),
    Column("expires_us", BigInteger, nullable=False),
    Index("ix_idempotency_expires_us", "expires_us"),
)

sandbox_state: Final = Table(
    "sandbox_state",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)
"""The clock's offset, so that it survives restarts."""

sandbox_fault: Final = Table(
    "sandbox_fault",
    metadata,
    Column("fault_id", BigInteger, primary_key=True, autoincrement=False),
    Column("method", Text),
    Column("path_prefix", Text),
    Column("status", Integer),
    Column("delay_ms", Integer, nullable=False),
    Column("remaining", Integer, nullable=False),
    Column("component", Text),
)
"""Ordered faults; a row with a component makes that component unavailable until it is cleared."""
