"""A registration waits with its own link: its password, name and company come true together."""

import sqlalchemy as sa

from alembic import op

revision = "registrations"
down_revision = "calendar_and_rates"
branch_labels = None
depends_on = None

_COLUMNS = ("password_hash", "full_name", "company")


def upgrade() -> None:
    for column in _COLUMNS:
        op.add_column("one_time_tokens", sa.Column(column, sa.String(), nullable=True))


def downgrade() -> None:
    for column in _COLUMNS:
        op.drop_column("one_time_tokens", column)
