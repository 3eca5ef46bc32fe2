"""Limits on what automation and people may change, and what was done when a limit was met."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt, Micros, TenantOwned


class EnforcementSettings(TenantOwned, CreatedAt, Base):
    """Limits of the tenant (no entity), of an account or of a campaign; None leaves it to the wider one.

    The tenant's row alone has a currency: every amount is in it, or, where it has none, in the account's own.
    """

    __tablename__ = "autopilot_settings"
    __table_args__ = (
        UniqueConstraint("tenant_id", "applies_to", "entity_id", postgresql_nulls_not_distinct=True),
        CheckConstraint("applies_to in ('tenant', 'account', 'campaign')", name="applies_to"),
        CheckConstraint("applies_to = 'tenant' or currency is null", name="one_currency"),
    )

    applies_to: Mapped[str]
    entity_id: Mapped[UUID | None]
    mode: Mapped[str | None]
    level: Mapped[int | None]
    currency: Mapped[str | None]
    max_daily_budget_micros: Mapped[Micros | None]
    max_campaign_budget_micros: Mapped[Micros | None]
    increase_limit_pct: Mapped[float | None]
    max_changes_per_day: Mapped[int | None]
    min_hours_between: Mapped[float | None]
    total_raise_pct: Mapped[float | None]
    max_daily_increase_micros: Mapped[Micros | None]
    roas_floor: Mapped[float | None]
    roas_lookback_days: Mapped[int | None]
    cpa_ceiling_micros: Mapped[Micros | None]
    updated_by: Mapped[str]


class AutopilotIntervention(TenantOwned, CreatedAt, Base):
    """What a limit or the kill switch did; append-only."""

    __tablename__ = "autopilot_interventions"
    __table_args__ = (Index("ix_autopilot_interventions_newest", "tenant_id", "at", "id"),)

    at: Mapped[datetime]
    kind: Mapped[str]
    violation: Mapped[str | None]
    action_id: Mapped[UUID | None]
    actor: Mapped[str]
    sentence: Mapped[str]
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
