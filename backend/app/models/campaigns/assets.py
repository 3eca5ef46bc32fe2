"""A company's images, and which drafts are meant to show them."""

from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Index, Integer, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt, TenantKeyed, TenantOwned, tenant_fk

_EMPTY = text("'{}'")


class CampaignAsset(TenantOwned, CreatedAt, Base):
    """An image as it is stored, which is as we wrote it anew; its bytes lie in `campaign_asset_files`."""

    __tablename__ = "campaign_assets"
    __table_args__ = (
        UniqueConstraint("tenant_id", "sha256"),
        Index("ix_campaign_assets_source", "tenant_id", "source_sha256"),
        Index("ix_campaign_assets_newest", "tenant_id", "created_at", "id"),
    )

    name: Mapped[str]
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text()), server_default=_EMPTY)
    format: Mapped[str]
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    has_alpha: Mapped[bool] = mapped_column(Boolean)
    frames: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str]
    """In hex, of what is stored."""
    source_sha256: Mapped[str]
    """In hex, of what was uploaded, so that the same file is known again without decoding it."""
    changes: Mapped[list[str]] = mapped_column(ARRAY(Text()), server_default=_EMPTY)
    created_by: Mapped[str]


class CampaignAssetFile(TenantKeyed, Base):
    """The bytes of an image, or of its thumbnail."""

    __tablename__ = "campaign_asset_files"
    __table_args__ = (tenant_fk("asset_id", "campaign_assets", ondelete="CASCADE"),)

    asset_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class CampaignDraftAsset(TenantKeyed, Base):
    """A draft's plan names the image."""

    __tablename__ = "campaign_draft_assets"
    __table_args__ = (
        tenant_fk("draft_id", "campaign_drafts", ondelete="CASCADE"),
        tenant_fk("asset_id", "campaign_assets", ondelete="CASCADE"),
        Index("ix_campaign_draft_assets_asset", "tenant_id", "asset_id"),
    )

    draft_id: Mapped[UUID] = mapped_column(primary_key=True)
    asset_id: Mapped[UUID] = mapped_column(primary_key=True)
