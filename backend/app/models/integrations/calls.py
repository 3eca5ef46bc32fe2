"""Every call to a platform: one row per request that left, successful or not."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, TenantOwned


class PlatformCall(TenantOwned, Base):
    """Without people's data, answers and tokens; times are real. Rows older than 30 days are forgotten."""

    __tablename__ = "platform_calls"
    __table_args__ = (
        Index("ix_platform_calls_newest", "tenant_id", "started_at", "id"),
        Index("ix_platform_calls_account", "tenant_id", "ad_account_id", "started_at"),
        Index(
            "ix_platform_calls_failed",
            "tenant_id",
            "started_at",
            "id",
            postgresql_where=text("outcome <> 'ok'"),
        ),
        Index(
            "ix_platform_calls_replays",
            "tenant_id",
            "replay_of",
            postgresql_where=text("replay_of IS NOT NULL"),
        ),
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
    asked: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """Its parameters, where nobody's data and no secret is among them."""
    replay_of: Mapped[UUID | None]
    """The call that this one makes again. Calls are forgotten by their age, so it may be gone."""
