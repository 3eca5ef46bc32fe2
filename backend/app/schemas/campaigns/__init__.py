from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.autopilot.actions import JustifiedBy, SpendOnly
from app.schemas.inputs import Input
from app.schemas.text import Reason

CampaignSort = Literal[
    "name", "-name", "status", "-status", "daily_budget_micros", "-daily_budget_micros", "spend_micros",
    "-spend_micros", "conversions", "-conversions", "roas", "-roas", "synced_at", "-synced_at",
]  # fmt: skip


class CampaignLabelRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The label's id.")
    name: str = Field(description="What people read.")


class CampaignRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The campaign's id here.")
    ad_account_id: UUID = Field(description="The ad account's id here.")
    platform: str = Field(description="The ad platform, such as `meta`.")
    external_id: str = Field(description="Its id at the platform.")
    name: str = Field(description="Its name there.")
    objective: str | None = Field(description="What it is optimised for, in the platform's word.")
    status: str = Field(description="What its owner set.")
    effective_status: str = Field(description="What holds in fact.")
    budget_level: str = Field(description="`campaign`, `ad_set`, or `unknown`: then it is never touched.")
    daily_budget_micros: int | None = Field(description="Null where it lives at another level.")
    lifetime_budget_micros: int | None = Field(
        description="The whole budget in millionths of `currency`; null where it is by the day."
    )
    currency: str = Field(description="The account's, ISO 4217.")
    learning: bool | None = Field(
        description="The platform is still learning from its last edit; null where it does not say."
    )
    synced_at: datetime = Field(description="When it was last read from the platform, UTC.")
    spend_micros: int | None = Field(description="Of the last 7 whole days; null while none is known.")
    conversions: float | None = Field(
        description="Conversions of the last days that the list sums up; null while unknown."
    )
    conversion_value_micros: int | None = Field(
        description="Their value, in millionths of `currency`; null while unknown."
    )
    roas: float | None = Field(description="Value over spend of those days; null without spend.")
    labels: list[CampaignLabelRead] = Field(description="The company's own words on it, by name.")


class AdSetRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The ad set's id here.")
    external_id: str = Field(description="Its id at the platform.")
    name: str = Field(description="Its name there.")
    status: str = Field(description="What was set: `ACTIVE`, `PAUSED`, ….")
    effective_status: str = Field(description="What it comes to, with what it belongs to.")
    daily_budget_micros: int | None = Field(
        description="A day's budget in millionths of `currency`; null where the platform has none at this level."
    )
    lifetime_budget_micros: int | None = Field(
        description="The whole budget in millionths of `currency`; null where it is by the day."
    )
    currency: str = Field(description="The account's, ISO 4217.")
    learning: bool | None = Field(
        description="The platform is still learning from its last edit; null where it does not say."
    )
    gone: bool = Field(description="The platform no longer lists it.")


class CampaignDetail(CampaignRead):
    ad_sets: list[AdSetRead] = Field(description="Its ad sets, as last read.")


class PauseBody(Input):
    reason: Reason = Field("A person asked for it.", description="Why, for those who read it later.")


class BudgetBody(Input):
    daily_budget_micros: int = Field(
        gt=0, le=10**15, description="The new budget of a day, in millionths of the account's currency."
    )
    reason: Reason = Field(description="Why, for those who read it later.")
    justified_by: JustifiedBy
    spend_only: SpendOnly
