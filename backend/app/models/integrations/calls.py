"""Every call to a platform: one row per request that left, successful or not."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from app.db.base import Base, TenantOwned


class PlatformCall(TenantOwned, Base):
    """Without bodies and tokens; times are real. Rows older than 30 days are forgotten."""

    __tablename__ = "platform_calls"
    __table_args__ = (
        Index("ix_platform_calls_newest", "tenant_id", "started_at", "id"),
        Index("ix_platform_calls_account", "tenant_id", "ad_account_id", "started_at"),
    )

    started_at: Mapped[datetime]
    platform: Mapped[str]
    connection_id: Mapped[UUID | None]
    ad_account_id: Mapped[UUID | None]
    operation: Mapped[str]
    """What was wanted: `list_campaigns`, `set_daily_budget`, …"""
    method: Mapped[str]
    path: Mapped[str]
    mutating: Mapped[bool]
    permit_id: Mapped[UUID | None]
    attempt: Mapped[int]
    status: Mapped[int | None]
    outcome: Mapped[str]
    error_code: Mapped[str | None]
    error_message: Mapped[str | None]
    trace: Mapped[str | None]
    """The platform's own id of the request, for its support."""
    duration_ms: Mapped[int]
