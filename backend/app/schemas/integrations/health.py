from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class AccountHealthRead(BaseModel):
    """Of the last 24 hours of real time."""

    model_config = ConfigDict(from_attributes=True, title="IntegrationHealthRead")

    ad_account_id: UUID
    platform: str
    name: str
    connection_status: str
    calls: int
    failures: int
    throttled: int = Field(description="Calls that a rate limit held back: no failures.")
    success_rate: float | None = Field(description="Null while no call was made.")
    p95_ms: float | None
    last_success_at: datetime | None
    circuit: Literal["closed", "half_open", "open"]
    waits_seconds: int
    sync_error_code: str | None
    last_synced_at: datetime | None
    last_metrics_at: datetime | None
