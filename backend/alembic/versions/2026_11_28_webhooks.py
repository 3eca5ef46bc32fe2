"""Webhooks: who is told of people and segments, how far, and every try; a feed that is pruned too early says so."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.db import rls
from app.db.base import UtcDateTime

revision = "webhooks"
down_revision = "quarantine"
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


def _time(name: str, *, nullable: bool = True, now: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(), nullable=nullable, server_default=sa.text("now()") if now else None)


def _uuid(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _text(name: str, *, nullable: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=nullable)


def _flag(name: str, default: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), server_default=sa.text(default), nullable=False)


def _big(name: str, *, nullable: bool = True) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _int(name: str, *, nullable: bool = True) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _skip_to() -> sa.Column[int]:
    return sa.Column("skip_to", sa.BigInteger(), server_default=sa.text("0"), nullable=False)


def upgrade() -> None:
    op.create_table(
        "cdp_webhooks",
        _text("name", nullable=False),
        _text("url", nullable=False),
        sa.Column("topics", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("segment_ids", postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False),
        _flag("include_personal", "false"),
        _text("purpose"),
        _flag("enabled", "true"),
        _text("off_reason"),
        _time("off_at"),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("previous_secret", sa.LargeBinary(), nullable=True),
        _time("previous_until"),
        _big("change_seq", nullable=False),
        _int("change_offset", nullable=False),
        _big("transition_seq", nullable=False),
        _skip_to(),
        _uuid("open_id"),
        _big("open_change_seq"),
        _int("open_change_offset"),
        _big("open_transition_seq"),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        _time("failing_since"),
        _time("next_attempt_at"),
        _time("last_told_at"),
        _text("last_error"),
        _time("lost_at"),
        _uuid("lease"),
        _time("lease_until"),
        _time("turn_at"),
        _uuid("created_by"),
        _time("updated_at", nullable=False, now=True),
        _tenant(),
        _uuid("id", nullable=False),
        _time("created_at", nullable=False, now=True),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_cdp_webhooks")),
    )
    op.create_index(
        "uq_cdp_webhooks_name", "cdp_webhooks", ["tenant_id", sa.text("lower(name)")], unique=True
    )
    _deliveries()
    rls.protect(op, "cdp_webhooks")
    rls.protect(op, "cdp_webhook_deliveries")
    _who_is_due()
    _what_was_pruned()


def _deliveries() -> None:
    op.create_table(
        "cdp_webhook_deliveries",
        _uuid("webhook_id", nullable=False),
        _uuid("message_id", nullable=False),
        _text("kind", nullable=False),
        _time("at", nullable=False),
        _int("attempt", nullable=False),
        sa.Column("acknowledged", sa.Boolean(), nullable=False),
        _int("http_status"),
        _int("duration_ms", nullable=False),
        _text("error"),
        _int("items", nullable=False),
        _time("retry_at"),
        _big("from_change_seq"),
        _int("from_change_offset"),
        _big("from_transition_seq"),
        _big("to_change_seq"),
        _int("to_change_offset"),
        _big("to_transition_seq"),
        _skip_to(),
        _tenant(),
        _uuid("id", nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "webhook_id"],
            ["cdp_webhooks.tenant_id", "cdp_webhooks.id"],
            name=op.f("fk_cdp_webhook_deliveries_tenant_id_webhook_id_cdp_webhooks"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_cdp_webhook_deliveries")),
    )
    op.create_index(
        "ix_cdp_webhook_deliveries_newest",
        "cdp_webhook_deliveries",
        ["tenant_id", "webhook_id", "at", "id"],
    )


def _who_is_due() -> None:
    """By real time, as retries are; who had their turn longest ago comes first."""
    for table in ("cdp_webhooks", "cdp_segment_transitions"):
        op.execute(f"CREATE POLICY webhooks_wait ON {table} FOR SELECT TO {rls.OWNER_ROLE} USING (true)")
    op.execute(
        """
        CREATE FUNCTION cdp_webhooks_due(most integer) RETURNS TABLE (tenant_id integer, id uuid)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
          SELECT w.tenant_id, w.id FROM cdp_webhooks AS w JOIN tenants AS t ON t.id = w.tenant_id
          WHERE w.enabled AND t.is_active
            AND (w.next_attempt_at IS NULL OR w.next_attempt_at <= clock_timestamp())
            AND (w.lease_until IS NULL OR w.lease_until <= clock_timestamp())
            AND (w.open_id IS NOT NULL
              OR EXISTS (SELECT FROM cdp_profile_changes AS f
                WHERE f.tenant_id = w.tenant_id AND f.seq >= w.change_seq
                  AND (f.seq > w.change_seq OR cardinality(f.profile_ids) > w.change_offset))
              OR EXISTS (SELECT FROM cdp_segment_transitions AS s
                WHERE s.tenant_id = w.tenant_id AND s.seq > w.transition_seq))
          ORDER BY w.turn_at NULLS FIRST, w.tenant_id, w.id LIMIT most
        $$
        """
    )
    op.execute("REVOKE ALL ON FUNCTION cdp_webhooks_due(integer) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION cdp_webhooks_due(integer) TO {rls.MAINTENANCE_ROLE}")


def _what_was_pruned() -> None:
    """Whoever deletes rows of the feed that a webhook was not told of leaves a mark on that webhook.

    The segments' log loses rows to erasures alone, which are told to every webhook in another way.
    """
    op.execute(f"CREATE POLICY webhooks_lose ON cdp_webhooks FOR UPDATE TO {rls.OWNER_ROLE} USING (true)")
    op.execute(
        """
        CREATE FUNCTION cdp_webhooks_lose() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
          UPDATE cdp_webhooks AS w SET lost_at = clock_timestamp()
          FROM (SELECT tenant_id, max(seq) AS seq FROM gone GROUP BY tenant_id) AS g
          WHERE w.tenant_id = g.tenant_id AND w.change_seq < g.seq;
          RETURN NULL;
        END $$
        """
    )
    op.execute("REVOKE ALL ON FUNCTION cdp_webhooks_lose() FROM PUBLIC")
    op.execute(
        "CREATE TRIGGER webhooks_lose AFTER DELETE ON cdp_profile_changes REFERENCING OLD TABLE AS gone "
        "FOR EACH STATEMENT EXECUTE FUNCTION cdp_webhooks_lose()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER webhooks_lose ON cdp_profile_changes")
    op.execute("DROP FUNCTION cdp_webhooks_lose()")
    op.execute("DROP FUNCTION cdp_webhooks_due(integer)")
    op.execute("DROP POLICY webhooks_wait ON cdp_segment_transitions")
    op.drop_table("cdp_webhook_deliveries")
    op.drop_table("cdp_webhooks")
