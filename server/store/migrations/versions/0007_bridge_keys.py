"""A key of its own for each tool's bridge, which follows from nothing that a stranger chooses."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    key = sa.Column("bridge_key", sa.String(length=32), nullable=False, server_default="")
    op.add_column("artifacts", key)
    op.execute("UPDATE artifacts SET bridge_key = lower(hex(randomblob(16)))")
