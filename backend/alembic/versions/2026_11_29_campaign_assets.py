"""A company's images, and which drafts are meant to show them."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.db import rls
from app.db.base import UtcDateTime

revision = "campaign_assets"
down_revision = "ads"
branch_labels = None
depends_on = None

_TABLES = ("campaign_assets", "campaign_asset_files", "campaign_draft_assets")


def _tenant() -> sa.Column[int]:
    return sa.Column(
        "tenant_id",
        sa.Integer(),
        server_default=sa.text("current_tenant()"),
        autoincrement=False,
        nullable=False,
    )


def _texts(name: str) -> sa.Column[object]:
    return sa.Column(name, postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False)


def _belongs(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{target}.tenant_id", f"{target}.id"],
        name=op.f(f"fk_{table}_tenant_id_{column}_{target}"),
        ondelete="CASCADE",
    )


def upgrade() -> None:
    op.create_table(
        "campaign_assets",
        sa.Column("name", sa.String(), nullable=False),
        _texts("tags"),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("has_alpha", sa.Boolean(), nullable=False),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("source_sha256", sa.String(), nullable=False),
        _texts("changes"),
        sa.Column("created_by", sa.String(), nullable=False),
        _tenant(),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_campaign_assets")),
        sa.UniqueConstraint("tenant_id", "sha256", name=op.f("uq_campaign_assets_tenant_id_sha256")),
    )
    op.create_index("ix_campaign_assets_source", "campaign_assets", ["tenant_id", "source_sha256"])
    op.create_index("ix_campaign_assets_newest", "campaign_assets", ["tenant_id", "created_at", "id"])
    op.create_table(
        "campaign_asset_files",
        _tenant(),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        _belongs("campaign_asset_files", "asset_id", "campaign_assets"),
        sa.PrimaryKeyConstraint("tenant_id", "asset_id", "kind", name=op.f("pk_campaign_asset_files")),
    )
    # Images are compressed already: PostgreSQL shall not try once more.
    op.execute("ALTER TABLE campaign_asset_files ALTER COLUMN content SET STORAGE EXTERNAL")
    op.create_table(
        "campaign_draft_assets",
        _tenant(),
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        _belongs("campaign_draft_assets", "draft_id", "campaign_drafts"),
        _belongs("campaign_draft_assets", "asset_id", "campaign_assets"),
        sa.PrimaryKeyConstraint("tenant_id", "draft_id", "asset_id", name=op.f("pk_campaign_draft_assets")),
    )
    op.create_index("ix_campaign_draft_assets_asset", "campaign_draft_assets", ["tenant_id", "asset_id"])
    for table in _TABLES:
        rls.protect(op, table)


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)
