"""Tasks that were given up: kept with all that they need to be tried again."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt, TenantOwned


class DeadLetter(TenantOwned, CreatedAt, Base):
    """A task that failed for good. `id` is the task's own, so that a second copy cannot be buried twice."""

    __tablename__ = "dead_letters"
    __table_args__ = (Index("ix_dead_letters_newest", "tenant_id", "created_at", "id"),)

    task: Mapped[str]
    queue: Mapped[str | None]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    context: Mapped[dict[str, Any]] = mapped_column(JSONB)
    attempts: Mapped[int]
    error_code: Mapped[str]
    error: Mapped[str]
    enqueued_at: Mapped[datetime]
    replayed_at: Mapped[datetime | None]
    replayed_as: Mapped[UUID | None]
    discarded_at: Mapped[datetime | None]
