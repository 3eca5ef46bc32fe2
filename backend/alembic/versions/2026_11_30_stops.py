"""Stops of everything, and the campaigns of each."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.db import rls
from app.db.base import UtcDateTime

revision = "stops"
down_revision = "ledger_by_time"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "autopilot_stops",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("ad_account_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("asked_label", sa.String(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column(
            "out_of_reach",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column("proposed_at", UtcDateTime(), nullable=True),
        sa.Column("given_back_by", sa.Uuid(), nullable=True),
        sa.Column("given_back_label", sa.String(), nullable=True),
        sa.Column("given_back_reason", sa.String(), nullable=True),
        sa.Column("given_back_at", UtcDateTime(), nullable=True),
        sa.Column("givings", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("returned_at", UtcDateTime(), nullable=True),
        *_owned(),
        sa.ForeignKeyConstraint(
            ["tenant_id", "ad_account_id"],
            ["ad_accounts.tenant_id", "ad_accounts.id"],
            name=op.f("fk_autopilot_stops_tenant_id_ad_account_id_ad_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_autopilot_stops")),
        sa.UniqueConstraint(
            "tenant_id", "idempotency_key", name=op.f("uq_autopilot_stops_tenant_id_idempotency_key")
        ),
    )
    op.create_index("ix_autopilot_stops_newest", "autopilot_stops", ["tenant_id", "asked_at", "id"])
    op.create_index(
        "ix_autopilot_stops_unfinished",
        "autopilot_stops",
        ["tenant_id", "id"],
        postgresql_where=sa.text(
            "proposed_at IS NULL OR (given_back_at IS NOT NULL AND returned_at IS NULL)"
        ),
    )
    rls.protect(op, "autopilot_stops")
    op.create_table(
        "autopilot_stop_campaigns",
        sa.Column("stop_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("daily_micros", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("action_id", sa.Uuid(), nullable=True),
        sa.Column("passed_over", sa.String(), nullable=True),
        sa.Column("enable_action_id", sa.Uuid(), nullable=True),
        sa.Column("kept", sa.String(), nullable=True),
        *_owned(),
        *(
            sa.ForeignKeyConstraint(
                ["tenant_id", column],
                [f"{table}.tenant_id", f"{table}.id"],
                name=op.f(f"fk_autopilot_stop_campaigns_tenant_id_{column}_{table}"),
                ondelete=ondelete,
            )
            for column, table, ondelete in (
                ("stop_id", "autopilot_stops", "CASCADE"),
                ("campaign_id", "campaigns", "CASCADE"),
                ("action_id", "autopilot_actions", None),
                ("enable_action_id", "autopilot_actions", None),
            )
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_autopilot_stop_campaigns")),
        sa.UniqueConstraint(
            "tenant_id",
            "stop_id",
            "campaign_id",
            name=op.f("uq_autopilot_stop_campaigns_tenant_id_stop_id_campaign_id"),
        ),
        sa.UniqueConstraint(
            "tenant_id", "stop_id", "place", name=op.f("uq_autopilot_stop_campaigns_tenant_id_stop_id_place")
        ),
    )
    for name, column in (
        ("campaign", "campaign_id"),
        ("action", "action_id"),
        ("enable", "enable_action_id"),
    ):
        op.create_index(
            f"ix_autopilot_stop_campaigns_{name}", "autopilot_stop_campaigns", ["tenant_id", column]
        )
    rls.protect(op, "autopilot_stop_campaigns")


def downgrade() -> None:
    op.drop_table("autopilot_stop_campaigns")
    op.drop_table("autopilot_stops")


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
