"""A tenant's rules of identity, what other rules would come to, and what the rules refused."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.schemas.inputs import Input
from app.schemas.pages import CursorPage
from app.schemas.text import NO_NUL

Limited = Literal["email", "phone", "match_key", "device_id", "anonymous_id"]
Refused = Literal["different_users", "kept_apart", "type_limit", "too_many_identifiers", "too_many_merges"]
Value = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NO_NUL)]


class MatchPartRule(Input):
    model_config = ConfigDict(from_attributes=True)

    traits: list[Value] = Field(min_length=1, max_length=5, description="Taken all, in any order.")
    phonetic: bool = Field(False, description="By their sound, not by their letters.")


class IdentityRules(Input):
    limits: dict[Limited, Annotated[int, Field(ge=1, le=1_000)]] = Field(
        default_factory=dict,
        description="Identifiers of a type in one profile; of user ids it is always one.",
    )
    max_merges: int = Field(100, ge=0, le=1_000, description="Merges of one profile, at most.")
    max_identifiers: int = Field(1_000, ge=2, le=1_000, description="Identifiers of one profile, at most.")
    garbage: list[Value] = Field(
        default_factory=list,
        max_length=1_000,
        description="Values that name nobody, beside the built-in ones.",
    )
    churn_days: int = Field(
        90, ge=1, le=3_650, description="Days without an event after which somebody counts as churned."
    )
    match_keys: list[Annotated[list[MatchPartRule], Field(min_length=1, max_length=5)]] = Field(
        default_factory=list,
        max_length=10,
        description="Traits that together are as good as an identifier, in the events from now on.",
    )


class IdentityRulesRead(IdentityRules):
    version: int = Field(description="Counts the changes of the rules.")


class QuarantineQuery(BaseModel):
    cursor: str | None = Field(
        None, max_length=200, description="The `next_cursor` of the page before; left out for the first page."
    )
    limit: int = Field(50, ge=1, le=200, description="Rows of a page, at most.")


class QuarantinedRead(BaseModel):
    """An event that is stored and could not be counted for anybody."""

    model_config = ConfigDict(from_attributes=True)

    event_id: UUID = Field(description="The event's id here.")
    message_id: str = Field(description="The sender's id of the event, unique in the tenant.")
    event_type: str = Field(description="`track`, `identify`, ….")
    event_name: str = Field(description="The event's name.")
    source_id: UUID | None = Field(description="The source that sent it.")
    event_time: datetime = Field(description="When it happened, UTC.")
    received_at: datetime = Field(description="When it was received, UTC.")
    quarantined_at: datetime = Field(description="When resolving it last failed, UTC.")
    code: str = Field(description="A stable code of what failed; `internal` where it is a defect of ours.")
    reason: str = Field(description="What failed, in the words of the program.")


class QuarantinePage(CursorPage[QuarantinedRead]):
    total: int = Field(description="How many events stand apart; 10000 means that many or more.")


class QuarantineRetried(BaseModel):
    queued: int = Field(description="How many are being resolved again; what fails again is listed again.")


class DifferenceRead(BaseModel):
    """What other rules would come to. `merged` and `split` are samples, by the profiles of today."""

    model_config = ConfigDict(from_attributes=True)

    profiles_before: int = Field(description="Of those that have a link.")
    profiles_after: int = Field(description="Profiles, by the rules that were asked about.")
    refusals_before: int = Field(description="Links refused today.")
    refusals_after: int = Field(description="Links that would be refused.")
    merged: list[list[UUID]] = Field(
        description="Profiles that would become one, a group each; the first of them."
    )
    split: list[UUID] = Field(description="Profiles that would be divided; the first of them.")
    merged_count: int = Field(description="How many groups there are in all.")
    split_count: int = Field(description="How many would be divided in all.")


class RefusalQuery(BaseModel):
    reason: Refused | None = Field(None, description="Only for this reason.")
    cursor: str | None = Field(
        None, max_length=200, description="The `next_cursor` of the page before; left out for the first page."
    )
    limit: int = Field(50, ge=1, le=200, description="Rows of a page, at most.")


class RefusalRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    assertion: UUID = Field(description="The assertion that was refused.")
    a_key: UUID = Field(description="The identifier that it was to be tied to.")
    b_key: UUID = Field(description="The identifier that was refused.")
    a_type: str = Field(description="Its type: `user_id`, `email`, ….")
    b_type: str = Field(description="Its type.")
    a_profile_id: UUID = Field(description="Whose the first one is.")
    b_profile_id: UUID = Field(description="Whose the second one is.")
    reason: str = Field(description="A stable code of the limit that refused it.")
    asserted_at: datetime = Field(description="When it was said, UTC.")
    message_id: str = Field(description="The sender's id of the event, unique in the tenant.")
    decided_at: datetime = Field(description="When it was refused, UTC.")
