"""Profiles, what they did, and who they are by which evidence."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.cdp.traits import Cell
from app.schemas.inputs import Input
from app.schemas.text import NO_NUL

Stage = Literal["anonymous", "known", "customer", "churned"]
Key = Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
"""An identifier's key: it means something beside its profile alone."""


class ProfileRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The profile's id: the key of the identifier that founded it.")
    lifecycle: Stage = Field(
        description="`anonymous`, `known` (by e-mail or phone), `customer` (has ordered) or `churned` (inactive)."
    )
    first_seen_at: datetime = Field(description="Their first event, UTC.")
    last_seen_at: datetime = Field(description="Their last event, UTC.")
    first_order_at: datetime | None = Field(description="Their first order, UTC.")
    last_order_at: datetime | None = Field(description="Their last order, UTC.")
    event_count: int = Field(description="Their events.")
    order_count: int = Field(description="Their orders.")
    refund_count: int = Field(description="Their refunds.")
    revenue: dict[str, int] = Field(description="Micros by currency, refunds not taken off.")
    refunded: dict[str, int] = Field(description="What was given back, in micros by currency.")
    traits: dict[str, Any] = Field(description="Those that name nobody.")
    computed: dict[str, Any] = Field(description="Computed traits, by name.")
    click_ids: dict[str, Any] = Field(
        description="Click ids of the ad platforms (gclid, fbclid, …) and when each was seen."
    )
    has_user_id: bool = Field(description="They have signed in.")
    has_email: bool = Field(description="An e-mail address is known.")
    has_phone: bool = Field(description="A phone number is known.")
    identifier_count: int = Field(description="Identifiers that are theirs.")
    version: int = Field(description="Counts the changes of the profile.")
    created_at: datetime = Field(description="When it was made, UTC.")
    updated_at: datetime = Field(description="When it was last changed, UTC.")


class IdentifierRead(BaseModel):
    key: UUID = Field(description="The identifier's key, half of a keyed hash; its value is not shown.")
    type: str = Field(description="`user_id`, `email`, `phone`, `device_id`, `anonymous_id` or a match key.")
    value: str = Field(description="E-mail addresses and phone numbers are only hinted at.")
    first_seen_at: datetime = Field(description="When it was first seen, UTC.")
    event_count: int = Field(description="Events that are anchored to it.")


class ProfileDetail(ProfileRead):
    personal_traits: list[str] = Field(description="Names of the traits that are sealed.")
    identifiers: list[IdentifierRead] = Field(description="Every identifier that is theirs.")


class PersonalRead(BaseModel):
    """What names the person, in the clear."""

    id: UUID = Field(description="The profile's id.")
    traits: dict[str, Any] = Field(description="Traits with what names the person, in the clear.")
    identifiers: list[dict[str, str]] = Field(description="Identifiers in the clear: `type` and `value`.")


class TimelineEvent(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The event's id here.")
    event_type: str = Field(description="`track`, `identify`, `page`, `screen`, `group` or `alias`.")
    event_name: str = Field(description="What happened, in the sender's words: `Order Completed`.")
    event_time: datetime = Field(description="When it happened, corrected for the sender's clock, UTC.")
    received_at: datetime = Field(description="When it was received, UTC.")
    source_id: UUID | None = Field(
        description="The source that sent it; null for what came without a write key."
    )
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
    person_key: UUID | None = Field(description="The identifier that it is anchored to.")


class LinkRead(BaseModel):
    """Why two identifiers are one person, or why not."""

    model_config = ConfigDict(from_attributes=True)

    assertion: UUID = Field(description="Identifiers named together; undo takes it back as a whole.")
    kind: Literal["observed", "merge", "apart"] = Field(
        description="Said by an event, made by a person, or kept apart by a person."
    )
    a_key: UUID = Field(description="The identifier at the one end.")
    b_key: UUID = Field(description="The identifier at the other end.")
    joined: bool = Field(description="The link stands.")
    reason: str | None = Field(description="A stable code of the limit that refused it.")
    asserted_at: datetime = Field(description="When it was said, UTC.")
    message_id: str = Field(description="The sender's id of that event.")
    event_id: UUID | None = Field(description="The event that said so.")
    received_at: datetime | None = Field(description="When that event was received, UTC.")
    source_id: UUID | None = Field(description="The source of that event.")
    asserted_by: str | None = Field(description="The person who said so.")
    decided_at: datetime = Field(description="When it was last decided, UTC.")
    removed_at: datetime | None = Field(description="When it was taken out of the count, UTC.")
    removed_by: str | None = Field(description="By whom.")
    act: UUID | None = Field(
        description="What a person said at once has the same here, a split for one: undone as a whole."
    )


class GraphRead(BaseModel):
    profile_id: UUID = Field(description="The person's profile.")
    identifiers: list[IdentifierRead] = Field(description="Every identifier that is theirs.")
    links: list[LinkRead] = Field(description="Every link between them, and those that were refused.")
    owners: dict[UUID, UUID] = Field(description="The profile of each identifier that a link names.")


class ProfileQuery(BaseModel):
    identifier: str | None = Field(
        None, max_length=500, pattern=NO_NUL, description="Any identifier, as it is written."
    )
    lifecycle: Stage | None = Field(None, description="Only people at this stage.")
    trait: str | None = Field(
        None, max_length=200, pattern=NO_NUL, description="A trait's name; with `value`."
    )
    value: str | None = Field(
        None, max_length=500, pattern=NO_NUL, description="An identifier or a trait's value, exactly."
    )
    segment_id: UUID | None = Field(None, description="Only people who are in this segment now.")
    rfm_cell: Cell | None = Field(None, description="Only customers in this cell of the last ranking.")
    cursor: str | None = Field(
        None, max_length=200, description="The `next_cursor` of the page before; left out for the first page."
    )
    limit: int = Field(50, ge=1, le=200, description="Rows of a page, at most.")


class Why(Input):
    reason: str = Field(
        min_length=1, max_length=500, pattern=NO_NUL, description="Why, for those who read it later."
    )


class MergeRequest(Why):
    profile_id: UUID = Field(description="The one profile.")
    other_profile_id: UUID = Field(description="The other one: both become one person.")


class SplitRequest(Why):
    keys: list[Key] = Field(
        min_length=1,
        max_length=1_000,
        description="Keys of this profile's identifiers that are another person's.",
    )


class ChangedRead(BaseModel):
    """The profiles that the identifiers in question belong to now."""

    model_config = ConfigDict(from_attributes=True)

    profile_ids: list[UUID] = Field(description="The profiles that it left or made.")
