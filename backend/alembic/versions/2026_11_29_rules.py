"""Rules over campaigns, each evaluation of them, and what each led to."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.db import rls
from app.db.base import UtcDateTime

revision = "rules"
down_revision = "autopilot_plans"
branch_labels = None
depends_on = None

_TABLES = ("rule_firings", "rule_evaluations", "rules")


def _tenant() -> sa.Column[int]:
    return sa.Column(
        "tenant_id",
        sa.Integer(),
        server_default=sa.text("current_tenant()"),
        autoincrement=False,
        nullable=False,
    )


def _time(name: str, *, nullable: bool = False, now: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(), nullable=nullable, server_default=sa.text("now()") if now else None)


def _json(name: str) -> sa.Column[object]:
    return sa.Column(name, postgresql.JSONB(astext_type=sa.Text()), nullable=False)


def _belongs(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{target}.tenant_id", f"{target}.id"],
        name=op.f(f"fk_{table}_tenant_id_{column}_{target}"),
        ondelete="CASCADE",
    )


def upgrade() -> None:
    op.create_table(
        "rules",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), server_default=sa.text("''"), nullable=False),
        _json("definition"),
        _json("schedule"),
        sa.Column("cooldown_hours", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("template", sa.String(), nullable=True),
        _time("next_run_at", nullable=True),
        _time("last_run_at", nullable=True),
        _time("updated_at"),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        _time("archived_at", nullable=True),
        _tenant(),
        sa.Column("id", sa.Uuid(), nullable=False),
        _time("created_at", now=True),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_rules")),
    )
    op.create_index(
        "uq_rules_name",
        "rules",
        ["tenant_id", sa.text("lower(name)")],
        unique=True,
        postgresql_where=sa.text("archived_at IS NULL"),
    )
    op.create_index(
        "ix_rules_next_run",
        "rules",
        ["tenant_id", "next_run_at"],
        postgresql_where=sa.text("next_run_at IS NOT NULL"),
    )
    op.create_table(
        "rule_evaluations",
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _time("due_at"),
        _time("evaluated_at"),
        *[
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("considered", "held", "unknown", "acted")
        ],
        _json("unknown_by_reason"),
        _json("idle_by_reason"),
        _json("unknown_examples"),
        _tenant(),
        sa.Column("id", sa.Uuid(), nullable=False),
        _belongs("rule_evaluations", "rule_id", "rules"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_rule_evaluations")),
        sa.UniqueConstraint(
            "tenant_id", "rule_id", "due_at", name=op.f("uq_rule_evaluations_tenant_id_rule_id_due_at")
        ),
    )
    op.create_index(
        "ix_rule_evaluations_newest", "rule_evaluations", ["tenant_id", "rule_id", "evaluated_at", "id"]
    )
    op.create_index("ix_rule_evaluations_age", "rule_evaluations", ["tenant_id", "evaluated_at"])
    op.create_table(
        "rule_firings",
        sa.Column("evaluation_id", sa.Uuid(), nullable=False),
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_name", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        _time("fired_at"),
        _json("figures"),
        _json("steps"),
        sa.Column("action_id", sa.Uuid(), nullable=True),
        _tenant(),
        sa.Column("id", sa.Uuid(), nullable=False),
        _belongs("rule_firings", "evaluation_id", "rule_evaluations"),
        _belongs("rule_firings", "rule_id", "rules"),
        _belongs("rule_firings", "campaign_id", "campaigns"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_rule_firings")),
    )
    op.create_index("ix_rule_firings_newest", "rule_firings", ["tenant_id", "rule_id", "fired_at", "id"])
    op.create_index("ix_rule_firings_evaluation", "rule_firings", ["tenant_id", "evaluation_id"])
    op.create_index("ix_rule_firings_campaign", "rule_firings", ["tenant_id", "campaign_id"])
    for table in _TABLES:
        rls.protect(op, table)


def downgrade() -> None:
    for table in _TABLES:
        op.drop_table(table)
