"""Evidence and the evaluations made of it. Append-only: what was known when stays known."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt, TenantOwned, tenant_fk


class TrustSignal(TenantOwned, CreatedAt, Base):
    """One component as measured: `observed_at` is the domain's time, `created_at` when it was written down."""

    __tablename__ = "trust_signals"
    __table_args__ = (
        tenant_fk("ad_account_id", "ad_accounts", ondelete="CASCADE"),
        tenant_fk("evaluation_id", "trust_evaluations", ondelete="CASCADE"),
        Index("ix_trust_signals_newest", "tenant_id", "ad_account_id", "observed_at"),
        Index("ix_trust_signals_evaluation", "tenant_id", "evaluation_id"),
    )

    ad_account_id: Mapped[UUID]
    evaluation_id: Mapped[UUID]
    component: Mapped[str]
    state: Mapped[str]
    score: Mapped[float | None]
    broken: Mapped[bool]
    reason: Mapped[str]
    evidence: Mapped[dict[str, Any]] = mapped_column(JSONB)
    observed_at: Mapped[datetime]
