"""Signal health: policies by version, evaluations, and the signals they were made of."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.db import rls
from app.db.base import UtcDateTime

revision = "trust_health"
down_revision = "incidents"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "trust_policies",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("adopted_by", sa.String(), nullable=False),
        sa.Column("adopted_at", UtcDateTime(), nullable=False),
        sa.Column(
            "tenant_id",
            sa.Integer(),
            server_default=sa.text("current_tenant()"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_trust_policies")),
        sa.UniqueConstraint("tenant_id", "version", name=op.f("uq_trust_policies_tenant_id_version")),
    )
    op.create_table(
        "trust_evaluations",
        sa.Column("ad_account_id", sa.Uuid(), nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("coverage", sa.Double(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("run", sa.SmallInteger(), nullable=False),
        sa.Column("candidate", sa.String(), nullable=True),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("components", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("drivers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("absent", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("capped_by", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("evidence_digest", sa.String(), nullable=False),
        sa.Column("evaluated_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
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
            name=op.f("fk_trust_evaluations_tenant_id_ad_account_id_ad_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_trust_evaluations")),
    )
    op.create_index(
        "ix_trust_evaluations_newest",
        "trust_evaluations",
        ["tenant_id", "ad_account_id", "evaluated_at"],
        unique=False,
    )
    op.create_table(
        "trust_signals",
        sa.Column("ad_account_id", sa.Uuid(), nullable=False),
        sa.Column("evaluation_id", sa.Uuid(), nullable=False),
        sa.Column("component", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("broken", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("observed_at", UtcDateTime(), nullable=False),
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
            name=op.f("fk_trust_signals_tenant_id_ad_account_id_ad_accounts"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "evaluation_id"],
            ["trust_evaluations.tenant_id", "trust_evaluations.id"],
            name=op.f("fk_trust_signals_tenant_id_evaluation_id_trust_evaluations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_trust_signals")),
    )
    op.create_index(
        "ix_trust_signals_evaluation", "trust_signals", ["tenant_id", "evaluation_id"], unique=False
    )
    op.create_index(
        "ix_trust_signals_newest",
        "trust_signals",
        ["tenant_id", "ad_account_id", "observed_at"],
        unique=False,
    )
    for table in ("trust_policies", "trust_evaluations", "trust_signals"):
        rls.protect(op, table, privileges=rls.APPEND_ONLY)


def downgrade() -> None:
    op.drop_index("ix_trust_signals_newest", table_name="trust_signals")
    op.drop_index("ix_trust_signals_evaluation", table_name="trust_signals")
    op.drop_table("trust_signals")
    op.drop_index("ix_trust_evaluations_newest", table_name="trust_evaluations")
    op.drop_table("trust_evaluations")
    op.drop_table("trust_policies")
