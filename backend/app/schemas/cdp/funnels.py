"""Funnels: how many people go through steps in order, within a window, and how long it takes them.

The meaning is that of ClickHouse's `windowFunnel`: a person's level is the number of steps of the longest chain whose
last step comes no later than `window_seconds` after its first.
"""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, field_validator

from app.schemas.cdp.conditions import Days, EventChoice, Name, Part
from app.schemas.inputs import Input
from app.schemas.text import Line

FunnelSort = Literal["name", "-name", "created_at", "-created_at", "updated_at", "-updated_at"]
Mode = Literal["strict_order", "strict_deduplication", "strict_increase"]
LONGEST_WINDOW = 366 * 86_400


class Step(EventChoice):
    label: Line | None = Field(None, description="What people call it; else the event's name.")


class ByProperty(Part):
    """By a property of the event with which a person first entered."""

    kind: Literal["property"] = Field(description="By what people are told apart.")
    name: Name = Field(description="The property; dots lead into objects.")
    top: int = Field(5, ge=1, le=25, description="The values of the most people; the rest is one.")


class ByTrait(Part):
    """By a trait of the person, as it is now. Those that name a person are sealed, and so are no value here."""

    kind: Literal["trait"] = Field(description="By what people are told apart.")
    name: Name = Field(description="The trait; dots lead into objects.")
    top: int = Field(5, ge=1, le=25, description="The values of the most people; the rest is one.")


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
    breakdown: Annotated[ByProperty | ByTrait, Field(discriminator="kind")] | None = Field(
        None, description="The groups of people to tell apart; null: none."
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


class GroupRead(BaseModel):
    """People who have one value in common. `rest` is everybody whose value is not among the top ones."""

    model_config = ConfigDict(from_attributes=True)

    value: str | None = Field(description="Null where there is none, and for the rest.")
    rest: bool = Field(description="Whether this is the rest.")
    steps: list[StepRead] = Field(description="How far these people got.")


class FunnelResult(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    first_day: date = Field(description="The first of the days.")
    last_day: date = Field(description="The last of the days, included.")
    timezone: str = Field(description="The company's clock, by which the days are counted.")
    steps: list[StepRead] = Field(description="How far everybody got.")
    groups: list[GroupRead] | None = Field(description="The largest first, the rest last; null without one.")
