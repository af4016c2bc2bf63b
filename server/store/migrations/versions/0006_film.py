"""A report keeps what was done, step by step, and under which browser and policy."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reports", sa.Column("steps", sa.JSON(), nullable=True))
    op.add_column("reports", sa.Column("browser", sa.Text(), nullable=True))
    op.add_column("reports", sa.Column("policy", sa.Text(), nullable=True))
    op.add_column("reports", sa.Column("loaded_ms", sa.Integer(), nullable=True))
