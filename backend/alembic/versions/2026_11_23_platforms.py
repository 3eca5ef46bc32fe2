"""Platforms: connections, ad accounts, calls, conversions, campaigns and their metrics."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.db import rls
from app.db.base import UtcDateTime

revision = "platforms"
down_revision = "house"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "platform_calls",
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=True),
        sa.Column("ad_account_id", sa.Uuid(), nullable=True),
        sa.Column("operation", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("mutating", sa.Boolean(), nullable=False),
        sa.Column("permit_id", sa.Uuid(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column("error_message", sa.String(), nullable=True),
        sa.Column("trace", sa.String(), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column(
            "tenant_id",
            sa.Integer(),
            server_default=sa.text("current_tenant()"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_platform_calls")),
    )
    op.create_index(
        "ix_platform_calls_account",
        "platform_calls",
        ["tenant_id", "ad_account_id", "started_at"],
        unique=False,
    )
    op.create_index(
        "ix_platform_calls_newest", "platform_calls", ["tenant_id", "started_at", "id"], unique=False
    )
    op.create_table(
        "platform_write_leases",
        sa.Column("account_hash", sa.LargeBinary(), nullable=False),
        sa.Column("holder_hash", sa.LargeBinary(), nullable=False),
        sa.Column("taken_at", UtcDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("account_hash", name=op.f("pk_platform_write_leases")),
    )
    op.create_table(
        "sign_in_attempts",
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("read_only", sa.Boolean(), nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(), nullable=False),
        sa.Column("started_by", sa.Uuid(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.Column(
            "tenant_id",
            sa.Integer(),
            server_default=sa.text("current_tenant()"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_sign_in_attempts")),
    )
    op.create_table(
        "connections",
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("external_user_id", sa.String(), nullable=False),
        sa.Column("external_user_name", sa.String(), nullable=True),
        sa.Column("app_id", sa.String(), nullable=True),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("read_only", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("pasted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("token_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("refreshed_at", UtcDateTime(), nullable=True),
        sa.Column("last_error_code", sa.String(), nullable=True),
        sa.Column("last_error_at", UtcDateTime(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("disconnected_at", UtcDateTime(), nullable=True),
        sa.Column(
            "tenant_id",
            sa.Integer(),
            server_default=sa.text("current_tenant()"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_connections_created_by_users"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_connections")),
    )
    op.create_index(
        "uq_connections_live",
        "connections",
        ["tenant_id", "platform", "external_user_id"],
        unique=True,
        postgresql_where=sa.text("status <> 'disconnected'"),
    )
    op.create_table(
        "ad_accounts",
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("enabled", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("write_lease", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("pixel_id", sa.String(), nullable=True),
        sa.Column("conversions_enabled", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("primary_conversion", sa.String(), server_default=sa.text("'purchase'"), nullable=False),
        sa.Column("attribution_click_days", sa.Integer(), server_default=sa.text("7"), nullable=False),
        sa.Column("attribution_view_days", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("last_synced_at", UtcDateTime(), nullable=True),
        sa.Column("last_metrics_at", UtcDateTime(), nullable=True),
        sa.Column("edits_read_until", UtcDateTime(), nullable=True),
        sa.Column("sync_error_code", sa.String(), nullable=True),
        sa.Column(
            "tenant_id",
            sa.Integer(),
            server_default=sa.text("current_tenant()"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "connection_id"],
            ["connections.tenant_id", "connections.id"],
            name=op.f("fk_ad_accounts_tenant_id_connection_id_connections"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_ad_accounts")),
        sa.UniqueConstraint(
            "tenant_id", "platform", "external_id", name=op.f("uq_ad_accounts_tenant_id_platform_external_id")
        ),
    )
    op.create_table(
        "account_syncs",
        sa.Column("ad_account_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("rows_received", sa.Integer(), nullable=True),
        sa.Column("rows_expected", sa.Integer(), nullable=True),
        sa.Column("days_restated", sa.Integer(), nullable=True),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column(
            "tenant_id",
            sa.Integer(),
            server_default=sa.text("current_tenant()"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "ad_account_id"],
            ["ad_accounts.tenant_id", "ad_accounts.id"],
            name=op.f("fk_account_syncs_tenant_id_ad_account_id_ad_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_account_syncs")),
    )
    op.create_index(
        "ix_account_syncs_newest", "account_syncs", ["tenant_id", "ad_account_id", "started_at"], unique=False
    )
    op.create_table(
        "campaigns",
        sa.Column("ad_account_id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("objective", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("effective_status", sa.String(), nullable=False),
        sa.Column("budget_level", sa.String(), nullable=False),
        sa.Column("daily_budget_micros", sa.BigInteger(), nullable=True),
        sa.Column("lifetime_budget_micros", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("bid_strategy", sa.String(), nullable=True),
        sa.Column("learning", sa.Boolean(), nullable=True),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("ends_at", UtcDateTime(), nullable=True),
        sa.Column("platform_updated_at", UtcDateTime(), nullable=True),
        sa.Column("synced_at", UtcDateTime(), nullable=False),
        sa.Column(
            "tenant_id",
            sa.Integer(),
            server_default=sa.text("current_tenant()"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "ad_account_id"],
            ["ad_accounts.tenant_id", "ad_accounts.id"],
            name=op.f("fk_campaigns_tenant_id_ad_account_id_ad_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_campaigns")),
        sa.UniqueConstraint(
            "tenant_id",
            "ad_account_id",
            "external_id",
            name=op.f("uq_campaigns_tenant_id_ad_account_id_external_id"),
        ),
    )
    op.create_index("ix_campaigns_name", "campaigns", ["tenant_id", "name", "id"], unique=False)
    op.create_table(
        "conversion_deliveries",
        sa.Column("ad_account_id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("event_received_at", UtcDateTime(), nullable=False),
        sa.Column("dedupe_key", sa.String(), nullable=False),
        sa.Column("event_name", sa.String(), nullable=False),
        sa.Column("platform_event", sa.String(), nullable=False),
        sa.Column("event_time", UtcDateTime(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("match_keys", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("queued_at", UtcDateTime(), nullable=False),
        sa.Column("next_attempt_at", UtcDateTime(), nullable=True),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("acknowledged_at", UtcDateTime(), nullable=True),
        sa.Column("response", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column(
            "tenant_id",
            sa.Integer(),
            server_default=sa.text("current_tenant()"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "ad_account_id"],
            ["ad_accounts.tenant_id", "ad_accounts.id"],
            name=op.f("fk_conversion_deliveries_tenant_id_ad_account_id_ad_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_conversion_deliveries")),
        sa.UniqueConstraint(
            "tenant_id",
            "ad_account_id",
            "platform_event",
            "dedupe_key",
            name=op.f("uq_conversion_deliveries_tenant_id_ad_account_id_platform_event_dedupe_key"),
        ),
    )
    op.create_index(
        "ix_conversion_deliveries_account",
        "conversion_deliveries",
        ["tenant_id", "ad_account_id", "queued_at"],
        unique=False,
    )
    op.create_index(
        "ix_conversion_deliveries_due",
        "conversion_deliveries",
        ["tenant_id", "ad_account_id", "next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("status in ('queued', 'failed')"),
    )
    op.create_index(
        "ix_conversion_deliveries_newest",
        "conversion_deliveries",
        ["tenant_id", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "platform_edits",
        sa.Column("ad_account_id", sa.Uuid(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("edited_at", UtcDateTime(), nullable=False),
        sa.Column("entity_type", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("event_type", sa.String(), nullable=False),
        sa.Column("actor_name", sa.String(), nullable=True),
        sa.Column("application_id", sa.String(), nullable=True),
        sa.Column("by_others", sa.Boolean(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "tenant_id",
            sa.Integer(),
            server_default=sa.text("current_tenant()"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "ad_account_id"],
            ["ad_accounts.tenant_id", "ad_accounts.id"],
            name=op.f("fk_platform_edits_tenant_id_ad_account_id_ad_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_platform_edits")),
        sa.UniqueConstraint(
            "tenant_id",
            "ad_account_id",
            "fingerprint",
            name=op.f("uq_platform_edits_tenant_id_ad_account_id_fingerprint"),
        ),
    )
    op.create_index(
        "ix_platform_edits_entity",
        "platform_edits",
        ["tenant_id", "ad_account_id", "entity", "edited_at"],
        unique=False,
    )
    op.create_table(
        "ad_sets",
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("effective_status", sa.String(), nullable=False),
        sa.Column("daily_budget_micros", sa.BigInteger(), nullable=True),
        sa.Column("lifetime_budget_micros", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("learning", sa.Boolean(), nullable=True),
        sa.Column("ends_at", UtcDateTime(), nullable=True),
        sa.Column("platform_updated_at", UtcDateTime(), nullable=True),
        sa.Column("synced_at", UtcDateTime(), nullable=False),
        sa.Column("gone", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "tenant_id",
            sa.Integer(),
            server_default=sa.text("current_tenant()"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "campaign_id"],
            ["campaigns.tenant_id", "campaigns.id"],
            name=op.f("fk_ad_sets_tenant_id_campaign_id_campaigns"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_ad_sets")),
        sa.UniqueConstraint(
            "tenant_id",
            "campaign_id",
            "external_id",
            name=op.f("uq_ad_sets_tenant_id_campaign_id_external_id"),
        ),
    )
    op.create_table(
        "campaign_metrics_daily",
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("spend_micros", sa.BigInteger(), nullable=False),
        sa.Column("impressions", sa.BigInteger(), nullable=False),
        sa.Column("clicks", sa.BigInteger(), nullable=False),
        sa.Column("conversions", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("conversion_value_micros", sa.BigInteger(), nullable=False),
        sa.Column("ad_set_rows", sa.Integer(), nullable=False),
        sa.Column("maturity", sa.Numeric(precision=5, scale=4), nullable=False),
        sa.Column("first_seen_at", UtcDateTime(), nullable=False),
        sa.Column("observed_at", UtcDateTime(), nullable=False),
        sa.Column("restated_at", UtcDateTime(), nullable=True),
        sa.Column(
            "tenant_id",
            sa.Integer(),
            server_default=sa.text("current_tenant()"),
            autoincrement=False,
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "campaign_id"],
            ["campaigns.tenant_id", "campaigns.id"],
            name=op.f("fk_campaign_metrics_daily_tenant_id_campaign_id_campaigns"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("campaign_id", "day", "tenant_id", name=op.f("pk_campaign_metrics_daily")),
    )
    op.create_index(
        "ix_campaign_metrics_daily_day", "campaign_metrics_daily", ["tenant_id", "day"], unique=False
    )
    op.create_table(
        "campaign_metrics_observations",
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("observed_at", UtcDateTime(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("spend_micros", sa.BigInteger(), nullable=False),
        sa.Column("impressions", sa.BigInteger(), nullable=False),
        sa.Column("clicks", sa.BigInteger(), nullable=False),
        sa.Column("conversions", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("conversion_value_micros", sa.BigInteger(), nullable=False),
        sa.Column("ad_set_rows", sa.Integer(), nullable=False),
        sa.Column("maturity", sa.Numeric(precision=5, scale=4), nullable=False),
        sa.Column(
            "tenant_id",
            sa.Integer(),
            server_default=sa.text("current_tenant()"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "campaign_id"],
            ["campaigns.tenant_id", "campaigns.id"],
            name=op.f("fk_campaign_metrics_observations_tenant_id_campaign_id_campaigns"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_campaign_metrics_observations")),
    )
    op.create_index(
        "ix_campaign_metrics_observations_day",
        "campaign_metrics_observations",
        ["tenant_id", "campaign_id", "day", "observed_at"],
        unique=False,
    )

    for table in (
        "connections",
        "sign_in_attempts",
        "ad_accounts",
        "account_syncs",
        "platform_edits",
        "conversion_deliveries",
        "campaigns",
        "ad_sets",
        "campaign_metrics_daily",
    ):
        rls.protect(op, table)
    rls.protect(op, "campaign_metrics_observations", privileges=rls.APPEND_ONLY)
    rls.protect(op, "platform_calls", privileges="SELECT, INSERT, DELETE")
    rls.open_to_app(op, "platform_write_leases", privileges="SELECT, INSERT, DELETE")


def downgrade() -> None:
    op.drop_index("ix_campaign_metrics_observations_day", table_name="campaign_metrics_observations")
    op.drop_table("campaign_metrics_observations")
    op.drop_index("ix_campaign_metrics_daily_day", table_name="campaign_metrics_daily")
    op.drop_table("campaign_metrics_daily")
    op.drop_table("ad_sets")
    op.drop_index("ix_platform_edits_entity", table_name="platform_edits")
    op.drop_table("platform_edits")
    op.drop_index("ix_conversion_deliveries_newest", table_name="conversion_deliveries")
    op.drop_index(
        "ix_conversion_deliveries_due",
        table_name="conversion_deliveries",
        postgresql_where=sa.text("status in ('queued', 'failed')"),
    )
    op.drop_index("ix_conversion_deliveries_account", table_name="conversion_deliveries")
    op.drop_table("conversion_deliveries")
    op.drop_index("ix_campaigns_name", table_name="campaigns")
    op.drop_table("campaigns")
    op.drop_index("ix_account_syncs_newest", table_name="account_syncs")
    op.drop_table("account_syncs")
    op.drop_table("ad_accounts")
    op.drop_index(
        "uq_connections_live", table_name="connections", postgresql_where=sa.text("status <> 'disconnected'")
    )
    op.drop_table("connections")
    op.drop_table("sign_in_attempts")
    op.drop_table("platform_write_leases")
    op.drop_index("ix_platform_calls_newest", table_name="platform_calls")
    op.drop_index("ix_platform_calls_account", table_name="platform_calls")
    op.drop_table("platform_calls")
