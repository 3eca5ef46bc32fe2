"""Permits: the right to make one change once."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Index, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt, TenantOwned


class TrustPermit(TenantOwned, CreatedAt, Base):
    """Bound to the exact change, the state before it, the policy and the evidence. Times are real."""

    __tablename__ = "trust_permits"
    __table_args__ = (Index("ix_trust_permits_action", "tenant_id", "action_id"),)

    digest: Mapped[str]
    state_digest: Mapped[str]
    evidence_hash: Mapped[str]
    policy_version: Mapped[int]
    decision_id: Mapped[UUID]
    action_id: Mapped[UUID | None]
    safety: Mapped[bool] = mapped_column(server_default=text("false"))
    ad_account_id: Mapped[UUID | None]
    evaluation_id: Mapped[UUID | None]
    """The evaluation of the account that it rests on, and has to be its newest still; None of what rests on none."""
    evaluation_ids: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid()))
    """Of a move across accounts: every evaluation that its decision read, of all accounts together; else None."""
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
