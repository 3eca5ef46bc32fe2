"""The calendar that the gate reads: promotions that are expected, and times in which nothing changes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt, TenantOwned, tenant_fk


class TrustCalendarEntry(TenantOwned, CreatedAt, Base):
    """From `starts_at` to before `ends_at`, in domain time; for every account where none is named."""

    __tablename__ = "trust_calendar"
    __table_args__ = (
        tenant_fk("ad_account_id", "ad_accounts", ondelete="CASCADE"),
        CheckConstraint("starts_at < ends_at", name="ends_after_start"),
        Index("ix_trust_calendar_ends", "tenant_id", "ends_at"),
    )

    ad_account_id: Mapped[UUID | None] = mapped_column()
    kind: Mapped[str]
    name: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    created_by: Mapped[str]
