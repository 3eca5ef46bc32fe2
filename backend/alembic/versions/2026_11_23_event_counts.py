"""What each source sent in an hour is forgotten after its time."""

from alembic import op
from app.db import rls

revision = "event_counts"
down_revision = "registrations"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE FUNCTION cdp_event_counts_forget(before timestamptz, most integer) RETURNS integer
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
          forgotten integer;
        BEGIN
          DELETE FROM cdp_event_counts WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM cdp_event_counts
            WHERE hour < least(before, now() - interval '24 hours') LIMIT most));
          GET DIAGNOSTICS forgotten = ROW_COUNT;
          RETURN forgotten;
        END $$
        """
    )
    op.execute("REVOKE ALL ON FUNCTION cdp_event_counts_forget(timestamptz, integer) FROM PUBLIC")
    op.execute(
        f"GRANT EXECUTE ON FUNCTION cdp_event_counts_forget(timestamptz, integer) TO {rls.MAINTENANCE_ROLE}"
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION cdp_event_counts_forget(timestamptz, integer)")
