"""What follows from a write of events is taken in by sets."""

import sqlalchemy as sa

from alembic import op
from app.db import rls
from app.db.base import UtcDateTime

revision = "arrivals"
down_revision = "webhooks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.rename_table("cdp_schema_queue", "cdp_event_arrivals")
    op.execute("ALTER INDEX pk_cdp_schema_queue RENAME TO pk_cdp_event_arrivals")
    op.add_column(
        "cdp_event_arrivals",
        sa.Column("queued_at", UtcDateTime(), server_default=sa.text("clock_timestamp()"), nullable=False),
    )
    op.execute(f"CREATE POLICY owner ON cdp_event_arrivals TO {rls.OWNER_ROLE} USING (true)")
    op.execute(
        """
        CREATE FUNCTION cdp_arrivals_waiting(since timestamptz) RETURNS SETOF integer
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
          SELECT DISTINCT tenant_id FROM cdp_event_arrivals WHERE queued_at < since
        $$
        """
    )
    op.execute("REVOKE ALL ON FUNCTION cdp_arrivals_waiting(timestamptz) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION cdp_arrivals_waiting(timestamptz) TO {rls.MAINTENANCE_ROLE}")


def downgrade() -> None:
    op.execute("DROP FUNCTION cdp_arrivals_waiting(timestamptz)")
    op.execute("DROP POLICY owner ON cdp_event_arrivals")
    op.drop_column("cdp_event_arrivals", "queued_at")
    op.execute("ALTER INDEX pk_cdp_event_arrivals RENAME TO pk_cdp_schema_queue")
    op.rename_table("cdp_event_arrivals", "cdp_schema_queue")
