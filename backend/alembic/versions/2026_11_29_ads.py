"""Ads with their creatives and reviews, and when an account's ads were read."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.db import rls
from app.db.base import UtcDateTime

revision = "ads"
down_revision = "crm_writes"
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


def _text(name: str, *, nullable: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=nullable)


def _time(name: str, *, nullable: bool = True, now: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(), nullable=nullable, server_default=sa.text("now()") if now else None)


def _reasons(name: str) -> sa.Column[object]:
    return sa.Column(name, postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False)


def _of(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{target}.tenant_id", f"{target}.id"],
        name=op.f(f"fk_{table}_tenant_id_{column}_{target}"),
        ondelete="CASCADE",
    )


def upgrade() -> None:
    op.create_table(
        "ads",
        sa.Column("ad_account_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("ad_set_id", sa.Uuid(), nullable=True),
        *(_text(name, nullable=False) for name in ("external_id", "name", "status", "effective_status")),
        _text("review"),
        _reasons("review_reasons"),
        _time("reviewed_at", nullable=False),
        *(_text(name) for name in ("creative_id", "creative_kind", "headline", "body", "call_to_action")),
        *(_text(name) for name in ("landing_url", "image_url", "media")),
        _time("platform_updated_at"),
        _time("synced_at", nullable=False),
        sa.Column("gone", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        _tenant(),
        sa.Column("id", sa.Uuid(), nullable=False),
        _time("created_at", nullable=False, now=True),
        _of("ads", "ad_account_id", "ad_accounts"),
        _of("ads", "campaign_id", "campaigns"),
        _of("ads", "ad_set_id", "ad_sets"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_ads")),
        sa.UniqueConstraint(
            "tenant_id",
            "ad_account_id",
            "external_id",
            name=op.f("uq_ads_tenant_id_ad_account_id_external_id"),
        ),
    )
    op.create_index("ix_ads_name", "ads", ["tenant_id", "name", "id"])
    op.create_index("ix_ads_campaign", "ads", ["tenant_id", "campaign_id", "name", "id"])
    op.create_index(
        "ix_ads_disapproved",
        "ads",
        ["tenant_id", "ad_account_id"],
        postgresql_where=sa.text("review = 'disapproved' AND NOT gone"),
    )
    op.create_table(
        "ad_reviews",
        sa.Column("ad_id", sa.Uuid(), nullable=False),
        _time("seen_at", nullable=False),
        _text("review"),
        _reasons("reasons"),
        _tenant(),
        _of("ad_reviews", "ad_id", "ads"),
        sa.PrimaryKeyConstraint("tenant_id", "ad_id", "seen_at", name=op.f("pk_ad_reviews")),
    )
    for table in ("ads", "ad_reviews"):
        rls.protect(op, table)
    op.add_column("ad_accounts", _time("ads_read_at"))
    op.add_column("ad_accounts", _text("ads_error_code"))


def downgrade() -> None:
    op.drop_column("ad_accounts", "ads_error_code")
    op.drop_column("ad_accounts", "ads_read_at")
    op.drop_table("ad_reviews")
    op.drop_table("ads")
