"""What a platform acknowledged before it worked through it: the receipts by which it is asked."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "audience_receipts"
down_revision = "calls_again"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "cdp_audience_batches",
        sa.Column("receipts", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.create_index(
        "ix_cdp_audience_batches_unsettled",
        "cdp_audience_batches",
        ["tenant_id", "run_id"],
        postgresql_where=sa.text("receipts <> '{}'"),
    )


def downgrade() -> None:
    op.drop_index("ix_cdp_audience_batches_unsettled", table_name="cdp_audience_batches")
    op.drop_column("cdp_audience_batches", "receipts")
