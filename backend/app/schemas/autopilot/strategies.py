"""Strategies of the autopilot."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.autopilot.recommendations import EffectRead
from app.schemas.inputs import Input


class _Settings(BaseModel):
    """Ratios are shares of 1; money is micros of the campaign's currency; windows count mature days."""

    model_config = ConfigDict(from_attributes=True, extra="forbid")


class ScalingSettings(_Settings):
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


class ReallocationSettings(_Settings):
    window_days: int = Field(description="Mature days that the curves are fitted to, at most.")
    minimum_days: int = Field(description="Mature days under which a campaign keeps its budget.")
    minimum_maturity: float = Field(
        description="The share of a day's conversions that must be reported before the day is read."
    )
    minimum_conversions: int = Field(
        description="Conversions in the window under which a campaign keeps its budget."
    )
    largest_change: float = Field(description="The share by which a budget changes at most.")
    least_change: float = Field(description="The share under which a budget is left alone.")
    exploration: float = Field(
        description="How far beyond the spend that was ever seen a budget may go, as a share of it."
    )
    most_unknown: float = Field(
        description="The width of the elasticity's 80 % interval over which a curve counts as unknown: "
        "such a campaign may give money and takes none."
    )
    least_gain: float = Field(description="The share of the value under which a gain moves nothing.")
    rest_days: int = Field(description="Days between two plans of an account.")
    floor_micros: int = Field(
        description="No daily budget is cut under this; millionths of the campaign's currency."
    )
    ceiling_micros: int | None = Field(
        description="No daily budget is raised over this; millionths of the campaign's currency."
    )


class PacingSettings(_Settings):
    budgets: dict[UUID, int] = Field(
        description="What each ad account is to spend in a month, by its id; millionths of its currency."
    )
    begin_at: float = Field(description="How far off the month may be before anything is changed.")
    end_at: float = Field(description="How near it must come before nothing is changed any more.")
    part: float = Field(description="Which part of the way back one change goes.")
    largest_change: float = Field(description="The share by which a budget changes at most.")
    rest_days: int = Field(description="Days between two changes of an account.")
    floor_micros: int = Field(
        description="No daily budget is cut under this; millionths of the campaign's currency."
    )


class StatusManagementSettings(_Settings):
    target_roas: float = Field(description="The return on ad spend that is asked for.")
    pause_below: float = Field(
        description="The share of the target under which the highest likely return must lie for a pause."
    )
    window_days: int = Field(description="Mature days that are judged.")
    minimum_maturity: float = Field(
        description="The share of a day's conversions that must be reported before the day is judged."
    )
    minimum_spend_micros: int = Field(
        description="Spend in the window under which nothing is paused; millionths of the campaign's currency."
    )


class FatigueSettings(_Settings):
    window_days: int = Field(description="Finished days that are looked at.")
    least_fall: float = Field(description="The share of the click rate whose loss is told of.")
    minimum_clicks: int = Field(description="Clicks in the window under which nothing is said.")


class StrategyRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    name: str = Field(description="The strategy's name.")
    enabled: bool = Field(description="It runs by the clock.")
    only_advises: bool = Field(description="It never changes anything: it recommends.")
    config: (
        ScalingSettings | ReallocationSettings | PacingSettings | StatusManagementSettings | FatigueSettings
    ) = Field(description="Its settings.")
    last_run_at: datetime | None = Field(description="When it last ran, UTC.")
    last_result: dict[str, Any] | None = Field(description="What that run came to, counted.")


class StrategySettings(Input):
    """The settings of every strategy; one that is not the strategy's own is refused."""

    target_roas: float | None = Field(None, gt=0, le=100, description="The return on ad spend to hold.")
    dead_band: float | None = Field(
        None, ge=0, lt=1, description="The share around the target in which nothing is changed."
    )
    raise_step: float | None = Field(
        None, gt=0, le=0.30, description="The share by which a budget is raised."
    )
    cut_step: float | None = Field(None, gt=0, le=0.50, description="The share by which a budget is cut.")
    window_days: int | None = Field(None, ge=1, le=90, description="Mature days that are judged.")
    minimum_days: int | None = Field(
        None, ge=1, le=90, description="Mature days under which nothing is proposed."
    )
    minimum_maturity: float | None = Field(
        None,
        gt=0,
        le=1,
        description="The share of a day's conversions that must be reported before the day is judged.",
    )
    minimum_conversions: int | None = Field(
        None, ge=1, le=100_000, description="Conversions in the window under which nothing is proposed."
    )
    largest_change: float | None = Field(
        None, gt=0, le=0.20, description="The share by which a budget changes at most."
    )
    least_change: float | None = Field(
        None, ge=0, lt=0.20, description="The share under which a budget is left alone."
    )
    exploration: float | None = Field(
        None, ge=0, le=0.5, description="How far beyond the spend that was ever seen a budget may go."
    )
    most_unknown: float | None = Field(
        None,
        gt=0,
        le=0.7,
        description="The width of the elasticity's interval over which a curve is unknown.",
    )
    least_gain: float | None = Field(
        None, ge=0, lt=1, description="The share of the value under which a gain moves nothing."
    )
    rest_days: int | None = Field(None, ge=1, le=28, description="Days between two changes.")
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

    budgets: dict[UUID, Annotated[int, Field(gt=0, le=10**18)]] | None = Field(
        None,
        max_length=1_000,
        description="What each ad account is to spend in a month, by its id; takes the place of all that were set.",
    )
    begin_at: float | None = Field(
        None, gt=0, le=0.5, description="How far off the month may be before anything is changed."
    )
    end_at: float | None = Field(
        None, ge=0, lt=0.5, description="How near it must come before nothing is changed any more."
    )
    part: float | None = Field(None, gt=0, le=1, description="Which part of the way back one change goes.")
    pause_below: float | None = Field(
        None,
        gt=0,
        le=1,
        description="The share of the target under which the highest likely return must lie.",
    )
    minimum_spend_micros: int | None = Field(
        None,
        gt=0,
        le=10**15,
        description="Spend in the window under which nothing is paused; millionths of the campaign's currency.",
    )
    least_fall: float | None = Field(
        None, gt=0, lt=1, description="The share of the click rate whose loss is told of."
    )
    minimum_clicks: int | None = Field(
        None, ge=100, le=10**9, description="Clicks in the window under which nothing is said."
    )


class StrategyPatch(Input):
    enabled: bool | None = Field(None, description="Whether it runs by the clock.")
    config: StrategySettings | None = Field(None, description="What is to change of its settings.")


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
    effect: EffectRead | None = Field(description="What is expected of it; None: unknown, or of the whole.")
    recommended: bool = Field(description="Nothing was proposed: it stands among the recommendations.")
    action_id: UUID | None = Field(description="The action that was proposed.")
    state: str | None = Field(description="That action's state.")


class StrategyRun(BaseModel):
    considered: list[ConsideredRead] = Field(description="Every campaign that was looked at.")
