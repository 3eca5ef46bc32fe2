"""What strategies would do where they only suggest, for a person to take up."""

import hashlib
import json
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from app.db.base import Base, CreatedAt, TenantOwned, tenant_fk


class AutopilotRecommendation(TenantOwned, CreatedAt, Base):
    """One thing that a strategy would do. Money is micros of `currency`, times are the domain's."""

    __tablename__ = "autopilot_recommendations"
    __table_args__ = (
        tenant_fk("ad_account_id", "ad_accounts", ondelete="CASCADE"),
        Index("ix_autopilot_recommendations_newest", "tenant_id", "made_at", "id"),
        Index("ix_autopilot_recommendations_key", "tenant_id", "key", "made_at"),
        Index(
            "uq_autopilot_recommendations_open",
            "tenant_id",
            "key",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
    )

    ad_account_id: Mapped[UUID]
    strategy: Mapped[str]
    key: Mapped[str]
    """What it is about: of one key one is open at most."""
    campaign_id: Mapped[UUID | None]
    """None where it is about several campaigns of the account."""
    subject: Mapped[str]
    why: Mapped[str]
    sentence: Mapped[str]
    currency: Mapped[str]
    changes: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """Each with `campaign_id`, `name`, `operation`, `before`, `after` and `sentence`; none: it only advises."""
    effect: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    evidence: Mapped[dict[str, Any]] = mapped_column(JSONB)
    state: Mapped[str]
    """`open`, `accepted`, `dismissed` or `expired`."""
    made_at: Mapped[datetime]
    renewed_at: Mapped[datetime]
    """When the strategy last came to the same."""
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]
    note: Mapped[str | None]
    """Why it was dismissed or lapsed, or was accepted."""
    action_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default=text("'{}'"))

    @property
    def version(self) -> str:
        """Of what a yes would do: another one, once an amount is another."""
        wanted = [(each["campaign_id"], each["before"], each["after"]) for each in self.changes]
        return hashlib.blake2b(json.dumps(wanted, sort_keys=True).encode(), digest_size=8).hexdigest()
