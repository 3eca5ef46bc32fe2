"""The audit trail: append-only, written in the transaction of the change that it tells of."""

from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt, TenantOwned


class AuditLogEntry(TenantOwned, CreatedAt, Base):
    """Who did what to which thing, and what it was before and after; personal data masked."""

    __tablename__ = "audit_logs"
    __table_args__ = (
        Index("ix_audit_logs_newest", "tenant_id", "created_at", "id"),
        Index("ix_audit_logs_entity", "tenant_id", "entity", "entity_id"),
    )

    action: Mapped[str]
    entity: Mapped[str]
    entity_id: Mapped[str | None]
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    actor_label: Mapped[str]
    ip: Mapped[str | None]
    user_agent: Mapped[str | None]
    request_id: Mapped[str | None]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
