"""Incidents: what is wrong with an account's data or a write, from when to when."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt, TenantOwned, tenant_fk


class TrustIncident(TenantOwned, CreatedAt, Base):
    """At most one that is not closed for each account, kind and subject. Times are the domain's."""

    __tablename__ = "trust_incidents"
    __table_args__ = (
        tenant_fk("ad_account_id", "ad_accounts", ondelete="CASCADE"),
        Index(
            "uq_trust_incidents_live",
            "tenant_id",
            "ad_account_id",
            "kind",
            "subject",
            unique=True,
            postgresql_where=text("closed_at IS NULL"),
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_trust_incidents_newest", "tenant_id", "opened_at", "id"),
    )

    ad_account_id: Mapped[UUID | None]
    kind: Mapped[str]
    subject: Mapped[str] = mapped_column(server_default=text("''"))
    """What it is about within the account: a component, an action; empty for the account itself."""
    severity: Mapped[str]
    status: Mapped[str]
    sentence: Mapped[str]
    mend: Mapped[str | None]
    evidence: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    timeline: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    opened_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    acknowledged_by: Mapped[str | None]
    closed_at: Mapped[datetime | None]
