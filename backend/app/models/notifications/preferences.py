"""How a person wishes to be told, in one company."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Integer, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt, TenantOwned


class NotificationPreferences(TenantOwned, CreatedAt, Base):
    """What differs from the defaults. Hours are minutes after midnight in `timezone`, or in the company's."""

    __tablename__ = "notification_preferences"
    __table_args__ = (UniqueConstraint("tenant_id", "user_id"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    choices: Mapped[dict[str, dict[str, bool]]] = mapped_column(JSONB, server_default=text("'{}'"))
    digest: Mapped[str] = mapped_column(server_default=text("'immediate'"))
    digest_minute: Mapped[int] = mapped_column(Integer, server_default=text("480"))
    quiet_from: Mapped[int | None] = mapped_column(Integer)
    quiet_until: Mapped[int | None] = mapped_column(Integer)
    timezone: Mapped[str | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
