"""TANs of video calls."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

NEVER_SAMPLED = {"call_tan": ("digits_hash",)}
"""Columns of which PostgreSQL keeps no statistics: they would be copies that no deletion reaches."""


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "call_tan",
        sa.Column("tenant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("taken_us", sa.BigInteger(), nullable=False),
        sa.Column("factor", sa.Text(), nullable=False),
        sa.Column("digits_hash", sa.LargeBinary(), nullable=True),
        sa.Column("until_us", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("confirmed_us", sa.BigInteger(), nullable=True),
        sa.Column("sent_us", sa.BigInteger(), nullable=False),
        sa.Column("times_sent", sa.Integer(), nullable=False),
        sa.Column("sending_since_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "case_id", name=op.f("pk_call_tan")),
    )
    if op.get_bind().dialect.name == "postgresql":
        for table, columns in NEVER_SAMPLED.items():
            for column in columns:
                op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0")


def downgrade() -> None:
    """Take back."""
    op.drop_table("call_tan")
