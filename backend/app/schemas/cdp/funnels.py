"""Funnels: how many people go through steps in order, within a window, and how long it takes them.

The meaning is that of ClickHouse's `windowFunnel`: a person's level is the number of steps of the longest chain whose
last step comes no later than `window_seconds` after its first.
"""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from app.schemas.cdp.breakdowns import Breakdown, GroupHead, GroupNamed
from app.schemas.cdp.conditions import Days, EventChoice, Part
from app.schemas.inputs import Input
from app.schemas.text import NO_NUL, Line

FunnelSort = Literal["name", "-name", "created_at", "-created_at", "updated_at", "-updated_at"]
Mode = Literal["strict_order", "strict_deduplication", "strict_increase"]
LONGEST_WINDOW = 366 * 86_400


class Step(EventChoice):
    label: Line | None = Field(None, description="What people call it; else the event's name.")


class FunnelDefinition(Part):
    """Who enters within `days` has the whole window to go on, past their end too.

    `modes` combine. `strict_order`: any other event of the person ends the chain. `strict_deduplication`: so does a
    step that was reached before. `strict_increase`: each step is later than the one before.
    """

    steps: list[Step] = Field(
        min_length=2, max_length=10, description="What people go through, in this order."
    )
    window_seconds: int = Field(
        7 * 86_400, ge=1, le=LONGEST_WINDOW, description="How long after the first step the last may come."
    )
    modes: Annotated[tuple[Mode, ...], Field(max_length=3)] = Field(
        (), description="What is asked of a chain beside its order."
    )
    days: Days = Field(description="When people enter.")
    breakdown: Breakdown | None = Field(None, description="The groups of people to tell apart; null: none.")
    segment_id: UUID | None = Field(
        None, description="Only people who are in this segment now; null: everybody."
    )

    @field_validator("modes")
    @classmethod
    def _each_once(cls, modes: tuple[Mode, ...]) -> tuple[Mode, ...]:
        return tuple(sorted(set(modes)))


class FunnelCreate(Input):
    name: Line = Field(description="What people call it; each name once.")
    definition: FunnelDefinition = Field(description="What it asks.")


class FunnelPatch(Input):
    name: Line | None = Field(None, description="What people call it; each name once.")
    definition: FunnelDefinition | None = Field(None, description="What it asks.")


class FunnelCompute(Input):
    definition: FunnelDefinition = Field(description="What to ask.")


class FunnelPeople(Input):
    """Some of a funnel's people, by how far they got."""

    definition: FunnelDefinition = Field(description="What to ask.")
    step: int = Field(ge=1, le=10, description="Which step; the first is 1.")
    outcome: Literal["reached", "dropped"] = Field(
        description="`dropped`: they got to the step before this one and no further."
    )
    group: GroupNamed | None = Field(None, description="Only people of this group; null: everybody.")

    @field_validator("step")
    @classmethod
    def _is_one(cls, step: int, info: ValidationInfo) -> int:
        definition = info.data.get("definition")
        if isinstance(definition, FunnelDefinition) and step > len(definition.steps):
            raise PydanticCustomError(
                "no_such_step", "The funnel has {steps} steps.", {"steps": len(definition.steps)}
            )
        return step

    @field_validator("outcome")
    @classmethod
    def _has_a_step_before(cls, outcome: str, info: ValidationInfo) -> str:
        if outcome == "dropped" and info.data.get("step") == 1:
            raise PydanticCustomError("first_step", "Nobody drops off before the first step.")
        return outcome

    @field_validator("group")
    @classmethod
    def _is_told_apart(cls, group: GroupNamed | None, info: ValidationInfo) -> GroupNamed | None:
        definition = info.data.get("definition")
        if group is not None and isinstance(definition, FunnelDefinition) and definition.breakdown is None:
            raise PydanticCustomError("no_breakdown", "The funnel tells no groups apart.")
        return group


class FunnelPeopleList(FunnelPeople):
    """The same people as a segment: a list, which stays as it is."""

    name: Line = Field(max_length=120, description="The segment's name, unique among those not archived.")
    description: str = Field("", max_length=1_000, pattern=NO_NUL, description="What it is for.")


class FunnelRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="Its id.")
    name: str = Field(description="What people call it.")
    definition: FunnelDefinition = Field(description="What it asks.")
    created_at: datetime = Field(description="When it was saved first.")
    updated_at: datetime = Field(description="When it was last changed.")
    updated_by: str | None = Field(description="Who changed it last; null: nobody who is known.")


class Duration(BaseModel):
    """Seconds that people took."""

    model_config = ConfigDict(from_attributes=True)

    median: float = Field(description="Half of them took no longer.")
    p90: float = Field(description="Nine in ten took no longer.")
    spread: list[int] = Field(
        description="People by how long they took: from each of the answer's `spread_from` to the next."
    )


class StepRead(BaseModel):
    """Times are those of each person's first arrival at this step, by the shortest way there."""

    model_config = ConfigDict(from_attributes=True)

    label: str = Field(description="What people call the step, or its event.")
    people: int = Field(description="Who got here.")
    share_of_first: float | None = Field(description="Of those who entered; null where nobody did.")
    share_of_previous: float | None = Field(description="Of those at the step before.")
    dropped: int = Field(description="Who got to the step before and no further.")
    from_first: Duration | None = Field(
        description="Since the first step; null where nobody came, and at the first."
    )
    from_previous: Duration | None = Field(description="Since the step before; null likewise.")


class GroupRead(GroupHead):
    steps: list[StepRead] = Field(description="How far these people got.")
    still_open: int = Field(description="Of them, who may still get further.")


class FunnelResult(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    first_day: date = Field(description="The first of the days.")
    last_day: date = Field(description="The last of the days, included.")
    timezone: str = Field(description="The company's clock, by which the days are counted.")
    as_of: datetime = Field(description="When it was asked, UTC; an answer is kept for half a minute.")
    complete: bool = Field(
        description="Whether the days and the window of whoever entered last are over: else it may still grow."
    )
    people: int = Field(description="Who entered, each person once.")
    still_open: int = Field(
        description="Of them, who has not come to the end and has time left: they may still get further."
    )
    spread_from: list[float] = Field(description="Seconds from which on each number of a `spread` counts.")
    steps: list[StepRead] = Field(description="How far everybody got.")
    groups: list[GroupRead] | None = Field(description="The largest first, the rest last; null without one.")


class FunnelPersonRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    profile_id: UUID = Field(description="The person's profile.")
    reached: int = Field(description="The furthest step they got to; the first is 1.")
    last_entered_at: datetime = Field(description="When they last did the first step, UTC.")
    lifecycle: str | None = Field(description="How far they have come; null where the profile is gone.")
    last_seen_at: datetime | None = Field(description="Their last event, UTC.")


class FunnelPeopleRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    as_of: datetime = Field(description="When it was asked, UTC.")
    total: int = Field(description="How many they are.")
    items: list[FunnelPersonRead] = Field(description="The hundred who entered last.")


class FunnelListRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    segment_id: UUID = Field(description="The new segment.")
    name: str = Field(description="Its name.")
    people: int = Field(description="Who was put on its list.")
