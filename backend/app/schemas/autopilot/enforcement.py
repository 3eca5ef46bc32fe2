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

    mode: EnforcementMode = Field(
        description="What breaking a limit leads to: a warning, a confirmation with a reason, or a refusal."
    )
    level: int = Field(description="0 suggest only, 1 guarded automation, 2 approval required.")
    currency: str = Field(description="Empty: each account's own.")
    max_daily_budget_micros: int | None = Field(
        description="Most that the daily budgets of an account come to."
    )
    max_campaign_budget_micros: int | None = Field(
        description="Most that one campaign's daily budget comes to."
    )
    max_daily_increase_micros: int | None = Field(description="Most that all raises of a day add up to.")
    increase_limit_pct: float = Field(description="Most that one change raises, in percent.")
    total_raise_pct: float = Field(description="Most that an entity is raised in 24 h, in percent.")
    max_changes_per_day: int = Field(description="Most changes of an entity in a day.")
    min_hours_between: float = Field(description="Hours between two changes of an entity, at least.")
    roas_floor: float | None = Field(description="Return on ad spend under which nothing is raised.")
    roas_lookback_days: int = Field(description="Days over which that return is taken.")
    cpa_ceiling_micros: int | None = Field(description="Cost per acquisition over which nothing is raised.")


class LimitChanges(Input):
    """What one layer says of the limits. Money is micros of the company's currency; without one, the account's."""

    model_config = ConfigDict(from_attributes=True)

    mode: EnforcementMode | None = Field(
        None,
        description="What breaking a limit leads to: a warning, a confirmation with a reason, or a refusal.",
    )
    level: int | None = Field(
        None, ge=0, le=2, description="0 suggest only, 1 guarded automation, 2 approval required."
    )
    currency: str | None = Field(
        None,
        pattern="^[A-Z]{3}$",
        description=(
            "The company's to set, with every amount that is set said anew. An account or campaign may name it, "
            "so that amounts meant in another one are refused."
        ),
    )
    max_daily_budget_micros: int | None = Field(
        None, ge=0, le=10**15, description="Most that the daily budgets of an account come to."
    )
    max_campaign_budget_micros: int | None = Field(
        None, ge=0, le=10**15, description="Most that one campaign's daily budget comes to."
    )
    max_daily_increase_micros: int | None = Field(
        None, ge=0, le=10**15, description="Most that all raises of a day add up to."
    )
    increase_limit_pct: float | None = Field(
        None, ge=0, le=100, description="Most that one change raises, in percent."
    )
    total_raise_pct: float | None = Field(None, ge=0, le=20, description="At most 20 % in 24 h.")
    max_changes_per_day: int | None = Field(
        None, ge=0, le=100, description="Most changes of an entity in a day."
    )
    min_hours_between: float | None = Field(
        None, ge=0, le=168, description="Hours between two changes of an entity, at least."
    )
    roas_floor: float | None = Field(
        None, ge=0, le=100, description="Return on ad spend under which nothing is raised."
    )
    roas_lookback_days: int | None = Field(
        None, ge=1, le=90, description="Days over which that return is taken."
    )
    cpa_ceiling_micros: int | None = Field(
        None, ge=0, le=10**15, description="Cost per acquisition over which nothing is raised."
    )


class LimitsPatch(LimitChanges):
    """What is given is set, null takes a limit back, what is left out stays."""

    applies_to: Literal["tenant", "account", "campaign"] = Field(
        "tenant", description="Which layer it changes."
    )
    entity_id: UUID | None = Field(None, description="The account's or campaign's id; none for the tenant.")

    @model_validator(mode="after")
    def _names_what_it_is_for(self) -> Self:
        if (self.applies_to == "tenant") != (self.entity_id is None):
            raise ValueError("An account or a campaign is named by its id; the tenant has none.")
        return self


class OverrideRead(BaseModel):
    """What is set for one account or campaign; null leaves it to the wider layer."""

    model_config = ConfigDict(from_attributes=True)

    applies_to: Literal["account", "campaign"] = Field(
        description="Whether it is an account's or a campaign's."
    )
    entity_id: UUID = Field(description="Which one.")
    updated_by: str = Field(description="Who set it last.")
    says: LimitChanges = Field(description="What it says.")


class SwitchRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    engaged: bool = Field(description="No request that changes an ad account may start.")
    reason: str | None = Field(description="Why it was turned.")
    changed_by: str | None = Field(description="Who turned it.")
    changed_at: datetime | None = Field(description="When, UTC; null where it never was.")


class InFlight(BaseModel):
    """What is owed to a platform while the switch is turned: it is read back."""

    model_config = ConfigDict(from_attributes=True)

    kind: Literal["action", "draft"] = Field(
        description="An action of the autopilot, or a draft that is being published."
    )
    id: UUID = Field(description="The action's or draft's id.")
    entity_name: str = Field(description="What it changes or creates.")
    state: str = Field(description="Its state.")


class KillSwitchRead(BaseModel):
    engaged: bool = Field(description="The tenant's switch or the one over the whole platform.")
    tenant: SwitchRead = Field(description="The tenant's own switch.")
    platform: SwitchRead = Field(description="The one over the whole installation.")
    in_flight: list[InFlight] = Field(description="What is on its way to a platform.")


class KillSwitchSet(Input):
    engaged: bool = Field(description="True freezes, false releases.")
    reason: Reason = Field(description="Why, for everybody to read.")


class InterventionRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The intervention's id.")
    at: datetime = Field(description="When, UTC.")
    kind: str = Field(description="`warned`, `blocked`, `override_logged` or `kill_switch_changed`.")
    violation: str | None = Field(description="The limit that was met.")
    action_id: UUID | None = Field(description="The action that met it.")
    actor: str = Field(description="Who acted.")
    sentence: str = Field(description="What happened, in words.")
    detail: dict[str, Any] = Field(description="The figures of it.")
