"""Orders are found by their ids: whether a shop's own event told one costs one look-up, however many it sold."""

import sqlalchemy as sa

from alembic import op

revision = "orders_by_id"
down_revision = "whatsapp"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_cdp_events_order",
        "cdp_events",
        ["tenant_id", "order_id"],
        postgresql_where=sa.text("is_order OR is_refund"),
    )


def downgrade() -> None:
    op.drop_index("ix_cdp_events_order", table_name="cdp_events")
