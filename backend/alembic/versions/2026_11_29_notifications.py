"""Notifications: what was told and to whom, how people wish to be told, what left, and links that act once."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.db import rls
from app.db.base import UtcDateTime

revision = "notifications"
down_revision = "audience_sync"
branch_labels = None
depends_on = None

_TABLES = (
    "notifications",
    "notification_receipts",
    "notification_preferences",
    "notification_deliveries",
    "notification_links",
    "slack_workspaces",
)
_TELL = "tell_tenants_of_platform_kill_switch()"
_LIVE = """
  INSERT INTO outbox (tenant_id, id, kind, name, payload)
  SELECT t.id, gen_random_uuid(), 'live', 'autopilot_mode_change',
    jsonb_build_object('kill_switch', 'platform', 'engaged', s.engaged, 'reason', s.reason)
  FROM platform_kill_switch s CROSS JOIN tenants t
  WHERE t.is_active ORDER BY t.id
"""
_TASK = """
  INSERT INTO outbox (tenant_id, id, kind, name, payload)
  SELECT t.id, gen_random_uuid(), 'task', 'notifications.tell_of_platform_switch', '{}'
  FROM tenants t WHERE t.is_active ORDER BY t.id
"""


def upgrade() -> None:
    op.create_table(
        "notifications",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column(
            "facts", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("dedupe_key", sa.String(), nullable=False),
        sa.Column("thread", sa.String(), nullable=False),
        sa.Column("times", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("occurred_at", UtcDateTime(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("joins_until", UtcDateTime(), nullable=False),
        sa.Column(
            "tenant_id",
            sa.Integer(),
            server_default=sa.text("current_tenant()"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_notifications")),
    )
    op.create_index(
        "ix_notifications_key",
        "notifications",
        ["tenant_id", "dedupe_key", "occurred_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_notifications_thread", "notifications", ["tenant_id", "thread", "last_at", "id"], unique=False
    )
    op.create_table(
        "slack_workspaces",
        sa.Column("team_id", sa.String(), nullable=False),
        sa.Column("team_name", sa.String(), nullable=False),
        sa.Column("team_url", sa.String(), nullable=True),
        sa.Column("bot_user_id", sa.String(), nullable=True),
        sa.Column("token_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("channel_id", sa.String(), nullable=True),
        sa.Column("channel_name", sa.String(), nullable=True),
        sa.Column(
            "by_kind", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
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
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_slack_workspaces")),
        sa.UniqueConstraint("tenant_id", name=op.f("uq_slack_workspaces_tenant_id")),
    )
    op.create_table(
        "notification_deliveries",
        sa.Column("notification_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("slack_channel", sa.String(), nullable=True),
        sa.Column("slack_channel_name", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("held_for", sa.String(), nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("reference", sa.String(), nullable=True),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
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
        sa.ForeignKeyConstraint(
            ["tenant_id", "notification_id"],
            ["notifications.tenant_id", "notifications.id"],
            name=op.f("fk_notification_deliveries_tenant_id_notification_id_notifications"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_notification_deliveries_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_notification_deliveries")),
    )
    op.create_index(
        "ix_notification_deliveries_due",
        "notification_deliveries",
        ["tenant_id", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("status IN ('queued', 'failed', 'sending')"),
    )
    op.create_index(
        "ix_notification_deliveries_newest",
        "notification_deliveries",
        ["tenant_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_notification_deliveries_notification",
        "notification_deliveries",
        ["tenant_id", "notification_id"],
        unique=False,
    )
    op.create_table(
        "notification_links",
        sa.Column("notification_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.Column("used_verb", sa.String(), nullable=True),
        sa.Column("used_by", sa.String(), nullable=True),
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
            ["tenant_id", "notification_id"],
            ["notifications.tenant_id", "notifications.id"],
            name=op.f("fk_notification_links_tenant_id_notification_id_notifications"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_notification_links_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_notification_links")),
        sa.UniqueConstraint(
            "tenant_id",
            "notification_id",
            "user_id",
            name=op.f("uq_notification_links_tenant_id_notification_id_user_id"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "notification_preferences",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "choices", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("digest", sa.String(), server_default=sa.text("'immediate'"), nullable=False),
        sa.Column("digest_minute", sa.Integer(), server_default=sa.text("480"), nullable=False),
        sa.Column("quiet_from", sa.Integer(), nullable=True),
        sa.Column("quiet_until", sa.Integer(), nullable=True),
        sa.Column("timezone", sa.String(), nullable=True),
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
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_notification_preferences_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_notification_preferences")),
        sa.UniqueConstraint(
            "tenant_id", "user_id", name=op.f("uq_notification_preferences_tenant_id_user_id")
        ),
    )
    op.create_table(
        "notification_receipts",
        sa.Column("notification_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.Column(
            "tenant_id",
            sa.Integer(),
            server_default=sa.text("current_tenant()"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "notification_id"],
            ["notifications.tenant_id", "notifications.id"],
            name=op.f("fk_notification_receipts_tenant_id_notification_id_notifications"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_notification_receipts_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_notification_receipts")),
        sa.UniqueConstraint(
            "tenant_id",
            "user_id",
            "notification_id",
            name=op.f("uq_notification_receipts_tenant_id_user_id_notification_id"),
        ),
    )
    op.create_index(
        "ix_notification_receipts_newest",
        "notification_receipts",
        ["tenant_id", "user_id", "at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_notification_receipts_notification",
        "notification_receipts",
        ["tenant_id", "notification_id"],
        unique=False,
    )
    op.create_index(
        "ix_notification_receipts_unread",
        "notification_receipts",
        ["tenant_id", "user_id"],
        unique=False,
        postgresql_where=sa.text("read_at IS NULL"),
    )
    for table in _TABLES:
        rls.protect(op, table)
    _let_a_task_tell_of_the_platforms_switch()


def _let_a_task_tell_of_the_platforms_switch() -> None:
    """The switch over all companies leaves a task in each of them, with its live message, that writes what people read."""
    op.execute(
        f"CREATE POLICY kill_switch_task ON outbox FOR INSERT TO {rls.LOOKUP_ROLE} "
        "WITH CHECK (kind = 'task' AND name = 'notifications.tell_of_platform_switch' AND payload = '{}')"
    )
    _replace_tell(_LIVE + ";" + _TASK)


def _replace_tell(body: str) -> None:
    op.execute(
        f"CREATE OR REPLACE FUNCTION {_TELL} RETURNS void "
        f"LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$ {body} $$"
    )


def downgrade() -> None:
    _replace_tell(_LIVE)
    op.execute("DROP POLICY kill_switch_task ON outbox")
    op.drop_index(
        "ix_notification_receipts_unread",
        table_name="notification_receipts",
        postgresql_where=sa.text("read_at IS NULL"),
    )
    op.drop_index("ix_notification_receipts_notification", table_name="notification_receipts")
    op.drop_index("ix_notification_receipts_newest", table_name="notification_receipts")
    op.drop_table("notification_receipts")
    op.drop_table("notification_preferences")
    op.drop_table("notification_links")
    op.drop_index("ix_notification_deliveries_notification", table_name="notification_deliveries")
    op.drop_index("ix_notification_deliveries_newest", table_name="notification_deliveries")
    op.drop_index(
        "ix_notification_deliveries_due",
        table_name="notification_deliveries",
        postgresql_where=sa.text("status IN ('queued', 'failed', 'sending')"),
    )
    op.drop_table("notification_deliveries")
    op.drop_table("slack_workspaces")
    op.drop_index("ix_notifications_thread", table_name="notifications")
    op.drop_index("ix_notifications_key", table_name="notifications")
    op.drop_table("notifications")
