"""Signal health, as the API shows it. Scores are 0 to 100 and null while unknown."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

Mode = Literal["normal", "limited", "cuts_only", "frozen"]
Status = Literal["healthy", "degraded", "critical", "unknown"]


class ComponentRead(BaseModel):
    name: str = Field(
        description=(
            "`emq`, `freshness`, `variance`, `invariants`, `event_loss`, `api_health`, `anomaly` or "
            "`cdp_quality`."
        )
    )
    state: Literal["good", "bad", "unknown", "absent"] = Field(
        description="Unknown is not healthy; absent by design is left out."
    )
    score: float | None = Field(description="0 to 100; null while it is unknown.")
    weight: float = Field(description="Its share of the whole; 0 where it is absent by design.")
    evidence: dict[str, Any] = Field(description="What it rests on, by name: figures, times and shares.")
    measured_at: datetime | None = Field(description="When it was measured, UTC.")
    reason: str = Field(description="Why it is so, in words.")
    drivers: list[str] = Field(description="What it costs, in plain words.")


class AccountHealthRead(BaseModel):
    ad_account_id: UUID | None = Field(description="The ad account's id here; null for the whole tenant.")
    name: str | None = Field(description="Its name; null for the whole tenant.")
    platform: str | None = Field(description="The ad platform; null for the whole tenant.")
    score: float | None = Field(description="0 to 100; null while it is unknown.")
    status: Status = Field(
        description="`healthy` from 70, `degraded` from 40, else `critical`; `unknown` without a live score."
    )
    mode: Mode = Field(description="What automation may do.")
    coverage: float = Field(description="The weight that has live evidence, 0 to 1.")
    evaluated_at: datetime | None = Field(description="When it was scored, UTC.")
    expires_at: datetime | None = Field(description="When the score is too old to be believed, UTC.")
    components: list[ComponentRead] = Field(description="What it was scored from.")
    capped_by: str | None = Field(description="The dead component that caps the score.")
    drivers: list[str] = Field(description="What costs the most, in words.")


class PlatformHealthRead(BaseModel):
    platform: str = Field(description="The ad platform, such as `meta`.")
    score: float | None = Field(description="0 to 100; null while it is unknown.")
    status: Status = Field(
        description="`healthy` from 70, `degraded` from 40, else `critical`; `unknown` without a live score."
    )
    coverage: float = Field(description="The weight that has live evidence, 0 to 1.")
    drivers: list[str] = Field(description="What costs the most, in words.")


class HealthRead(AccountHealthRead):
    """The tenant's roll-up by spend, and every account. The mode is the most careful one of any account."""

    platforms: list[PlatformHealthRead] = Field(description="The same by platform.")
    accounts: list[AccountHealthRead] = Field(description="The same by ad account.")


class HistoryPoint(BaseModel):
    evaluated_at: datetime = Field(description="When it was scored, UTC.")
    score: float | None = Field(description="0 to 100; null while it is unknown.")
    status: Status = Field(
        description="`healthy` from 70, `degraded` from 40, else `critical`; `unknown` without a live score."
    )
    mode: Mode = Field(description="What automation may do.")
    coverage: float = Field(description="The weight that has live evidence, 0 to 1.")
    capped_by: list[str] = Field(description="The dead components that capped it.")


class HistoryRead(BaseModel):
    ad_account_id: UUID | None = Field(description="The ad account's id here; null for the whole tenant.")
    points: list[HistoryPoint] = Field(description="Oldest first.")


class EvaluationRead(BaseModel):
    evaluated: int = Field(description="Accounts that were measured and scored.")
