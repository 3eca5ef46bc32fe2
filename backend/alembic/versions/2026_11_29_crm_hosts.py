"""A connection keeps the host where its account answers: each of Salesforce's orgs has one of its own."""

import sqlalchemy as sa

from alembic import op

revision = "crm_hosts"
down_revision = "orders_by_id"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("connections", sa.Column("host", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("connections", "host")
