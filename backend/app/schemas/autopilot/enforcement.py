"""Limits, the kill switch and what they did."""

from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.models.trust_engine.kinds import EnforcementMode
from app.schemas.inputs import Input
from app.schemas.text import Reason


class LimitsRead(BaseModel):
    """The limits in force. Money is micros of `currency`; None: no such limit."""

    model_config = ConfigDict(from_attributes=True)

    mode: EnforcementMode
    level: int = Field(description="0 suggest only, 1 guarded automation, 2 approval required.")
    currency: str = Field(description="Empty: each account's own.")
    max_daily_budget_micros: int | None
    max_campaign_budget_micros: int | None
    max_daily_increase_micros: int | None
    increase_limit_pct: float
    total_raise_pct: float
    max_changes_per_day: int
    min_hours_between: float
    roas_floor: float | None
    roas_lookback_days: int
    cpa_ceiling_micros: int | None


class LimitChanges(Input):
    """What one layer says of the limits. Money is micros of the company's currency; without one, the account's."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    mode: EnforcementMode | None = None
    level: int | None = Field(None, ge=0, le=2)
    currency: str | None = Field(
        None,
        pattern="^[A-Z]{3}$",
        description=(
            "The company's to set, with every amount that is set said anew. An account or campaign may name it, "
            "so that amounts meant in another one are refused."
        ),
    )
    max_daily_budget_micros: int | None = Field(None, ge=0, le=10**15)
    max_campaign_budget_micros: int | None = Field(None, ge=0, le=10**15)
    max_daily_increase_micros: int | None = Field(None, ge=0, le=10**15)
    increase_limit_pct: float | None = Field(None, ge=0, le=100)
    total_raise_pct: float | None = Field(None, ge=0, le=20, description="At most 20 % in 24 h.")
    max_changes_per_day: int | None = Field(None, ge=0, le=100)
    min_hours_between: float | None = Field(None, ge=0, le=168)
    roas_floor: float | None = Field(None, ge=0, le=100)
    roas_lookback_days: int | None = Field(None, ge=1, le=90)
    cpa_ceiling_micros: int | None = Field(None, ge=0, le=10**15)


class LimitsPatch(LimitChanges):
    """What is given is set, null takes a limit back, what is left out stays."""

    applies_to: Literal["tenant", "account", "campaign"] = "tenant"
    entity_id: UUID | None = Field(None, description="The account's or campaign's id; none for the tenant.")

    @model_validator(mode="after")
    def _names_what_it_is_for(self) -> Self:
        if (self.applies_to == "tenant") != (self.entity_id is None):
            raise ValueError("An account or a campaign is named by its id; the tenant has none.")
        return self


class OverrideRead(BaseModel):
    """What is set for one account or campaign; null leaves it to the wider layer."""

    model_config = ConfigDict(from_attributes=True)

    applies_to: Literal["account", "campaign"]
    entity_id: UUID
    updated_by: str
    says: LimitChanges


class SwitchRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    engaged: bool
    reason: str | None
    changed_by: str | None
    changed_at: datetime | None


class InFlight(BaseModel):
    """An action that was owed to a platform when the switch was turned: it is read back."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    entity_name: str
    state: str


class KillSwitchRead(BaseModel):
    engaged: bool = Field(description="The tenant's switch or the one over the whole platform.")
    tenant: SwitchRead
    platform: SwitchRead
    in_flight: list[InFlight]


class KillSwitchSet(Input):
    engaged: bool
    reason: Reason


class InterventionRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    at: datetime
    kind: str
    violation: str | None
    action_id: UUID | None
    actor: str
    sentence: str
    detail: dict[str, Any]
