"""Drafts of campaigns, the log of their publication, and labels on campaigns."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.db import rls
from app.db.base import UtcDateTime

revision = "campaign_drafts"
down_revision = "ids_of_acts"
branch_labels = None
depends_on = None

_TABLES = ("campaign_drafts", "campaign_publish_steps", "campaign_labels", "campaign_label_links")


def _own() -> tuple[sa.Column[object], ...]:
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


def _text(name: str, *, nullable: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=nullable)


def _time(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(), nullable=nullable)


def _uuid(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _belongs(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{target}.tenant_id", f"{target}.id"],
        name=op.f(f"fk_{table}_tenant_id_{column}_{target}"),
        ondelete="CASCADE",
    )


def upgrade() -> None:
    op.create_table(
        "campaign_drafts",
        _uuid("ad_account_id", nullable=False),
        _text("platform", nullable=False),
        _text("name", nullable=False),
        sa.Column("plan", postgresql.JSONB(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        _text("status", nullable=False),
        _text("created_by", nullable=False),
        _text("updated_by", nullable=False),
        _time("updated_at", nullable=False),
        _text("submitted_by"),
        _uuid("submitted_by_id"),
        _time("submitted_at"),
        _text("decided_by"),
        _time("decided_at"),
        _text("decision_reason"),
        sa.Column("approved_version", sa.Integer(), nullable=True),
        _text("approved_digest"),
        sa.Column("publish_attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        _time("publishing_at"),
        _time("published_at"),
        _text("external_id"),
        _text("error_code"),
        _text("error_detail"),
        *_own(),
        _belongs("campaign_drafts", "ad_account_id", "ad_accounts"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_campaign_drafts")),
    )
    op.create_index("ix_campaign_drafts_newest", "campaign_drafts", ["tenant_id", "created_at", "id"])
    op.create_index("ix_campaign_drafts_status", "campaign_drafts", ["tenant_id", "status"])
    op.create_table(
        "campaign_publish_steps",
        _uuid("draft_id", nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _time("at", nullable=False),
        _text("part", nullable=False),
        _text("name", nullable=False),
        _text("outcome", nullable=False),
        _text("external_id"),
        _uuid("decision_id"),
        _uuid("permit_id"),
        _text("error_code"),
        _text("message"),
        _text("trace"),
        *_own(),
        _belongs("campaign_publish_steps", "draft_id", "campaign_drafts"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_campaign_publish_steps")),
    )
    op.create_index(
        "ix_campaign_publish_steps_draft",
        "campaign_publish_steps",
        ["tenant_id", "draft_id", "created_at", "id"],
    )
    _labels()
    for table in _TABLES:
        rls.protect(op, table)


def _labels() -> None:
    op.create_table(
        "campaign_labels",
        _text("name", nullable=False),
        _text("created_by", nullable=False),
        *_own(),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_campaign_labels")),
    )
    op.create_index(
        "uq_campaign_labels_name", "campaign_labels", ["tenant_id", sa.text("lower(name)")], unique=True
    )
    tenant, *_ = _own()
    op.create_table(
        "campaign_label_links",
        tenant,
        _uuid("label_id", nullable=False),
        _uuid("campaign_id", nullable=False),
        _belongs("campaign_label_links", "label_id", "campaign_labels"),
        _belongs("campaign_label_links", "campaign_id", "campaigns"),
        sa.PrimaryKeyConstraint("tenant_id", "label_id", "campaign_id", name=op.f("pk_campaign_label_links")),
    )
    op.create_index("ix_campaign_label_links_campaign", "campaign_label_links", ["tenant_id", "campaign_id"])


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)
