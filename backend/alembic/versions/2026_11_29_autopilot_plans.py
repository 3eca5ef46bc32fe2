"""Plans of cuts and raises, and what strategies recommend."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.db import rls
from app.db.base import UtcDateTime

revision = "autopilot_plans"
down_revision = "outbox_again"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "autopilot_plans",
        sa.Column("ad_account_id", sa.Uuid(), nullable=False),
        sa.Column("strategy", sa.String(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("raises", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("freed_micros", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("approval_reason", sa.String(), nullable=True),
        sa.Column("approved_at", UtcDateTime(), nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        *_owned(),
        sa.ForeignKeyConstraint(
            ["tenant_id", "ad_account_id"],
            ["ad_accounts.tenant_id", "ad_accounts.id"],
            name=op.f("fk_autopilot_plans_tenant_id_ad_account_id_ad_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_autopilot_plans")),
        sa.UniqueConstraint(
            "tenant_id", "idempotency_key", name=op.f("uq_autopilot_plans_tenant_id_idempotency_key")
        ),
    )
    op.create_index(
        "ix_autopilot_plans_account", "autopilot_plans", ["tenant_id", "ad_account_id", "made_at"]
    )
    # The owner too is bound by row-level security: a new constraint reads every tenant's rows.
    op.execute("ALTER TABLE autopilot_actions NO FORCE ROW LEVEL SECURITY")
    op.add_column("autopilot_actions", sa.Column("plan_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_autopilot_actions_tenant_id_plan_id_autopilot_plans"),
        "autopilot_actions",
        "autopilot_plans",
        ["tenant_id", "plan_id"],
        ["tenant_id", "id"],
    )
    op.execute("ALTER TABLE autopilot_actions FORCE ROW LEVEL SECURITY")
    rls.protect(op, "autopilot_plans")
    op.create_index(
        "ix_autopilot_actions_plan",
        "autopilot_actions",
        ["tenant_id", "plan_id"],
        postgresql_where=sa.text("plan_id IS NOT NULL"),
    )
    op.create_table(
        "autopilot_recommendations",
        sa.Column("ad_account_id", sa.Uuid(), nullable=False),
        sa.Column("strategy", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=True),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("sentence", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("changes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("effect", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("renewed_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("action_ids", postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False),
        *_owned(),
        sa.ForeignKeyConstraint(
            ["tenant_id", "ad_account_id"],
            ["ad_accounts.tenant_id", "ad_accounts.id"],
            name="fk_autopilot_recommendations_ad_account",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_autopilot_recommendations")),
    )
    op.create_index(
        "ix_autopilot_recommendations_newest", "autopilot_recommendations", ["tenant_id", "made_at", "id"]
    )
    op.create_index(
        "ix_autopilot_recommendations_key", "autopilot_recommendations", ["tenant_id", "key", "made_at"]
    )
    op.create_index(
        "uq_autopilot_recommendations_open",
        "autopilot_recommendations",
        ["tenant_id", "key"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    rls.protect(op, "autopilot_recommendations")


def downgrade() -> None:
    op.drop_table("autopilot_recommendations")
    op.drop_index("ix_autopilot_actions_plan", table_name="autopilot_actions")
    op.drop_constraint(
        op.f("fk_autopilot_actions_tenant_id_plan_id_autopilot_plans"),
        "autopilot_actions",
        type_="foreignkey",
    )
    op.drop_column("autopilot_actions", "plan_id")
    op.drop_table("autopilot_plans")


def _owned() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column(
            "tenant_id",
            sa.Integer(),
            server_default=sa.text("current_tenant()"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=sa.text("now()"), nullable=False),
    )
