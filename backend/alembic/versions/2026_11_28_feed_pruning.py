"""The feed of changed profiles loses what everybody who follows it has passed."""

from alembic import op
from app.db import rls

revision = "feed_pruning"
down_revision = "arrivals"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        f"CREATE POLICY feed_pruned ON cdp_profile_changes FOR DELETE TO {rls.OWNER_ROLE} USING (true)"
    )
    _who_has_old_rows()
    _who_follows()
    _forget()


def _who_has_old_rows() -> None:
    op.execute(
        """
        CREATE FUNCTION cdp_feed_old(before timestamptz) RETURNS SETOF integer
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
          SELECT DISTINCT tenant_id FROM cdp_profile_changes WHERE at < before
        $$
        """
    )
    op.execute("REVOKE ALL ON FUNCTION cdp_feed_old(timestamptz) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION cdp_feed_old(timestamptz) TO {rls.MAINTENANCE_ROLE}")


def _who_follows() -> None:
    """`passed` is the last row that a follower needs no more; who switched a webhook off long ago holds nothing."""
    op.execute(
        """
        CREATE FUNCTION cdp_feed_followers(tenant integer, off_before timestamptz)
        RETURNS TABLE (follower text, passed bigint)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
          SELECT 'cdp.segments', c.seq FROM cdp_segment_cursors AS c WHERE c.tenant_id = tenant
          UNION ALL
          SELECT 'cdp.traits', c.seq FROM cdp_trait_cursors AS c WHERE c.tenant_id = tenant
          UNION ALL
          SELECT 'cdp.webhooks', w.change_seq - 1 FROM cdp_webhooks AS w
          WHERE w.tenant_id = tenant AND (w.enabled OR coalesce(w.off_at, w.updated_at) >= off_before)
        $$
        """
    )
    op.execute("REVOKE ALL ON FUNCTION cdp_feed_followers(integer, timestamptz) FROM PUBLIC")
    op.execute(
        f"GRANT EXECUTE ON FUNCTION cdp_feed_followers(integer, timestamptz) TO {rls.MAINTENANCE_ROLE}"
    )


def _forget() -> None:
    """One bite of one tenant's feed, at its old end. What never goes, whatever is asked for:

    a row of the last day; the newest row, by which a follower that begins knows where it is; rows of the moment that
    a follower stands in, which tell it who was named in that moment before; an erasure that a webhook was not told of.
    """
    op.execute(
        """
        CREATE FUNCTION cdp_feed_forget(
          tenant integer, before timestamptz, off_before timestamptz, most integer) RETURNS integer
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
          newest bigint;
          held bigint;
          moment timestamptz;
          forgotten integer;
        BEGIN
          SELECT max(f.seq) INTO newest FROM cdp_profile_changes AS f WHERE f.tenant_id = tenant;
          SELECT least(newest - 1, min(p.passed)) INTO held FROM cdp_feed_followers(tenant, off_before) AS p;
          SELECT f.at INTO moment FROM cdp_profile_changes AS f
          WHERE f.tenant_id = tenant AND f.seq > held ORDER BY f.seq LIMIT 1;
          DELETE FROM cdp_profile_changes AS gone
          WHERE gone.tenant_id = tenant AND gone.seq = ANY (ARRAY(
            SELECT old.seq FROM (
              SELECT f.seq, f.at FROM cdp_profile_changes AS f
              WHERE f.tenant_id = tenant AND f.seq <= held AND (f.reason <> 'erased' OR NOT EXISTS (
                SELECT FROM cdp_webhooks AS w WHERE w.tenant_id = tenant AND w.change_seq <= f.seq))
              ORDER BY f.seq LIMIT most) AS old
            WHERE old.at < least(before, clock_timestamp() - interval '1 day') AND old.at <> moment));
          GET DIAGNOSTICS forgotten = ROW_COUNT;
          RETURN forgotten;
        END $$
        """
    )
    op.execute(
        "REVOKE ALL ON FUNCTION cdp_feed_forget(integer, timestamptz, timestamptz, integer) FROM PUBLIC"
    )
    op.execute(
        "GRANT EXECUTE ON FUNCTION cdp_feed_forget(integer, timestamptz, timestamptz, integer) "
        f"TO {rls.MAINTENANCE_ROLE}"
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION cdp_feed_forget(integer, timestamptz, timestamptz, integer)")
    op.execute("DROP FUNCTION cdp_feed_followers(integer, timestamptz)")
    op.execute("DROP FUNCTION cdp_feed_old(timestamptz)")
    op.execute("DROP POLICY feed_pruned ON cdp_profile_changes")
