"""Which agent talks to the person of a case; loan cases by their creation."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "desk_claim",
        sa.Column("tenant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("taken_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "case_id", name=op.f("pk_desk_claim")),
    )
    op.create_index("ix_loan_case_created_us", "loan_case", ["created_us"])


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_loan_case_created_us", "loan_case")
    op.drop_table("desk_claim")
