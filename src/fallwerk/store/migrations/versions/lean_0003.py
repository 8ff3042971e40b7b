"""Lean starts: fewer indexes that each new case has to be entered in."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

UNSEALED = sa.text("seal_number IS NULL")
FIND = ("find_custom1", "find_document", "find_email", "find_last_name")


def upgrade() -> None:
    """Apply."""
    for name in FIND:
        op.drop_index(f"ix_ident_case_{name}", "ident_case")
    _index_unsealed("event_id")


def downgrade() -> None:
    """Take back."""
    _index_unsealed("tenant_id", "event_id")
    for name in FIND:
        given = sa.text(f"{name} IS NOT NULL")
        op.create_index(
            f"ix_ident_case_{name}", "ident_case", ["tenant_id", name], sqlite_where=given, postgresql_where=given
        )


def _index_unsealed(*columns: str) -> None:
    op.drop_index("ix_audit_event_unsealed", "audit_event")
    op.create_index(
        "ix_audit_event_unsealed", "audit_event", [*columns], sqlite_where=UNSEALED, postgresql_where=UNSEALED
    )
