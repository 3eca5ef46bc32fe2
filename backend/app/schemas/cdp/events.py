"""Events, what became of those that were sent, and why some were refused."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.inputs import Input
from app.schemas.text import NO_NUL, Word
from app.schemas.times import Moment


class RejectionRead(BaseModel):
    message_id: str | None = Field(description="The sender's id of the event, unique in the tenant.")
    code: str = Field(description="A stable code of the rule that it breaks.")
    reason: str = Field(description="The same in words.")


class ReceiptRead(BaseModel):
    """What became of the events of one request; all of it is committed."""

    accepted: int = Field(description="Events stored.")
    duplicates: int = Field(description="Events that had arrived before.")
    rejected: list[RejectionRead] = Field(
        description="Events that break a rule; each has its verdict, kept to be replayed."
    )


class EventRead(BaseModel):
    """`[sealed]` stands where a value named a person."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The event's id here.")
    message_id: str = Field(description="The sender's id of the event, unique in the tenant.")
    source_id: UUID | None = Field(
        description="The source that sent it; null for what came without a write key."
    )
    event_type: str = Field(description="`track`, `identify`, `page`, `screen`, `group` or `alias`.")
    event_name: str = Field(description="What happened, in the sender's words: `Order Completed`.")
    event_time: datetime = Field(description="When it happened, corrected for the sender's clock, UTC.")
    received_at: datetime = Field(description="When it was received, UTC.")
    anonymous_id: str | None = Field(description="The sender's id of a visitor who is not signed in.")
    properties: dict[str, Any] = Field(
        description="What the sender said of it; personal values are taken out."
    )
    context: dict[str, Any] = Field(
        description="Where it came from, as the SDK tells; personal values are taken out."
    )
    order_id: str | None = Field(description="The order that it speaks of.")
    value_micros: int | None = Field(description="Its value in millionths of `currency`.")
    currency: str | None = Field(description="Of the value, ISO 4217.")
    is_order: bool = Field(description="It is a completed order.")
    is_refund: bool = Field(description="It gives money back.")
    click_ids: dict[str, Any] | None = Field(
        description="Click ids of the ad platforms (gclid, fbclid, …) and when each was seen."
    )
    match_keys: list[str] = Field(description="What a platform could match the person by.")
    clock_shift_ms: int | None = Field(
        description="By how many milliseconds the sender's time was moved to be ours; null where it said none, "
        "or where that was not kept yet."
    )


class EventDetail(EventRead):
    profile_id: UUID | None = Field(
        description="The person whose it is by now; null until that is worked out, or where it names nobody."
    )


class EventQuery(BaseModel):
    name: str | None = Field(None, max_length=500, pattern=NO_NUL, description="Exactly this event name.")
    source_id: UUID | None = Field(None, description="What this source sent.")
    message_id: str | None = Field(
        None, max_length=200, pattern=NO_NUL, description="The event with this id of the sender's."
    )
    identifier: str | None = Field(
        None,
        min_length=1,
        max_length=500,
        pattern=NO_NUL,
        description="Events that carry this user id, anonymous id, e-mail address, phone or device, as it is written.",
    )
    since: Moment | None = Field(None, description="Received from then on, UTC.")
    until: Moment | None = Field(None, description="Received before then, UTC.")
    cursor: str | None = Field(
        None, max_length=200, description="The `next_cursor` of the page before; left out for the first page."
    )
    limit: int = Field(50, ge=1, le=200, description="Rows of a page, at most.")


class VerdictQuery(BaseModel):
    code: Word | None = Field(None, max_length=60, description="Exactly this code.")
    source_id: UUID | None = Field(None, description="What this source sent.")
    name: str | None = Field(None, max_length=500, pattern=NO_NUL, description="Exactly this event name.")
    message_id: str | None = Field(
        None, max_length=200, pattern=NO_NUL, description="The event with this id of the sender's."
    )
    cursor: str | None = Field(
        None, max_length=200, description="The `next_cursor` of the page before; left out for the first page."
    )
    limit: int = Field(50, ge=1, le=200, description="Rows of a page, at most.")


class VerdictRead(BaseModel):
    id: UUID = Field(description="The verdict's id.")
    source_id: UUID | None = Field(
        description="The source that sent it; null for what came without a write key."
    )
    message_id: str | None = Field(description="The sender's id of the event; null where it had none.")
    event_name: str | None = Field(
        description="What happened, in the sender's words; null where it had no name."
    )
    dialect: str = Field(description="How it was sent: Segment's form or our own.")
    code: str = Field(description="A stable code of the rule that it breaks.")
    reason: str = Field(description="The same in words.")
    first_at: datetime = Field(description="When it first came, UTC.")
    last_at: datetime = Field(description="When it last came, UTC.")
    times: int = Field(description="How often it came.")
    replayable: bool = Field(description="It was kept whole, and can be sent through again.")
    replayed_at: datetime | None = Field(description="When it was sent through again, UTC.")
    replay_outcome: str | None = Field(
        description="What that came to: `accepted`, `duplicate` or `rejected`."
    )
    payload: Any = Field(
        description="The event as it came, what names a person masked; null if too large to keep."
    )


class ReplayRequest(Input):
    payload: dict[str, Any] | None = Field(None, description="The event put right; without it, as it came.")


class SourceStats(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    source_id: UUID | None = Field(
        description="The source that sent it; null for what came without a write key."
    )
    accepted: int = Field(description="Events stored.")
    duplicates: int = Field(description="Events that had arrived before.")
    rejected: int = Field(description="Events that break a rule.")
    newest_accepted_at: datetime | None = Field(description="When the newest was received, UTC.")


class EventStats(BaseModel):
    accepted: int = Field(description="Events stored.")
    duplicates: int = Field(description="Events that had arrived before.")
    rejected: int = Field(description="Events that break a rule.")
    newest_accepted_at: datetime | None = Field(description="When the newest was received, UTC.")
    sources: list[SourceStats] = Field(description="The same by source.")
