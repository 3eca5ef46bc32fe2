"""Profiles, what they did, and who they are by which evidence."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Stage = Literal["anonymous", "known", "customer", "churned"]
Plain = r"^[^\x00]*$"
Key = Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
"""An identifier's key: it means something beside its profile alone."""


class ProfileRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    lifecycle: Stage
    first_seen_at: datetime
    last_seen_at: datetime
    first_order_at: datetime | None
    last_order_at: datetime | None
    event_count: int
    order_count: int
    refund_count: int
    revenue: dict[str, int] = Field(description="Micros by currency, refunds not taken off.")
    refunded: dict[str, int]
    traits: dict[str, Any] = Field(description="Those that name nobody.")
    computed: dict[str, Any]
    click_ids: dict[str, Any]
    has_user_id: bool
    has_email: bool
    has_phone: bool
    identifier_count: int
    version: int
    created_at: datetime
    updated_at: datetime


class IdentifierRead(BaseModel):
    key: UUID
    type: str
    value: str = Field(description="E-mail addresses and phone numbers are only hinted at.")
    first_seen_at: datetime
    event_count: int


class ProfileDetail(ProfileRead):
    personal_traits: list[str] = Field(description="Names of the traits that are sealed.")
    identifiers: list[IdentifierRead]


class PersonalRead(BaseModel):
    """What names the person, in the clear."""

    id: UUID
    traits: dict[str, Any]
    identifiers: list[dict[str, str]]


class TimelineEvent(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    event_type: str
    event_name: str
    event_time: datetime
    received_at: datetime
    source_id: UUID | None
    properties: dict[str, Any]
    context: dict[str, Any]
    order_id: str | None
    value_micros: int | None
    currency: str | None
    is_order: bool
    is_refund: bool
    person_key: UUID | None


class LinkRead(BaseModel):
    """Why two identifiers are one person, or why not."""

    model_config = ConfigDict(from_attributes=True)

    assertion: UUID = Field(description="Identifiers named together; undo takes it back as a whole.")
    kind: Literal["observed", "merge", "apart"]
    a_key: UUID
    b_key: UUID
    joined: bool
    reason: str | None
    asserted_at: datetime
    message_id: str
    event_id: UUID | None
    received_at: datetime | None
    source_id: UUID | None
    asserted_by: str | None
    decided_at: datetime
    removed_at: datetime | None
    removed_by: str | None


class GraphRead(BaseModel):
    profile_id: UUID
    identifiers: list[IdentifierRead]
    links: list[LinkRead]
    owners: dict[UUID, UUID] = Field(description="The profile of each identifier that a link names.")


class ProfileQuery(BaseModel):
    identifier: str | None = Field(
        None, max_length=500, pattern=Plain, description="Any identifier, as it is written."
    )
    lifecycle: Stage | None = None
    trait: str | None = Field(
        None, max_length=200, pattern=Plain, description="A trait's name; with `value`."
    )
    value: str | None = Field(None, max_length=500, pattern=Plain)
    cursor: str | None = Field(None, max_length=200)
    limit: int = Field(50, ge=1, le=200)


class Why(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=500, pattern=Plain)


class MergeRequest(Why):
    profile_id: UUID
    other_profile_id: UUID


class SplitRequest(Why):
    keys: list[Key] = Field(
        min_length=1,
        max_length=1_000,
        description="Keys of this profile's identifiers that are another person's.",
    )


class ChangedRead(BaseModel):
    """The profiles that the identifiers in question belong to now."""

    model_config = ConfigDict(from_attributes=True)

    profile_ids: list[UUID]
