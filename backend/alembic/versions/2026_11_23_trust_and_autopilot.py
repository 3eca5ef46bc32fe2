"""The ledger, permits, kill switches, and the autopilot's actions, limits and strategies."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.db import rls
from app.db.base import UtcDateTime

revision = "trust_and_autopilot"
down_revision = "work"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "autopilot_interventions",
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("violation", sa.String(), nullable=True),
        sa.Column("action_id", sa.Uuid(), nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("sentence", sa.String(), nullable=False),
        sa.Column(
            "detail", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column(
            "tenant_id",
            sa.Integer(),
            server_default=sa.text("current_tenant()"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_autopilot_interventions")),
    )
    op.create_index(
        "ix_autopilot_interventions_newest",
        "autopilot_interventions",
        ["tenant_id", "at", "id"],
        unique=False,
    )
    op.create_table(
        "autopilot_settings",
        sa.Column("applies_to", sa.String(), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=True),
        sa.Column("mode", sa.String(), nullable=True),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("max_daily_budget_micros", sa.BigInteger(), nullable=True),
        sa.Column("max_campaign_budget_micros", sa.BigInteger(), nullable=True),
        sa.Column("increase_limit_pct", sa.Double(), nullable=True),
        sa.Column("max_changes_per_day", sa.Integer(), nullable=True),
        sa.Column("min_hours_between", sa.Double(), nullable=True),
        sa.Column("total_raise_pct", sa.Double(), nullable=True),
        sa.Column("max_daily_increase_micros", sa.BigInteger(), nullable=True),
        sa.Column("roas_floor", sa.Double(), nullable=True),
        sa.Column("roas_lookback_days", sa.Integer(), nullable=True),
        sa.Column("cpa_ceiling_micros", sa.BigInteger(), nullable=True),
        sa.Column("updated_by", sa.String(), nullable=False),
        sa.Column(
            "tenant_id",
            sa.Integer(),
            server_default=sa.text("current_tenant()"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "applies_to in ('tenant', 'account', 'campaign')", name=op.f("ck_autopilot_settings_applies_to")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_autopilot_settings")),
        sa.UniqueConstraint(
            "tenant_id",
            "applies_to",
            "entity_id",
            name=op.f("uq_autopilot_settings_tenant_id_applies_to_entity_id"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "autopilot_strategies",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("enabled", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "config", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("last_run_at", UtcDateTime(), nullable=True),
        sa.Column("last_result", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column(
            "tenant_id",
            sa.Integer(),
            server_default=sa.text("current_tenant()"),
            autoincrement=False,
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("name", "tenant_id", name=op.f("pk_autopilot_strategies")),
    )
    op.create_table(
        "kill_switches",
        sa.Column("engaged", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "tenant_id",
            sa.Integer(),
            server_default=sa.text("current_tenant()"),
            autoincrement=False,
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_kill_switches")),
    )
    op.create_table(
        "platform_kill_switch",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("engaged", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_platform_kill_switch_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_platform_kill_switch")),
    )
    op.create_table(
        "trust_ledger",
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("decider", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=True),
        sa.Column("ad_account_id", sa.Uuid(), nullable=True),
        sa.Column("action_id", sa.Uuid(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("prev_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column(
            "tenant_id",
            sa.Integer(),
            server_default=sa.text("current_tenant()"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_trust_ledger")),
        sa.UniqueConstraint("tenant_id", "seq", name=op.f("uq_trust_ledger_tenant_id_seq")),
    )
    op.create_index(
        "ix_trust_ledger_account", "trust_ledger", ["tenant_id", "ad_account_id", "seq"], unique=False
    )
    op.create_index("ix_trust_ledger_kind", "trust_ledger", ["tenant_id", "kind", "seq"], unique=False)
    op.create_table(
        "trust_ledger_heads",
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column(
            "tenant_id",
            sa.Integer(),
            server_default=sa.text("current_tenant()"),
            autoincrement=False,
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_trust_ledger_heads")),
    )
    op.create_table(
        "trust_permits",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("state_digest", sa.String(), nullable=False),
        sa.Column("evidence_hash", sa.String(), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("action_id", sa.Uuid(), nullable=True),
        sa.Column("safety", sa.Boolean(), server_default=sa.text("false"), nullable=False),
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
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_trust_permits")),
    )
    op.create_index("ix_trust_permits_action", "trust_permits", ["tenant_id", "action_id"], unique=False)
    op.create_table(
        "autopilot_actions",
        sa.Column("ad_account_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=True),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("entity_type", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("entity_name", sa.String(), nullable=False),
        sa.Column("operation", sa.String(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("justified_by", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column(
            "evidence",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("requested_label", sa.String(), nullable=False),
        sa.Column("strategy", sa.String(), nullable=True),
        sa.Column("safety", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("learning", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("rollback_of", sa.Uuid(), nullable=True),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=True),
        sa.Column("verdict", sa.String(), nullable=True),
        sa.Column(
            "reasons", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False
        ),
        sa.Column("permit_id", sa.Uuid(), nullable=True),
        sa.Column("permit_expires_at", UtcDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("executing_at", UtcDateTime(), nullable=True),
        sa.Column("applied_at", UtcDateTime(), nullable=True),
        sa.Column("verified_at", UtcDateTime(), nullable=True),
        sa.Column("watch_until", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column("error_detail", sa.String(), nullable=True),
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
            name=op.f("fk_autopilot_actions_tenant_id_ad_account_id_ad_accounts"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "rollback_of"],
            ["autopilot_actions.tenant_id", "autopilot_actions.id"],
            name=op.f("fk_autopilot_actions_tenant_id_rollback_of_autopilot_actions"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_autopilot_actions")),
        sa.UniqueConstraint(
            "tenant_id", "idempotency_key", name=op.f("uq_autopilot_actions_tenant_id_idempotency_key")
        ),
    )
    op.create_index(
        "ix_autopilot_actions_entity",
        "autopilot_actions",
        ["tenant_id", "ad_account_id", "entity", "applied_at"],
        unique=False,
    )
    op.create_index(
        "ix_autopilot_actions_newest", "autopilot_actions", ["tenant_id", "proposed_at", "id"], unique=False
    )
    op.create_index("ix_autopilot_actions_state", "autopilot_actions", ["tenant_id", "state"], unique=False)
    op.create_table(
        "autopilot_action_events",
        sa.Column("action_id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("from_state", sa.String(), nullable=True),
        sa.Column("to_state", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column(
            "detail", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
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
            ["tenant_id", "action_id"],
            ["autopilot_actions.tenant_id", "autopilot_actions.id"],
            name=op.f("fk_autopilot_action_events_tenant_id_action_id_autopilot_actions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_autopilot_action_events")),
    )
    op.create_index(
        "ix_autopilot_action_events_action",
        "autopilot_action_events",
        ["tenant_id", "action_id", "created_at"],
        unique=False,
    )

    for table in ("trust_ledger", "autopilot_action_events", "autopilot_interventions"):
        rls.protect(op, table, privileges=rls.APPEND_ONLY)
    for table in ("trust_ledger_heads", "trust_permits", "kill_switches", "autopilot_actions"):
        rls.protect(op, table, privileges="SELECT, INSERT, UPDATE")
    for table in ("autopilot_settings", "autopilot_strategies"):
        rls.protect(op, table)
    rls.open_to_app(op, "platform_kill_switch", privileges="SELECT, INSERT, UPDATE")


def downgrade() -> None:
    op.drop_index("ix_autopilot_action_events_action", table_name="autopilot_action_events")
    op.drop_table("autopilot_action_events")
    op.drop_index("ix_autopilot_actions_state", table_name="autopilot_actions")
    op.drop_index("ix_autopilot_actions_newest", table_name="autopilot_actions")
    op.drop_index("ix_autopilot_actions_entity", table_name="autopilot_actions")
    op.drop_table("autopilot_actions")
    op.drop_index("ix_trust_permits_action", table_name="trust_permits")
    op.drop_table("trust_permits")
    op.drop_table("trust_ledger_heads")
    op.drop_index("ix_trust_ledger_kind", table_name="trust_ledger")
    op.drop_index("ix_trust_ledger_account", table_name="trust_ledger")
    op.drop_table("trust_ledger")
    op.drop_table("platform_kill_switch")
    op.drop_table("kill_switches")
    op.drop_table("autopilot_strategies")
    op.drop_table("autopilot_settings")
    op.drop_index("ix_autopilot_interventions_newest", table_name="autopilot_interventions")
    op.drop_table("autopilot_interventions")
