"""A call keeps what it was asked with, and which one it makes again; webhooks go out and come in."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from alembic import op
from app.db import rls
from app.db.base import UtcDateTime

revision = "calls_again"
down_revision = "campaign_drafts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("platform_calls", sa.Column("asked", JSONB(none_as_null=True), nullable=True))
    op.add_column("platform_calls", sa.Column("replay_of", sa.Uuid(), nullable=True))
    op.create_index(
        "ix_platform_calls_failed",
        "platform_calls",
        ["tenant_id", "started_at", "id"],
        postgresql_where=sa.text("outcome <> 'ok'"),
    )
    op.create_index(
        "ix_platform_calls_replays",
        "platform_calls",
        ["tenant_id", "replay_of"],
        postgresql_where=sa.text("replay_of IS NOT NULL"),
    )
    op.create_table(
        "notification_webhooks",
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("previous_secret", sa.LargeBinary(), nullable=True),
        sa.Column("previous_until", UtcDateTime(), nullable=True),
        sa.Column("kinds", ARRAY(sa.Text()), nullable=True),
        sa.Column("enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("last_error_at", UtcDateTime(), nullable=True),
        sa.Column("updated_at", UtcDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "tenant_id",
            sa.Integer(),
            server_default=sa.text("current_tenant()"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_notification_webhooks")),
        sa.UniqueConstraint("tenant_id", name=op.f("uq_notification_webhooks_tenant_id")),
    )
    rls.protect(op, "notification_webhooks")
    op.create_table(
        "platform_webhook_receipts",
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column(
            "tenant_id",
            sa.Integer(),
            server_default=sa.text("current_tenant()"),
            autoincrement=False,
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("tenant_id", "platform", "digest", name=op.f("pk_platform_webhook_receipts")),
    )
    op.create_index(
        "ix_platform_webhook_receipts_age", "platform_webhook_receipts", ["tenant_id", "received_at"]
    )
    rls.protect(op, "platform_webhook_receipts", privileges="SELECT, INSERT, DELETE")
    _let_webhooks_find_accounts()


def _let_webhooks_find_accounts() -> None:
    """Before a tenant is known: who reads an external account, by its id and whether it is on, and nothing else."""
    op.execute(f"CREATE POLICY lookup ON ad_accounts FOR SELECT TO {rls.LOOKUP_ROLE} USING (true)")
    op.execute(
        f"GRANT SELECT (tenant_id, id, platform, external_id, enabled) ON ad_accounts TO {rls.LOOKUP_ROLE}"
    )
    op.execute(
        """
        CREATE FUNCTION readers_of_ad_account(of_platform varchar, of_account varchar)
        RETURNS TABLE (tenant_id integer, ad_account_id uuid)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
          SELECT a.tenant_id, a.id FROM ad_accounts a JOIN tenants t ON t.id = a.tenant_id
          WHERE a.platform = of_platform AND a.external_id = of_account AND a.enabled AND t.is_active
          ORDER BY a.tenant_id, a.id
        $$
        """
    )
    op.execute("REVOKE ALL ON FUNCTION readers_of_ad_account(varchar, varchar) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION readers_of_ad_account(varchar, varchar) TO {rls.APP_ROLE}")
    op.execute(f"ALTER FUNCTION readers_of_ad_account(varchar, varchar) OWNER TO {rls.LOOKUP_ROLE}")


def downgrade() -> None:
    op.execute("DROP FUNCTION readers_of_ad_account(varchar, varchar)")
    op.execute(f"REVOKE ALL ON ad_accounts FROM {rls.LOOKUP_ROLE}")
    op.execute("DROP POLICY lookup ON ad_accounts")
    op.drop_table("platform_webhook_receipts")
    op.drop_table("notification_webhooks")
    op.drop_index("ix_platform_calls_replays", table_name="platform_calls")
    op.drop_index("ix_platform_calls_failed", table_name="platform_calls")
    op.drop_column("platform_calls", "replay_of")
    op.drop_column("platform_calls", "asked")
