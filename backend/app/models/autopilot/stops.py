"""Stops: everything that was active is paused at once, and is given back once."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, Integer, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt, Micros, TenantOwned, tenant_fk


class AutopilotStop(TenantOwned, CreatedAt, Base):
    """What a person asked for. Times are the domain's."""

    __tablename__ = "autopilot_stops"
    __table_args__ = (
        tenant_fk("ad_account_id", "ad_accounts", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "idempotency_key"),
        Index("ix_autopilot_stops_newest", "tenant_id", "asked_at", "id"),
        Index(
            "ix_autopilot_stops_unfinished",
            "tenant_id",
            "id",
            postgresql_where=text(
                "proposed_at IS NULL OR (given_back_at IS NOT NULL AND returned_at IS NULL)"
            ),
        ),
    )

    kind: Mapped[str]
    """`pause_all` or `emergency_stop`."""
    ad_account_id: Mapped[UUID | None]
    """None: all accounts of the company."""
    reason: Mapped[str]
    idempotency_key: Mapped[str]
    asked_by: Mapped[UUID | None]
    asked_label: Mapped[str]
    asked_at: Mapped[datetime]
    out_of_reach: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    """Accounts that it cannot stop: `ad_account_id`, `name`, `platform`, `campaigns` (None: not known) and `why`."""
    proposed_at: Mapped[datetime | None]
    """When a pause had been proposed for the last of them."""
    given_back_by: Mapped[UUID | None]
    given_back_label: Mapped[str | None]
    given_back_reason: Mapped[str | None]
    given_back_at: Mapped[datetime | None]
    givings: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    """How often it was given back: again, of what was refused before."""
    returned_at: Mapped[datetime | None]
    """When the last of them had been proposed to be enabled again, or left out."""


class AutopilotStopCampaign(TenantOwned, CreatedAt, Base):
    """One campaign that was active when the stop was asked for, and what became of it."""

    __tablename__ = "autopilot_stop_campaigns"
    __table_args__ = (
        tenant_fk("stop_id", "autopilot_stops", ondelete="CASCADE"),
        tenant_fk("campaign_id", "campaigns", ondelete="CASCADE"),
        tenant_fk("action_id", "autopilot_actions"),
        tenant_fk("enable_action_id", "autopilot_actions"),
        UniqueConstraint("tenant_id", "stop_id", "campaign_id"),
        UniqueConstraint("tenant_id", "stop_id", "place"),
        Index("ix_autopilot_stop_campaigns_campaign", "tenant_id", "campaign_id"),
        Index("ix_autopilot_stop_campaigns_action", "tenant_id", "action_id"),
        Index("ix_autopilot_stop_campaigns_enable", "tenant_id", "enable_action_id"),
    )

    stop_id: Mapped[UUID]
    campaign_id: Mapped[UUID]
    place: Mapped[int] = mapped_column(Integer)
    """Its turn: the dearest come first."""
    daily_micros: Mapped[Micros | None]
    """What it might spend on a day; None where that is not known."""
    currency: Mapped[str]
    failures: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    """Turns of it that broke off: it comes behind those that had fewer."""
    action_id: Mapped[UUID | None]
    passed_over: Mapped[str | None]
    """Why no pause was proposed."""
    enable_action_id: Mapped[UUID | None]
    kept: Mapped[str | None]
    """Why it is not enabled again."""
