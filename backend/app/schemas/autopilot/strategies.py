"""Strategies of the autopilot."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.inputs import Input


class ScalingSettings(BaseModel):
    """Ratios are shares of 1; money is micros of the campaign's currency; the window counts mature days."""

    model_config = ConfigDict(from_attributes=True)

    target_roas: float
    dead_band: float
    raise_step: float
    cut_step: float
    window_days: int
    minimum_maturity: float
    minimum_conversions: int
    floor_micros: int
    ceiling_micros: int | None


class StrategyRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    name: str
    enabled: bool
    config: ScalingSettings
    last_run_at: datetime | None
    last_result: dict[str, Any] | None


class ScalingPatch(Input):
    target_roas: float | None = Field(None, gt=0, le=100)
    dead_band: float | None = Field(None, ge=0, lt=1)
    raise_step: float | None = Field(None, gt=0, le=0.30)
    cut_step: float | None = Field(None, gt=0, le=0.50)
    window_days: int | None = Field(None, ge=1, le=28)
    minimum_maturity: float | None = Field(None, gt=0, le=1)
    minimum_conversions: int | None = Field(None, ge=1, le=100_000)
    floor_micros: int | None = Field(None, ge=0, le=10**15)
    ceiling_micros: int | None = Field(None, ge=0, le=10**15)


class StrategyPatch(Input):
    enabled: bool | None = None
    config: ScalingPatch | None = None


class ConsideredRead(BaseModel):
    """One campaign that a run looked at, and what came of it."""

    campaign_id: UUID
    campaign: str
    why: str
    sentence: str
    roas: float | None = Field(description="None while there is not enough data.")
    roas_low: float | None
    roas_high: float | None
    budget_micros: int | None = Field(description="The budget it calls for; None: leave it.")
    action_id: UUID | None
    state: str | None


class StrategyRun(BaseModel):
    considered: list[ConsideredRead]
