"""Messages to people, and the sandbox's mailbox."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

NEVER_SAMPLED = {"mail": ("content_sealed",), "sandbox_mail": ("letter_sealed",)}
"""Columns of which PostgreSQL's planner keeps no samples: those would outlive the erasure of their rows (D-50)."""


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "mail",
        sa.Column("tenant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("mail_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("attempts", sa.Text(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("useless_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "case_id", "mail_id", name=op.f("pk_mail")),
    )
    op.create_table(
        "sandbox_mail",
        sa.Column("tenant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("mail_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("letter_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "case_id", "mail_id", name=op.f("pk_sandbox_mail")),
    )
    if op.get_bind().dialect.name == "postgresql":
        for table, columns in NEVER_SAMPLED.items():
            for column in columns:
                op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0")


def downgrade() -> None:
    """Take back."""
    op.drop_table("sandbox_mail")
    op.drop_table("mail")
