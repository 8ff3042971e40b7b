"""The signalling of video calls."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

NEVER_SAMPLED = {"call_signal": ("body_sealed",)}
"""Columns of which PostgreSQL keeps no statistics: they would be copies that no deletion reaches."""


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "call_seat",
        sa.Column("tenant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("seat_id", sa.BigInteger(), nullable=False),
        sa.Column("seen_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "case_id", "side", name=op.f("pk_call_seat")),
    )
    op.create_table(
        "call_signal",
        sa.Column("signal_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("signal_id", name=op.f("pk_call_signal")),
    )
    with op.batch_alter_table("call_signal", schema=None) as batch_op:
        batch_op.create_index("ix_call_signal_tenant_id_case_id_side", ["tenant_id", "case_id", "side"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        for table, columns in NEVER_SAMPLED.items():
            for column in columns:
                op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0")


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("call_signal", schema=None) as batch_op:
        batch_op.drop_index("ix_call_signal_tenant_id_case_id_side")
    op.drop_table("call_signal")
    op.drop_table("call_seat")
