"""Trust policies, as the API takes and shows them."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class PolicyRead(BaseModel):
    version: int
    created_at: datetime | None = Field(description="Null for the default, which nobody adopted.")
    created_by: str | None
    note: str
    document: dict[str, Any]


class PolicyDocument(BaseModel):
    """What is left out stays as it is in the version in force."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    weights: dict[str, float] | None = Field(None, max_length=20)
    cdp_weight: float | None = None
    floors: dict[str, float] | None = Field(None, max_length=20)
    dead_cap: float | None = None
    thresholds: dict[str, float] | None = Field(None, max_length=10)
    hold_from: float | None = None
    coverage_hold: float | None = None
    coverage_block: float | None = None
    stale_after_hours: float | None = Field(None, gt=0, le=720)
    score_ttl_minutes: int | None = Field(None, ge=1, le=10_080)
    rise_after: int | None = Field(None, ge=1, le=100)
    absent_raise_pct: float | None = None
    automation_after_conversions: int | None = Field(None, ge=0, le=1_000_000)
    fx_max_age_hours: int | None = Field(None, ge=1, le=720)


class PolicyCreate(BaseModel):
    model_config = ConfigDict(extra="forbid")

    note: str = Field(min_length=1, max_length=500, pattern=r"^[^\x00]*$", description="Why it changes.")
    document: PolicyDocument
