"""Trust policies, by version; append-only."""

from datetime import datetime

from sqlalchemy import LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt, TenantOwned


class TrustPolicyVersion(TenantOwned, CreatedAt, Base):
    """A policy as it was adopted. Version 1 is the default and has no row."""

    __tablename__ = "trust_policies"
    __table_args__ = (UniqueConstraint("tenant_id", "version"),)

    version: Mapped[int]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    """The policy's canonical bytes."""
    note: Mapped[str]
    adopted_by: Mapped[str]
    adopted_at: Mapped[datetime]
