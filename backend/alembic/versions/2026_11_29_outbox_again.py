"""A task that is asked for while it runs is done once more."""

import sqlalchemy as sa

from alembic import op

revision = "outbox_again"
down_revision = "account_tellings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("again", sa.Boolean(), server_default=sa.text("false"), nullable=False))


def downgrade() -> None:
    op.drop_column("outbox", "again")
