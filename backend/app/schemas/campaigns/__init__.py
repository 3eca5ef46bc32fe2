from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.autopilot.actions import JustifiedBy, SpendOnly

CampaignSort = Literal[
    "name", "-name", "status", "-status", "daily_budget_micros", "-daily_budget_micros", "spend_micros",
    "-spend_micros", "conversions", "-conversions", "roas", "-roas", "synced_at", "-synced_at",
]  # fmt: skip


class CampaignRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    ad_account_id: UUID
    platform: str
    external_id: str
    name: str
    objective: str | None
    status: str = Field(description="What its owner set.")
    effective_status: str = Field(description="What holds in fact.")
    budget_level: str = Field(description="`campaign`, `ad_set`, or `unknown`: then it is never touched.")
    daily_budget_micros: int | None = Field(description="Null where it lives at another level.")
    lifetime_budget_micros: int | None
    currency: str
    learning: bool | None
    synced_at: datetime
    spend_micros: int | None = Field(description="Of the last 7 whole days; null while none is known.")
    conversions: float | None
    conversion_value_micros: int | None
    roas: float | None = Field(description="Value over spend of those days; null without spend.")


class AdSetRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    external_id: str
    name: str
    status: str
    effective_status: str
    daily_budget_micros: int | None
    lifetime_budget_micros: int | None
    currency: str
    learning: bool | None
    gone: bool


class CampaignDetail(CampaignRead):
    ad_sets: list[AdSetRead]


class PauseBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: str = Field("A person asked for it.", min_length=1, max_length=500)


class BudgetBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    daily_budget_micros: int = Field(gt=0, le=10**15)
    reason: str = Field(min_length=1, max_length=500)
    justified_by: JustifiedBy
    spend_only: SpendOnly
