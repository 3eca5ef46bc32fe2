"""Campaigns as people plan them, and what became of each at its platform."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, Integer, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt, TenantOwned, tenant_fk


class CampaignDraft(TenantOwned, CreatedAt, Base):
    """A plan at its newest version. Times are the domain's, but for `publishing_at`, which recovery reads."""

    __tablename__ = "campaign_drafts"
    __table_args__ = (
        tenant_fk("ad_account_id", "ad_accounts", ondelete="CASCADE"),
        Index("ix_campaign_drafts_newest", "tenant_id", "created_at", "id"),
        Index("ix_campaign_drafts_status", "tenant_id", "status"),
    )

    ad_account_id: Mapped[UUID]
    platform: Mapped[str]
    name: Mapped[str]
    plan: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """The canonical JSON, a `CampaignPlan`."""
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    """Counts the edits: who changes or decides names the one that they saw."""
    status: Mapped[str]
    created_by: Mapped[str]
    updated_by: Mapped[str]
    updated_at: Mapped[datetime]
    submitted_by: Mapped[str | None]
    submitted_by_id: Mapped[UUID | None]
    submitted_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str | None]
    approved_version: Mapped[int | None]
    approved_digest: Mapped[str | None]
    """SHA-256, in hex, of the account and plan that were approved: what is published is held against it."""
    publish_attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    publishing_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    external_id: Mapped[str | None]
    """The campaign's id at the platform, as soon as there is one for this version."""
    error_code: Mapped[str | None]
    error_detail: Mapped[str | None]


class CampaignPublishStep(TenantOwned, CreatedAt, Base):
    """One line of the log of a publication; append-only."""

    __tablename__ = "campaign_publish_steps"
    __table_args__ = (
        tenant_fk("draft_id", "campaign_drafts", ondelete="CASCADE"),
        Index("ix_campaign_publish_steps_draft", "tenant_id", "draft_id", "created_at", "id"),
    )

    draft_id: Mapped[UUID]
    version: Mapped[int]
    at: Mapped[datetime]
    part: Mapped[str]
    """`campaign`, the place in the plan such as `ad_sets.0.ads.1`, or `images.` and an image's id."""
    name: Mapped[str]
    outcome: Mapped[str]
    external_id: Mapped[str | None]
    decision_id: Mapped[UUID | None]
    permit_id: Mapped[UUID | None]
    error_code: Mapped[str | None]
    message: Mapped[str | None]
    trace: Mapped[str | None]
