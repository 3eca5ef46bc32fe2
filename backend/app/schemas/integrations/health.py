from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

CircuitName = Literal["closed", "half_open", "open"]


class ConnectorHealthRead(BaseModel):
    """Of the last 24 hours of real time."""

    model_config = ConfigDict(from_attributes=True, title="IntegrationHealthRead")

    ad_account_id: UUID = Field(description="The ad account's id here.")
    platform: str = Field(description="The ad platform, such as `meta`.")
    name: str = Field(description="Its name at the platform.")
    connection_status: str = Field(description="`active`, `needs_sign_in` or `disconnected`.")
    calls: int = Field(description="Calls in the window.")
    failures: int = Field(description="Those that failed.")
    throttled: int = Field(description="Calls that a rate limit held back: no failures.")
    success_rate: float | None = Field(description="Null while no call was made.")
    p95_ms: float | None = Field(
        description="95th percentile of their duration, milliseconds; null without calls."
    )
    last_success_at: datetime | None = Field(
        description="When a call last succeeded, UTC; null where none of the last 30 days did."
    )
    circuit: CircuitName = Field(description="Open: nothing is called until it has cooled down.")
    waits_seconds: int = Field(description="Seconds until it may be called again; 0: now.")
    sync_error_code: str | None = Field(description="A stable code of why the last sync failed.")
    last_synced_at: datetime | None = Field(description="When it was last read from the platform, UTC.")
    last_metrics_at: datetime | None = Field(description="When a figure last moved, UTC.")


class HealthDayRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    day: date = Field(description="The real day, UTC.")
    calls: int = Field(description="Calls on that day.")
    failures: int = Field(description="Those that failed.")
    throttled: int = Field(description="Calls that a rate limit held back: no failures.")
    uptime: float | None = Field(
        description="The share of calls that the platform answered, whatever it said; null without calls."
    )
    success_rate: float | None = Field(description="The share that succeeded; null without calls.")
    p95_ms: float | None = Field(
        description="95th percentile of their duration, milliseconds; null without calls."
    )


class HealthHistoryRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    ad_account_id: UUID = Field(description="The ad account's id here.")
    uptime: float | None = Field(description="Over all these days; null without calls.")
    last_success_at: datetime | None = Field(
        description="When a call last succeeded, UTC; null where none of the last 30 days did."
    )
    circuit: CircuitName = Field(description="Open: nothing is called until it has cooled down.")
    waits_seconds: int = Field(description="Seconds until it may be called again; 0: now.")
    days: list[HealthDayRead] = Field(description="Each day up to today, the oldest first.")
