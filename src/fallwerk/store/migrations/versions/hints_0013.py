"""Hints of loan cases that were ticked off."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "loan_hint_tick",
        sa.Column("tenant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("application_number", sa.Text(), nullable=False),
        sa.Column("change_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hint_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "application_number", "change_id", "hint_number", name=op.f("pk_loan_hint_tick")
        ),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("loan_hint_tick")
