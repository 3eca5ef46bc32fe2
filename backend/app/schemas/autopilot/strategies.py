"""Strategies of the autopilot."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.inputs import Input


class ScalingSettings(BaseModel):
    """Ratios are shares of 1; money is micros of the campaign's currency; the window counts mature days."""

    model_config = ConfigDict(from_attributes=True)

    target_roas: float = Field(description="The return on ad spend to hold.")
    dead_band: float = Field(description="The share around the target in which nothing is changed.")
    raise_step: float = Field(description="The share by which a budget is raised.")
    cut_step: float = Field(description="The share by which a budget is cut.")
    window_days: int = Field(description="Mature days that are judged.")
    minimum_maturity: float = Field(
        description="The share of a day's conversions that must be reported before the day is judged."
    )
    minimum_conversions: int = Field(description="Conversions in the window under which nothing is proposed.")
    floor_micros: int = Field(
        description="No daily budget is cut under this; millionths of the campaign's currency."
    )
    ceiling_micros: int | None = Field(
        description="No daily budget is raised over this; millionths of the campaign's currency."
    )


class StrategyRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    name: str = Field(description="The strategy's name.")
    enabled: bool = Field(description="It runs by the clock.")
    config: ScalingSettings = Field(description="Its settings.")
    last_run_at: datetime | None = Field(description="When it last ran, UTC.")
    last_result: dict[str, Any] | None = Field(description="What that run came to, counted.")


class ScalingPatch(Input):
    target_roas: float | None = Field(None, gt=0, le=100, description="The return on ad spend to hold.")
    dead_band: float | None = Field(
        None, ge=0, lt=1, description="The share around the target in which nothing is changed."
    )
    raise_step: float | None = Field(
        None, gt=0, le=0.30, description="The share by which a budget is raised."
    )
    cut_step: float | None = Field(None, gt=0, le=0.50, description="The share by which a budget is cut.")
    window_days: int | None = Field(None, ge=1, le=28, description="Mature days that are judged.")
    minimum_maturity: float | None = Field(
        None,
        gt=0,
        le=1,
        description="The share of a day's conversions that must be reported before the day is judged.",
    )
    minimum_conversions: int | None = Field(
        None, ge=1, le=100_000, description="Conversions in the window under which nothing is proposed."
    )
    floor_micros: int | None = Field(
        None,
        ge=0,
        le=10**15,
        description="No daily budget is cut under this; millionths of the campaign's currency.",
    )
    ceiling_micros: int | None = Field(
        None,
        ge=0,
        le=10**15,
        description="No daily budget is raised over this; millionths of the campaign's currency.",
    )


class StrategyPatch(Input):
    enabled: bool | None = Field(None, description="Whether it runs by the clock.")
    config: ScalingPatch | None = Field(None, description="What is to change of its settings.")


class ConsideredRead(BaseModel):
    """One campaign that a run looked at, and what came of it."""

    campaign_id: UUID = Field(description="The campaign's id here.")
    campaign: str = Field(description="Its name.")
    why: str = Field(description="A stable code of what was decided, and why.")
    sentence: str = Field(description="The same in words.")
    roas: float | None = Field(description="None while there is not enough data.")
    roas_low: float | None = Field(description="The lower end of the interval of its return on ad spend.")
    roas_high: float | None = Field(description="The upper end.")
    budget_micros: int | None = Field(description="The budget it calls for; None: leave it.")
    action_id: UUID | None = Field(description="The action that was proposed.")
    state: str | None = Field(description="That action's state.")


class StrategyRun(BaseModel):
    considered: list[ConsideredRead] = Field(description="Every campaign that was looked at.")
