from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

DeliveryStatusName = Literal["queued", "sent", "acknowledged", "failed", "dead", "skipped", "quarantined"]


class DeliveryRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    ad_account_id: UUID
    platform: str
    event_id: UUID
    dedupe_key: str = Field(description="The id by which the platform knows the event from the browser.")
    event_name: str
    platform_event: str
    event_time: datetime
    status: DeliveryStatusName
    reason: str | None
    match_keys: list[str] = Field(description="Which identifiers went along; never their values.")
    attempts: int
    queued_at: datetime
    next_attempt_at: datetime | None
    sent_at: datetime | None
    acknowledged_at: datetime | None
    response: dict[str, Any] | None
