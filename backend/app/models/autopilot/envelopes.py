"""Standing envelopes: a person's yes, given beforehand, to what automation may do within them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt, Micros, TenantOwned, tenant_fk


class AutopilotEnvelope(TenantOwned, CreatedAt, Base):
    """Money is micros of `currency`; times are the domain's."""

    __tablename__ = "autopilot_envelopes"
    __table_args__ = (
        tenant_fk("ad_account_id", "ad_accounts", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "idempotency_key"),
        Index("ix_autopilot_envelopes_newest", "tenant_id", "given_at", "id"),
        Index(
            "ix_autopilot_envelopes_live",
            "tenant_id",
            "ad_account_id",
            "ends_at",
            postgresql_where=text("revoked_at IS NULL"),
        ),
    )

    ad_account_id: Mapped[UUID]
    campaign_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default=text("'{}'"))
    """Of these alone; empty: of every campaign of the account."""
    currency: Mapped[str]
    most_daily_micros: Mapped[Micros | None]
    """No campaign's daily budget goes beyond it; None: no budget is raised, there are only cuts."""
    most_raised_micros: Mapped[Micros]
    """What all raises under it come to, at most."""
    reason: Mapped[str]
    idempotency_key: Mapped[str]
    given_by: Mapped[UUID | None]
    given_label: Mapped[str]
    given_at: Mapped[datetime]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_label: Mapped[str | None]
    revoked_reason: Mapped[str | None]
