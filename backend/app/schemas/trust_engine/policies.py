"""Trust policies, as the API takes and shows them."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.inputs import Input
from app.schemas.text import NO_NUL


class PolicyRead(BaseModel):
    version: int = Field(description="Counts the policies of the tenant.")
    created_at: datetime | None = Field(description="Null for the default, which nobody adopted.")
    created_by: str | None = Field(description="Who adopted it; null for the default.")
    note: str = Field(description="Why it was changed.")
    document: dict[str, Any] = Field(description="The whole policy.")


class PolicyDocument(Input):
    """What is left out stays as it is in the version in force."""

    model_config = ConfigDict(allow_inf_nan=False)

    weights: dict[str, float] | None = Field(
        None, max_length=20, description="Each component's share of the score; together 1, without the CDP's."
    )
    cdp_weight: float | None = Field(
        None, description="The share of CDP quality, the others scaled down, where the tenant uses it."
    )
    floors: dict[str, float] | None = Field(
        None,
        max_length=20,
        description="At or under its floor a component is dead and caps the score, 0 to 100.",
    )
    dead_cap: float | None = Field(None, description="The score's cap while a component is dead, 0 to 100.")
    thresholds: dict[str, float] | None = Field(
        None, max_length=10, description="The score that each risk class needs, 0 to 100."
    )
    hold_from: float | None = Field(
        None, description="Under what a change needs: HOLD from here up, BLOCK below; 0 to 100."
    )
    coverage_hold: float | None = Field(None, description="Coverage under which nothing passes, 0 to 1.")
    coverage_block: float | None = Field(
        None, description="Coverage under which everything is blocked, 0 to 1."
    )
    stale_after_hours: float | None = Field(
        None, gt=0, le=720, description="Hours after which figures are stale."
    )
    score_ttl_minutes: int | None = Field(
        None, ge=1, le=10_080, description="Minutes that a score is believed."
    )
    rise_after: int | None = Field(
        None, ge=1, le=100, description="Healthy evaluations in a row before a mode rises."
    )
    absent_raise_pct: float | None = Field(
        None, description="Most that an account without a source is raised in 24 h, in percent."
    )
    automation_after_conversions: int | None = Field(
        None,
        ge=0,
        le=1_000_000,
        description="Conversions that a new account needs before automation may raise its spend.",
    )
    fx_max_age_hours: int | None = Field(
        None, ge=1, le=720, description="Hours after which a rate of exchange holds raises."
    )


class PolicyCreate(Input):
    note: str = Field(min_length=1, max_length=500, pattern=NO_NUL, description="Why it changes.")
    document: PolicyDocument = Field(description="What is to change.")
