"""A tenant's rules of identity, what other rules would come to, and what the rules refused."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Limited = Literal["email", "phone", "match_key", "device_id", "anonymous_id"]
Refused = Literal["different_users", "kept_apart", "type_limit", "too_many_identifiers", "too_many_merges"]
Value = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


class MatchPartRule(BaseModel):
    model_config = ConfigDict(extra="forbid", from_attributes=True)

    traits: list[Value] = Field(min_length=1, max_length=5, description="Taken all, in any order.")
    phonetic: bool = Field(False, description="By their sound, not by their letters.")


class IdentityRules(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limits: dict[Limited, Annotated[int, Field(ge=1, le=1_000)]] = Field(
        default_factory=dict,
        description="Identifiers of a type in one profile; of user ids it is always one.",
    )
    max_merges: int = Field(100, ge=0, le=1_000)
    max_identifiers: int = Field(1_000, ge=2, le=1_000)
    garbage: list[Value] = Field(
        default_factory=list,
        max_length=1_000,
        description="Values that name nobody, beside the built-in ones.",
    )
    churn_days: int = Field(90, ge=1, le=3_650)
    match_keys: list[Annotated[list[MatchPartRule], Field(min_length=1, max_length=5)]] = Field(
        default_factory=list,
        max_length=10,
        description="Traits that together are as good as an identifier, in the events from now on.",
    )


class IdentityRulesRead(IdentityRules):
    version: int


class DifferenceRead(BaseModel):
    """What other rules would come to. `merged` and `split` are samples, by the profiles of today."""

    model_config = ConfigDict(from_attributes=True)

    profiles_before: int = Field(description="Of those that have a link.")
    profiles_after: int
    refusals_before: int
    refusals_after: int
    merged: list[list[UUID]]
    split: list[UUID]
    merged_count: int
    split_count: int


class RefusalQuery(BaseModel):
    reason: Refused | None = None
    cursor: str | None = Field(None, max_length=200)
    limit: int = Field(50, ge=1, le=200)


class RefusalRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    assertion: UUID
    a_key: UUID
    b_key: UUID
    a_type: str
    b_type: str
    a_profile_id: UUID
    b_profile_id: UUID
    reason: str
    asserted_at: datetime
    message_id: str
    decided_at: datetime
