"""Segments that are computed at a time of day, and stand still between."""

import sqlalchemy as sa

from alembic import op
from app.db import rls
from app.db.base import UtcDateTime

revision = "segment_schedules"
down_revision = "traits"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cdp_segments", sa.Column("daily_at", sa.Integer(), nullable=True))
    op.add_column("cdp_segments", sa.Column("next_run_at", UtcDateTime(), nullable=True))
    op.add_column("cdp_segments", sa.Column("as_of", UtcDateTime(), nullable=True))
    op.create_index(
        "ix_cdp_segments_next_run",
        "cdp_segments",
        ["next_run_at"],
        postgresql_where=sa.text("next_run_at IS NOT NULL AND live AND archived_at IS NULL"),
    )
    op.execute(
        """
        CREATE FUNCTION cdp_segments_due(at timestamptz) RETURNS SETOF integer
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
          SELECT DISTINCT s.tenant_id FROM cdp_segments AS s
          WHERE s.next_run_at <= at AND s.live AND s.archived_at IS NULL
        $$
        """
    )
    op.execute("REVOKE ALL ON FUNCTION cdp_segments_due(timestamptz) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION cdp_segments_due(timestamptz) TO {rls.MAINTENANCE_ROLE}")


def downgrade() -> None:
    op.execute("DROP FUNCTION cdp_segments_due(timestamptz)")
    op.drop_index("ix_cdp_segments_next_run", "cdp_segments")
    for column in ("as_of", "next_run_at", "daily_at"):
        op.drop_column("cdp_segments", column)
