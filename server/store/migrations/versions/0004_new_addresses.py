"""New addresses: the secret of a version may be renewed; the trigger is put in place anew."""

from alembic import op

from server.store import immutability

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for statement in immutability.statements():
        op.execute(statement)
