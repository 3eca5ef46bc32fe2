"""Events, what became of those that were sent, and why some were refused."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.times import Moment


class RejectionRead(BaseModel):
    message_id: str | None
    code: str
    reason: str


class ReceiptRead(BaseModel):
    """What became of the events of one request; all of it is committed."""

    accepted: int
    duplicates: int
    rejected: list[RejectionRead]


class EventRead(BaseModel):
    """`[sealed]` stands where a value named a person."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    message_id: str
    source_id: UUID | None
    event_type: str
    event_name: str
    event_time: datetime
    received_at: datetime
    anonymous_id: str | None
    properties: dict[str, Any]
    context: dict[str, Any]
    order_id: str | None
    value_micros: int | None
    currency: str | None
    is_order: bool
    is_refund: bool
    click_ids: dict[str, Any] | None
    match_keys: list[str] = Field(description="What a platform could match the person by.")


class EventQuery(BaseModel):
    name: str | None = Field(None, max_length=500)
    source_id: UUID | None = None
    message_id: str | None = Field(None, max_length=200)
    since: Moment | None = None
    until: Moment | None = None
    cursor: str | None = Field(None, max_length=200)
    limit: int = Field(50, ge=1, le=200)


class VerdictQuery(BaseModel):
    code: str | None = Field(None, max_length=60)
    source_id: UUID | None = None
    cursor: str | None = Field(None, max_length=200)
    limit: int = Field(50, ge=1, le=200)


class VerdictRead(BaseModel):
    id: UUID
    source_id: UUID | None
    message_id: str | None
    event_name: str | None
    dialect: str
    code: str
    reason: str
    first_at: datetime
    last_at: datetime
    times: int
    replayable: bool
    replayed_at: datetime | None
    replay_outcome: str | None
    payload: Any = Field(
        description="The event as it came, what names a person masked; null if too large to keep."
    )


class ReplayRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    payload: dict[str, Any] | None = Field(None, description="The event put right; without it, as it came.")


class SourceStats(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    source_id: UUID | None
    accepted: int
    duplicates: int
    rejected: int
    newest_accepted_at: datetime | None


class EventStats(BaseModel):
    accepted: int
    duplicates: int
    rejected: int
    newest_accepted_at: datetime | None
    sources: list[SourceStats]
