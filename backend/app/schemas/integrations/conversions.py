from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

DeliveryStatusName = Literal["queued", "sent", "acknowledged", "failed", "dead", "skipped", "quarantined"]


class AdjustmentRead(BaseModel):
    """How the platform stands to what the order is worth now, where that has changed since it was told."""

    status: Literal["even", "taken", "adjusted", "failed", "dead", "impossible"] = Field(
        description="`impossible` and `dead` stay as they were reported; `taken`: the platform works at it."
    )
    reason: str | None = Field(
        description="A stable code of why it is not adjusted, such as `platform_cannot_adjust`."
    )
    reported_micros: int = Field(description="What the platform holds, in millionths.")
    reported_currency: str = Field(description="The currency of that.")
    worth_micros: int = Field(description="What the order is worth now, in millionths; 0 was taken back.")
    worth_currency: str = Field(description="The currency of that.")
    adjusted_at: datetime | None = Field(description="When the platform took another worth last, UTC.")


class DeliveryRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The delivery's id.")
    ad_account_id: UUID = Field(description="The ad account's id here.")
    platform: str = Field(description="The ad platform, such as `meta`.")
    event_id: UUID = Field(description="The stored event that is sent on.")
    dedupe_key: str = Field(description="The id by which the platform knows the event from the browser.")
    event_name: str = Field(description="What happened, in the sender's words: `Order Completed`.")
    platform_event: str = Field(description="Its name at the platform.")
    event_time: datetime = Field(description="When it happened, corrected for the sender's clock, UTC.")
    status: DeliveryStatusName = Field(description="How far it is.")
    reason: str | None = Field(description="A stable code of why it was not sent, or is quarantined.")
    match_keys: list[str] = Field(description="Which identifiers went along; never their values.")
    attempts: int = Field(description="How often it was tried.")
    queued_at: datetime = Field(description="When it was queued, UTC.")
    next_attempt_at: datetime | None = Field(description="When it is tried next, UTC.")
    sent_at: datetime | None = Field(description="When it was sent, UTC.")
    acknowledged_at: datetime | None = Field(description="When the platform took it, UTC.")
    response: dict[str, Any] | None = Field(description="What the platform answered.")
    adjustment: AdjustmentRead | None = Field(
        None, description="Where the order is worth something else since it was told."
    )
