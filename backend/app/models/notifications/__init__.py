"""Notifications: what was told, and to whom."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt, TenantOwned, tenant_fk


class Notification(TenantOwned, CreatedAt, Base):
    """One thing told. `occurred_at`, `last_at` and `joins_until` are the domain's times.

    What happens under the same key until `joins_until` is the same thing once more: it is counted here.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        Index("ix_notifications_key", "tenant_id", "dedupe_key", "occurred_at", "id"),
        Index("ix_notifications_thread", "tenant_id", "thread", "last_at", "id"),
    )

    kind: Mapped[str]
    severity: Mapped[str]
    subject: Mapped[str]
    subject_id: Mapped[UUID | None]
    facts: Mapped[dict[str, str]] = mapped_column(JSONB, server_default=text("'{}'"))
    dedupe_key: Mapped[str]
    thread: Mapped[str]
    """What several notifications tell the story of: of an incident that opens and closes, the last one counts."""
    times: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    occurred_at: Mapped[datetime]
    last_at: Mapped[datetime]
    joins_until: Mapped[datetime]


class NotificationReceipt(TenantOwned, Base):
    """A notification in one person's inbox. Times are real."""

    __tablename__ = "notification_receipts"
    __table_args__ = (
        tenant_fk("notification_id", "notifications", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "user_id", "notification_id"),
        Index("ix_notification_receipts_newest", "tenant_id", "user_id", "at", "id"),
        Index(
            "ix_notification_receipts_unread",
            "tenant_id",
            "user_id",
            postgresql_where=text("read_at IS NULL"),
        ),
        Index("ix_notification_receipts_notification", "tenant_id", "notification_id"),
    )

    notification_id: Mapped[UUID]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    read_at: Mapped[datetime | None]
