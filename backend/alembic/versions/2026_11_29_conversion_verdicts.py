"""What a platform makes of a conversion after it has acknowledged it: by which receipts it is asked, and when."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.db.base import UtcDateTime

revision = "conversion_verdicts"
down_revision = "lead_event"
branch_labels = None
depends_on = None

_TABLE, _INDEX = "conversion_deliveries", "ix_conversion_deliveries_verdicts"


def upgrade() -> None:
    op.add_column(
        _TABLE,
        sa.Column("receipts", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.add_column(_TABLE, sa.Column("verdict_due_at", UtcDateTime(), nullable=True))
    op.create_index(
        _INDEX,
        _TABLE,
        ["tenant_id", "ad_account_id", "verdict_due_at"],
        postgresql_where=sa.text("verdict_due_at is not null"),
    )


def downgrade() -> None:
    op.drop_index(_INDEX, table_name=_TABLE)
    op.drop_column(_TABLE, "verdict_due_at")
    op.drop_column(_TABLE, "receipts")
