"""Signal health, as the API shows it. Scores are 0 to 100 and null while unknown."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

Mode = Literal["normal", "limited", "cuts_only", "frozen"]
Status = Literal["healthy", "degraded", "critical", "unknown"]


class ComponentRead(BaseModel):
    name: str
    state: Literal["good", "bad", "unknown", "absent"]
    score: float | None
    weight: float = Field(description="Its share of the whole; 0 where it is absent by design.")
    evidence: dict[str, Any]
    measured_at: datetime | None
    reason: str
    drivers: list[str] = Field(description="What it costs, in plain words.")


class AccountHealthRead(BaseModel):
    ad_account_id: UUID | None
    name: str | None
    platform: str | None
    score: float | None
    status: Status
    mode: Mode
    coverage: float = Field(description="The weight that has live evidence, 0 to 1.")
    evaluated_at: datetime | None
    expires_at: datetime | None
    components: list[ComponentRead]
    capped_by: str | None = Field(description="The dead component that caps the score.")
    drivers: list[str]


class PlatformHealthRead(BaseModel):
    platform: str
    score: float | None
    status: Status
    coverage: float
    drivers: list[str]


class HealthRead(AccountHealthRead):
    """The tenant's roll-up by spend, and every account. The mode is the most careful one of any account."""

    platforms: list[PlatformHealthRead]
    accounts: list[AccountHealthRead]


class HistoryPoint(BaseModel):
    evaluated_at: datetime
    score: float | None
    status: Status
    mode: Mode
    coverage: float
    capped_by: list[str]


class HistoryRead(BaseModel):
    ad_account_id: UUID | None
    points: list[HistoryPoint] = Field(description="Oldest first.")


class EvaluationRead(BaseModel):
    evaluated: int = Field(description="Accounts that were measured and scored.")
