"""The customer data platform's ingestion: sources, the partitioned event store, deduplication, verdicts."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.db import rls
from app.db.base import UtcDateTime

revision = "cdp"
down_revision = "trust_and_autopilot"
branch_labels = None
depends_on = None


def _tenant() -> sa.Column[int]:
    return sa.Column(
        "tenant_id",
        sa.Integer(),
        server_default=sa.text("current_tenant()"),
        autoincrement=False,
        nullable=False,
    )


def upgrade() -> None:
    op.create_table(
        "cdp_sources",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("write_key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("write_key_prefix", sa.String(), nullable=False),
        sa.Column("rotated_at", UtcDateTime(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        _tenant(),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_cdp_sources")),
    )
    op.create_table(
        "cdp_events",
        _tenant(),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=True),
        sa.Column("event_type", sa.String(), nullable=False),
        sa.Column("event_name", sa.String(), nullable=False),
        sa.Column("event_time", UtcDateTime(), nullable=False),
        sa.Column("anonymous_id", sa.String(), nullable=True),
        sa.Column("user_id_hash", sa.LargeBinary(), nullable=True),
        sa.Column("email_hash", sa.LargeBinary(), nullable=True),
        sa.Column("phone_hash", sa.LargeBinary(), nullable=True),
        sa.Column("identifiers", sa.LargeBinary(), nullable=True),
        sa.Column("properties", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("context", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("order_id", sa.String(), nullable=True),
        sa.Column("value_micros", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("is_order", sa.Boolean(), nullable=False),
        sa.Column("is_refund", sa.Boolean(), nullable=False),
        sa.Column("click_ids", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("match_keys", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "received_at", "id", name=op.f("pk_cdp_events")),
        postgresql_partition_by="RANGE (received_at)",
    )
    op.create_index(
        "ix_cdp_events_received_at", "cdp_events", ["received_at"], unique=False, postgresql_using="brin"
    )
    op.create_index(
        "ix_cdp_events_commerce",
        "cdp_events",
        ["tenant_id", "event_time"],
        unique=False,
        postgresql_where=sa.text("is_order OR is_refund"),
    )
    op.create_table(
        "cdp_event_dedupe",
        _tenant(),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "message_id", name=op.f("pk_cdp_event_dedupe")),
    )
    op.create_index(
        "ix_cdp_event_dedupe_seen_at", "cdp_event_dedupe", ["seen_at"], unique=False, postgresql_using="brin"
    )
    op.create_table(
        "cdp_event_verdicts",
        sa.Column("source_id", sa.Uuid(), nullable=True),
        sa.Column("message_id", sa.String(), nullable=True),
        sa.Column("event_name", sa.String(), nullable=True),
        sa.Column("dialect", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=True),
        sa.Column("first_at", UtcDateTime(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("times", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("replayed_at", UtcDateTime(), nullable=True),
        sa.Column("replay_outcome", sa.String(), nullable=True),
        _tenant(),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_cdp_event_verdicts")),
    )
    op.create_index(
        "ix_cdp_event_verdicts_newest", "cdp_event_verdicts", ["tenant_id", "last_at", "id"], unique=False
    )
    op.create_index(
        "uq_cdp_event_verdicts_fingerprint", "cdp_event_verdicts", ["tenant_id", "fingerprint"], unique=True
    )
    op.create_table(
        "cdp_event_counts",
        _tenant(),
        sa.Column("hour", UtcDateTime(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.Column("accepted", sa.BigInteger(), nullable=False),
        sa.Column("duplicates", sa.BigInteger(), nullable=False),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
        sa.Column("newest_accepted_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "hour", "source_id", "shard", name=op.f("pk_cdp_event_counts")),
    )
    rls.protect(op, "cdp_sources")
    rls.protect(op, "cdp_events", privileges=rls.APPEND_ONLY)
    rls.protect(op, "cdp_event_dedupe", privileges=rls.APPEND_ONLY)
    rls.protect(op, "cdp_event_verdicts", privileges="SELECT, INSERT, UPDATE")
    rls.protect(op, "cdp_event_counts", privileges="SELECT, INSERT, UPDATE")
    _keep_what_fits_nowhere()
    _let_maintenance_make_and_drop_partitions()
    op.execute(
        "SELECT cdp_events_make_partition((date_trunc('month', now()) + month * interval '1 month')::date) "
        "FROM generate_series(-1, 3) AS month"
    )


def _keep_what_fits_nowhere() -> None:
    """A partition for times that have none yet: an event is never refused because maintenance is late."""
    op.execute("CREATE TABLE cdp_events_p_default PARTITION OF cdp_events DEFAULT")
    rls.protect_partition(op, "cdp_events_p_default")
    op.execute(f"CREATE POLICY owner ON cdp_events_p_default TO {rls.OWNER_ROLE} USING (true)")
    for table in ("cdp_event_dedupe", "cdp_event_verdicts", "cdp_event_counts"):
        op.execute(f"CREATE POLICY owner ON {table} TO {rls.OWNER_ROLE} USING (true)")


def _let_maintenance_make_and_drop_partitions() -> None:
    """Three narrow functions: the maintenance role reads no event and owns no table."""
    op.execute(
        """
        CREATE FUNCTION cdp_events_make_partition(within date) RETURNS boolean
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '5s' AS $$
        DECLARE
          starts timestamptz := date_trunc('month', within::timestamp) AT TIME ZONE 'UTC';
          ends timestamptz := (date_trunc('month', within::timestamp) + interval '1 month') AT TIME ZONE 'UTC';
          name text := 'cdp_events_p_' || to_char(within, 'YYYY_MM');
        BEGIN
          PERFORM pg_advisory_xact_lock(7203116);
          IF to_regclass(name) IS NOT NULL THEN
            RETURN false;
          END IF;
          LOCK TABLE cdp_events_p_default IN ACCESS EXCLUSIVE MODE;
          EXECUTE format('CREATE TABLE %I (LIKE cdp_events INCLUDING ALL)', name);
          EXECUTE format(
            'WITH moved AS (DELETE FROM cdp_events_p_default WHERE received_at >= %L AND received_at < %L '
            'RETURNING *) INSERT INTO %I SELECT * FROM moved', starts, ends, name);
          EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
          EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
          EXECUTE format('REVOKE ALL ON %I FROM stratum_app', name);
          EXECUTE format('ALTER TABLE cdp_events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
            name, starts, ends);
          RETURN true;
        END $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION cdp_events_drop_partitions(before date) RETURNS integer
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '5s' AS $$
        DECLARE
          reach date := date_trunc('month', least(before, current_date - 30)::timestamp)::date;
          partition text;
          dropped integer := 0;
        BEGIN
          PERFORM pg_advisory_xact_lock(7203116);
          FOR partition IN
            SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = 'cdp_events'::regclass AND c.relname ~ '^cdp_events_p_[0-9]{4}_[0-9]{2}$'
              AND to_date(right(c.relname, 7), 'YYYY_MM') < reach
          LOOP
            EXECUTE format('DROP TABLE %I', partition);
            dropped := dropped + 1;
          END LOOP;
          RETURN dropped;
        END $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION cdp_events_forget(message_ids_before timestamptz, verdicts_before timestamptz, most integer)
        RETURNS integer
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
          message_ids integer;
          verdicts integer;
        BEGIN
          DELETE FROM cdp_event_dedupe WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM cdp_event_dedupe
            WHERE seen_at < least(message_ids_before, now() - interval '24 hours') LIMIT most));
          GET DIAGNOSTICS message_ids = ROW_COUNT;
          DELETE FROM cdp_event_verdicts WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM cdp_event_verdicts WHERE last_at < verdicts_before LIMIT most));
          GET DIAGNOSTICS verdicts = ROW_COUNT;
          RETURN message_ids + verdicts;
        END $$
        """
    )
    for function in (
        "cdp_events_make_partition(date)",
        "cdp_events_drop_partitions(date)",
        "cdp_events_forget(timestamptz, timestamptz, integer)",
    ):
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO {rls.MAINTENANCE_ROLE}")


def downgrade() -> None:
    op.execute("DROP FUNCTION cdp_events_forget(timestamptz, timestamptz, integer)")
    op.execute("DROP FUNCTION cdp_events_drop_partitions(date)")
    op.execute("DROP FUNCTION cdp_events_make_partition(date)")
    op.drop_table("cdp_event_counts")
    op.drop_table("cdp_event_verdicts")
    op.drop_table("cdp_event_dedupe")
    op.drop_table("cdp_events")
    op.drop_table("cdp_sources")
