"""What a question about people has that somebody saved."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt, TenantOwned


class SavedQuestion(TenantOwned, CreatedAt, Base):
    """`definition` is what it asks, as its schema writes it; each kind has a unique index over `lower(name)`."""

    __abstract__ = True

    name: Mapped[str]
    definition: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_by: Mapped[UUID | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    updated_by: Mapped[str | None]
