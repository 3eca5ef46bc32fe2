"""Segments."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.cdp.conditions import Part
from app.schemas.cdp.segments_tree import Rule
from app.schemas.inputs import Input
from app.schemas.text import NO_NUL

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
State = Literal["waiting", "computing", "live", "scheduled", "off", "archived"]


class Live(Part):
    mode: Literal["live"] = Field(description="It follows what people do, at once.")


class Daily(Part):
    """Computed once a day; between, nobody enters, and only who is erased or merged away leaves."""

    mode: Literal["daily"] = Field(description="It is computed once a day.")
    at: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] = Field(
        description="The time of the company's day, such as `06:00`."
    )


Evaluation = Annotated[Live | Daily, Field(discriminator="mode")]


class SegmentCreate(Input):
    name: str = Field(
        min_length=1,
        max_length=120,
        pattern=NO_NUL,
        description="Its name, unique among those that are not archived.",
    )
    description: str = Field("", max_length=1_000, pattern=NO_NUL, description="What it is for.")
    rule: Rule = Field(description="The conditions: a tree of `all`, `any` and `not`.")
    evaluation: Evaluation = Field(
        Live(mode="live"), description="Whether it follows people at once, or is computed once a day."
    )


class SegmentPatch(Input):
    name: str | None = Field(
        None,
        min_length=1,
        max_length=120,
        pattern=NO_NUL,
        description="Its name, unique among those that are not archived.",
    )
    description: str | None = Field(None, max_length=1_000, pattern=NO_NUL, description="What it is for.")
    rule: Rule | None = Field(
        None, description="Another rule is a new version; its membership is computed by a task."
    )
    evaluation: Evaluation | None = Field(
        None, description="Whether it follows people at once, or is computed once a day."
    )
    live: bool | None = Field(None, description="Off: nobody enters or leaves until it is switched on again.")


class PreviewRequest(Input):
    rule: Rule = Field(description="The conditions: a tree of `all`, `any` and `not`.")


class SampleRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The profile's id.")
    lifecycle: str = Field(
        description="`anonymous`, `known` (by e-mail or phone), `customer` (has ordered) or `churned` (inactive)."
    )
    event_count: int = Field(description="Their events.")
    order_count: int = Field(description="Their orders.")
    last_seen_at: datetime = Field(description="Their last event, UTC.")


class PreviewRead(BaseModel):
    count: int = Field(description="Exact, at this moment.")
    total: int = Field(description="How many profiles there are.")
    sample: list[SampleRead] = Field(description="Ten of them.")


class SegmentRead(BaseModel):
    id: UUID = Field(description="The segment's id.")
    name: str = Field(description="Its name, unique among those that are not archived.")
    description: str = Field(description="What it is for.")
    kind: SegmentKind = Field(description="By a rule, or a list from a file.")
    rule: dict[str, Any] | None = Field(
        description="The conditions: a tree of `all`, `any` and `not`; null for a list."
    )
    version: int = Field(description="Counts the changes of the rule.")
    state: State = Field(
        description=(
            "`waiting` and `computing` until the membership is that of this version; then it follows events "
            "(`live`), or stands until its time of the day (`scheduled`)."
        )
    )
    evaluation: Evaluation = Field(
        description="Whether it follows people at once, or is computed once a day."
    )
    next_run_at: datetime | None = Field(
        description="When it is computed next, UTC; null where it follows at once."
    )
    as_of: datetime | None = Field(
        description="The moment as of which its members are in, UTC; null where it follows at once."
    )
    live: bool = Field(description="It follows events; else it stands still.")
    member_count: int = Field(description="Who is in now.")
    computing_since: datetime | None = Field(description="Since when it is computed anew, UTC.")
    computed_at: datetime | None = Field(description="When it was last computed whole, UTC.")
    computed_version: int | None = Field(description="The version that its membership is of.")
    created_at: datetime = Field(description="When it was made, UTC.")
    updated_at: datetime = Field(description="When it was last changed, UTC.")
    archived_at: datetime | None = Field(description="When it was archived, UTC.")


class ListCreate(BaseModel):
    name: str = Field(
        min_length=1,
        max_length=120,
        pattern=NO_NUL,
        description="Its name, unique among those that are not archived.",
    )
    description: str = Field("", max_length=1_000, pattern=NO_NUL, description="What it is for.")
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
    message: str = Field(description="What is wrong, and how to mend it.")
    code: str = Field(description="A stable code of the fault.")


class ListRead(BaseModel):
    segment: SegmentRead = Field(description="The segment that the list is.")
    rows: int = Field(description="Without the header.")
    used: int = Field(description="Rows that could be used.")
    identifiers: int = Field(description="How many were not on the list before.")
    fault_count: int = Field(description="Rows that could not.")
    faults: list[RowFault] = Field(description="The first fifty.")


class SegmentMemberRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    profile_id: UUID = Field(description="The person's profile.")
    entered_at: datetime = Field(description="Since when they are in, UTC.")


class TransitionRead(BaseModel):
    seq: int = Field(description="Grows with each move of the tenant's.")
    profile_id: UUID = Field(description="The person's profile.")
    direction: Literal["entered", "left"] = Field(description="In or out.")
    at: datetime = Field(description="When, UTC.")
    reason: str = Field(
        description="`events`, `graph`, `ended`, `lifecycle`, `time`, `recompute`, `archived`, …."
    )
    version: int = Field(description="The version of the rule that moved them.")


class EventEvidence(BaseModel):
    id: UUID = Field(description="The event's id here.")
    at: datetime = Field(description="When it happened, UTC.")


class ConditionRead(BaseModel):
    path: str = Field(description="Where the condition stands in the rule, such as `of.0.of.1`.")
    condition: dict[str, Any] = Field(description="The condition, as the rule says it.")
    holds: bool = Field(description="Whether it holds for this person.")
    value: Any = Field(
        description="What the profile has of what is asked; `[sealed]` where that names a person."
    )
    events: list[EventEvidence] = Field(description="The newest of the events that count.")
    event_count: int | None = Field(description="Events that count in all; null where it speaks of none.")


class WhyRead(BaseModel):
    matched: bool = Field(description="What the rule says at this moment.")
    member_since: datetime | None = Field(description="Since when they are in, UTC; null where they are not.")
    next_evaluation_at: datetime | None = Field(description="When nothing but time may next change it.")
    reasons: list[ConditionRead] = Field(description="Each condition by itself, from left to right.")


class SegmentOfPerson(BaseModel):
    segment_id: UUID = Field(description="The segment that they are in.")
    name: str = Field(description="Its name.")
    kind: SegmentKind = Field(description="By a rule, or a list from a file.")
    entered_at: datetime = Field(description="Since when they are in, UTC.")


class SegmentsOfPerson(BaseModel):
    items: list[SegmentOfPerson] = Field(description="The first by name, at most 500.")
    total: int = Field(description="How many segments they are in.")


class SizeRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    day: date = Field(description="A day of the company's clock.")
    members: int = Field(description="Who was in at its end; today, who is in now.")
    entered: int = Field(description="How often somebody entered on that day.")
    left: int = Field(description="How often somebody left on that day.")


class SizesRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    timezone: str = Field(description="Whose days these are.")
    whole: bool = Field(
        description="False where the log of these days is too long to be read at once: then earlier days are missing."
    )
    days: list[SizeRead] = Field(
        description="The oldest first, from the day it was made on; erased people are in none of them."
    )


class WordRead(BaseModel):
    """A name that is used, and what its values are like."""

    model_config = ConfigDict(from_attributes=True)

    name: str = Field(description="As it was sent; dots lead into objects.")
    kinds: list[Literal["text", "number", "truth", "list"]] = Field(description="What its values are.")
    values: list[str] = Field(description="Texts that it often has; none that names a person, or may do so.")
    sealed: bool = Field(
        description="It names a person: ask only whether it exists, `is` or is `one_of` these."
    )


class EventNameRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    name: str = Field(description="The event's name.")
    count: int = Field(description="How many of the events that were read are of it.")


class VocabularyRead(BaseModel):
    """What a rule can speak of, read from the newest events and profiles alone: older names may be missing."""

    model_config = ConfigDict(from_attributes=True)

    sampled_events: int = Field(description="How many of the newest events were read.")
    sampled_profiles: int = Field(description="How many of the newest profiles were read.")
    since: datetime | None = Field(
        description="The oldest event that was read, UTC; null where there is none."
    )
    events: list[EventNameRead] = Field(description="The most frequent first.")
    properties: list[WordRead] = Field(description="Of the event that was asked for; else none.")
    traits: list[WordRead] = Field(description="What was said of people.")
    computed: list[WordRead] = Field(description="What is computed of people.")
    currencies: list[str] = Field(description="In which was paid, the most frequent first.")
