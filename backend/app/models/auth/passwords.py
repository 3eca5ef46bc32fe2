"""One-time tokens sent by mail: to verify an address, to set a new password."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.core.ids import uuid7
from app.db.base import Base, CreatedAt


class OneTimeToken(CreatedAt, Base):
    """The last three columns are a registration's own: what it asked for, until its mailbox is proved."""

    __tablename__ = "one_time_tokens"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    purpose: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    password_hash: Mapped[str | None]
    full_name: Mapped[str | None]
    company: Mapped[str | None]
