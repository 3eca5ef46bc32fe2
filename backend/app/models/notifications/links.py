"""Signed links in messages: each acts once."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt, TenantOwned, tenant_fk


class NotificationLink(TenantOwned, CreatedAt, Base):
    """One notification's link for one person; without a person it is for whoever is signed in. Times are real."""

    __tablename__ = "notification_links"
    __table_args__ = (
        tenant_fk("notification_id", "notifications", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "notification_id", "user_id", postgresql_nulls_not_distinct=True),
    )

    notification_id: Mapped[UUID]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    used_verb: Mapped[str | None]
    used_by: Mapped[str | None]
