"""What platforms told us of themselves: kept only to know it again."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, TenantKeyed


class PlatformWebhookReceipt(TenantKeyed, Base):
    """One delivery of a platform's webhook, by the digest of its bytes. Times are real; kept for seven days."""

    __tablename__ = "platform_webhook_receipts"
    __table_args__ = (Index("ix_platform_webhook_receipts_age", "tenant_id", "received_at"),)

    platform: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    received_at: Mapped[datetime]
