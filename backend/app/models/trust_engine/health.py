"""Evaluations of signal health, of an account each."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, SmallInteger
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt, TenantOwned, tenant_fk


class TrustEvaluation(TenantOwned, CreatedAt, Base):
    """A score, the mode in force after it, and why; append-only. Times are the domain's."""

    __tablename__ = "trust_evaluations"
    __table_args__ = (
        tenant_fk("ad_account_id", "ad_accounts", ondelete="CASCADE"),
        Index("ix_trust_evaluations_newest", "tenant_id", "ad_account_id", "evaluated_at"),
    )

    ad_account_id: Mapped[UUID]
    score: Mapped[float | None]
    status: Mapped[str]
    coverage: Mapped[float]
    target: Mapped[str]
    """The mode that this evaluation alone would allow."""
    mode: Mapped[str]
    """The mode in force: it falls at once and rises slowly."""
    run: Mapped[int] = mapped_column(SmallInteger)
    candidate: Mapped[str | None]
    policy_version: Mapped[int]
    components: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    drivers: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    absent: Mapped[list[str]] = mapped_column(JSONB)
    capped_by: Mapped[list[str]] = mapped_column(JSONB)
    evidence_digest: Mapped[str]
    evaluated_at: Mapped[datetime]
    expires_at: Mapped[datetime]
