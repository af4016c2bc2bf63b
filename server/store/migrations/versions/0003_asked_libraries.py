"""Asked libraries: what a tool loaded of them while it was tested."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reports", sa.Column("asked", sa.JSON(), nullable=True))
