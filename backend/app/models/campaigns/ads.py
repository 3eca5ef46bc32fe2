"""Ads with what they show, as the platform last told of them, and every verdict on them that was seen."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt, TenantKeyed, TenantOwned, tenant_fk


class Ad(TenantOwned, CreatedAt, Base):
    """An ad as it was at `synced_at`; what the platform does not tell is None."""

    __tablename__ = "ads"
    __table_args__ = (
        tenant_fk("ad_account_id", "ad_accounts", ondelete="CASCADE"),
        tenant_fk("campaign_id", "campaigns", ondelete="CASCADE"),
        tenant_fk("ad_set_id", "ad_sets", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "ad_account_id", "external_id"),
        Index("ix_ads_name", "tenant_id", "name", "id"),
        Index("ix_ads_campaign", "tenant_id", "campaign_id", "name", "id"),
        Index(
            "ix_ads_disapproved",
            "tenant_id",
            "ad_account_id",
            postgresql_where=text("review = 'disapproved' AND NOT gone"),
        ),
    )

    ad_account_id: Mapped[UUID]
    campaign_id: Mapped[UUID]
    ad_set_id: Mapped[UUID | None]
    external_id: Mapped[str]
    name: Mapped[str]
    status: Mapped[str]
    """What its owner set."""
    effective_status: Mapped[str]
    """What holds in fact, in our words where we have one."""
    review: Mapped[str | None]
    review_reasons: Mapped[list[str]] = mapped_column(JSONB, server_default=text("'[]'"))
    """The platform's own, in words."""
    reviewed_at: Mapped[datetime]
    """When the newest verdict, with these reasons, was first seen here; a stop that hides it is no other."""
    creative_id: Mapped[str | None]
    creative_kind: Mapped[str | None]
    headline: Mapped[str | None]
    body: Mapped[str | None]
    call_to_action: Mapped[str | None]
    landing_url: Mapped[str | None]
    image_url: Mapped[str | None]
    media: Mapped[str | None]
    """The platform's id of the video or the picture."""
    platform_updated_at: Mapped[datetime | None]
    synced_at: Mapped[datetime]
    gone: Mapped[bool] = mapped_column(server_default=text("false"))
    """No longer listed by the platform."""
    missed: Mapped[bool] = mapped_column(server_default=text("false"))
    """The newest listing of the account was empty: believed when the next one is too."""


class AdReviewed(TenantKeyed, Base):
    """A verdict on an ad, from when it was first seen; it held until the next one, though a stop may have hidden it."""

    __tablename__ = "ad_reviews"
    __table_args__ = (tenant_fk("ad_id", "ads", ondelete="CASCADE"),)

    ad_id: Mapped[UUID] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(primary_key=True)
    review: Mapped[str | None]
    reasons: Mapped[list[str]] = mapped_column(JSONB, server_default=text("'[]'"))
