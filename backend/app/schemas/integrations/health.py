from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


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
    last_success_at: datetime | None = Field(description="When a call last succeeded, UTC.")
    circuit: Literal["closed", "half_open", "open"] = Field(
        description="Open: nothing is called until it has cooled down."
    )
    waits_seconds: int = Field(description="Seconds until it may be called again; 0: now.")
    sync_error_code: str | None = Field(description="A stable code of why the last sync failed.")
    last_synced_at: datetime | None = Field(description="When it was last read from the platform, UTC.")
    last_metrics_at: datetime | None = Field(description="When a figure last moved, UTC.")
