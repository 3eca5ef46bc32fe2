"""Segments."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.cdp.segments_tree import Rule

SegmentSort = Literal[
    "name",
    "-name",
    "created_at",
    "-created_at",
    "updated_at",
    "-updated_at",
    "member_count",
    "-member_count",
]
SegmentKind = Literal["rule", "list"]
State = Literal["waiting", "computing", "live", "off", "archived"]


class SegmentCreate(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=120, pattern=r"^[^\x00]*$")
    description: str = Field("", max_length=1_000, pattern=r"^[^\x00]*$")
    rule: Rule


class SegmentPatch(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(None, min_length=1, max_length=120, pattern=r"^[^\x00]*$")
    description: str | None = Field(None, max_length=1_000, pattern=r"^[^\x00]*$")
    rule: Rule | None = Field(
        None, description="Another rule is a new version; its membership is computed by a task."
    )
    live: bool | None = Field(None, description="Off: nobody enters or leaves until it is switched on again.")


class PreviewRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    rule: Rule


class SampleRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    lifecycle: str
    event_count: int
    order_count: int
    last_seen_at: datetime


class PreviewRead(BaseModel):
    count: int = Field(description="Exact, at this moment.")
    total: int = Field(description="How many profiles there are.")
    sample: list[SampleRead]


class SegmentRead(BaseModel):
    id: UUID
    name: str
    description: str
    kind: SegmentKind
    rule: dict[str, Any] | None
    version: int
    state: State = Field(
        description="`waiting` and `computing` until the membership is that of this version; then it follows events."
    )
    live: bool
    member_count: int
    computing_since: datetime | None
    computed_at: datetime | None
    computed_version: int | None
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None


class ListCreate(BaseModel):
    name: str = Field(min_length=1, max_length=120, pattern=r"^[^\x00]*$")
    description: str = Field("", max_length=1_000, pattern=r"^[^\x00]*$")
    skip_bad_rows: bool = Field(
        False, description="Use the rows that can be; else the whole file is refused."
    )


class ListReplace(BaseModel):
    add: bool = Field(False, description="Add to the list, instead of taking its place.")
    skip_bad_rows: bool = Field(
        False, description="Use the rows that can be; else the whole file is refused."
    )


class RowFault(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    field: str = Field(description="Such as `row 17, email`; the header is row 1.")
    message: str
    code: str


class ListRead(BaseModel):
    segment: SegmentRead
    rows: int = Field(description="Without the header.")
    used: int
    identifiers: int = Field(description="How many were not on the list before.")
    fault_count: int
    faults: list[RowFault] = Field(description="The first fifty.")


class SegmentMemberRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    profile_id: UUID
    entered_at: datetime


class TransitionRead(BaseModel):
    seq: int
    profile_id: UUID
    direction: Literal["entered", "left"]
    at: datetime
    reason: str = Field(
        description="`events`, `graph`, `ended`, `lifecycle`, `time`, `recompute`, `archived`, …."
    )
    version: int


class EventEvidence(BaseModel):
    id: UUID
    at: datetime


class ReasonRead(BaseModel):
    path: str = Field(description="Where the condition stands in the rule, such as `of.0.of.1`.")
    condition: dict[str, Any]
    holds: bool
    value: Any = Field(
        description="What the profile has of what is asked; `[sealed]` where that names a person."
    )
    events: list[EventEvidence] = Field(description="The newest of the events that count.")
    event_count: int | None


class WhyRead(BaseModel):
    matched: bool = Field(description="What the rule says at this moment.")
    member_since: datetime | None
    next_evaluation_at: datetime | None = Field(description="When nothing but time may next change it.")
    reasons: list[ReasonRead]
