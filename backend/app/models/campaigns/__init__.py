"""Campaigns and ad sets, as the platform last told of them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt, Micros, TenantOwned, tenant_fk


class Campaign(TenantOwned, CreatedAt, Base):
    """A campaign as it was at `synced_at`. Budgets are None where they live elsewhere."""

    __tablename__ = "campaigns"
    __table_args__ = (
        tenant_fk("ad_account_id", "ad_accounts", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "ad_account_id", "external_id"),
        Index("ix_campaigns_name", "tenant_id", "name", "id"),
    )

    ad_account_id: Mapped[UUID]
    platform: Mapped[str]
    external_id: Mapped[str]
    name: Mapped[str]
    objective: Mapped[str | None]
    status: Mapped[str]
    """What its owner set: `active`, `paused`, `archived`, `deleted`."""
    effective_status: Mapped[str]
    """What holds in fact: a parent, a review or a billing failure may stop it too."""
    budget_level: Mapped[str]
    daily_budget_micros: Mapped[Micros | None]
    lifetime_budget_micros: Mapped[Micros | None]
    currency: Mapped[str]
    bid_strategy: Mapped[str | None]
    learning: Mapped[bool | None]
    """Whether any ad set below is learning; None when the platform does not say."""
    started_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    platform_updated_at: Mapped[datetime | None]
    synced_at: Mapped[datetime]


class AdSet(TenantOwned, CreatedAt, Base):
    __tablename__ = "ad_sets"
    __table_args__ = (
        tenant_fk("campaign_id", "campaigns", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "campaign_id", "external_id"),
    )

    campaign_id: Mapped[UUID]
    external_id: Mapped[str]
    name: Mapped[str]
    status: Mapped[str]
    effective_status: Mapped[str]
    daily_budget_micros: Mapped[Micros | None]
    lifetime_budget_micros: Mapped[Micros | None]
    currency: Mapped[str]
    learning: Mapped[bool | None]
    ends_at: Mapped[datetime | None]
    platform_updated_at: Mapped[datetime | None]
    synced_at: Mapped[datetime]
    gone: Mapped[bool] = mapped_column(server_default=text("false"))
    """No longer listed by the platform."""
