"""When an agent's page was last heard of."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    # Calls do not outlive the restart that an upgrade is.
    op.execute("DELETE FROM desk_claim")
    with op.batch_alter_table("desk_claim", schema=None, recreate="auto") as batch_op:
        batch_op.add_column(sa.Column("seen_us", sa.BigInteger(), nullable=False))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("desk_claim", schema=None) as batch_op:
        batch_op.drop_column("seen_us")
