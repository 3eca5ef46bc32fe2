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
    label: Annotated[Line | None, Field(description="What people call it; else the event's name.")] = None


class ByProperty(Part):
    """By a property of the event with which a person first entered."""

    kind: Literal["property"]
    name: Name
    top: Annotated[int, Field(ge=1, le=25, description="The values of the most people; the rest is one.")] = 5


class ByTrait(Part):
    """By a trait of the person, as it is now. Those that name a person are sealed, and so are no value here."""

    kind: Literal["trait"]
    name: Name
    top: Annotated[int, Field(ge=1, le=25)] = 5


class FunnelDefinition(Part):
    """Who enters within `days` has the whole window to go on, past their end too.

    `modes` combine. `strict_order`: any other event of the person ends the chain. `strict_deduplication`: so does a
    step that was reached before. `strict_increase`: each step is later than the one before.
    """

    steps: Annotated[list[Step], Field(min_length=2, max_length=10)]
    window_seconds: Annotated[int, Field(ge=1, le=LONGEST_WINDOW)] = 7 * 86_400
    modes: Annotated[tuple[Mode, ...], Field(max_length=3)] = ()
    days: Days
    breakdown: Annotated[ByProperty | ByTrait, Field(discriminator="kind")] | None = None

    @field_validator("modes")
    @classmethod
    def _each_once(cls, modes: tuple[Mode, ...]) -> tuple[Mode, ...]:
        return tuple(sorted(set(modes)))


class FunnelCreate(Input):
    name: Line
    definition: FunnelDefinition


class FunnelPatch(Input):
    name: Line | None = None
    definition: FunnelDefinition | None = None


class FunnelCompute(Input):
    definition: FunnelDefinition


class FunnelRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    definition: FunnelDefinition
    created_at: datetime
    updated_at: datetime
    updated_by: str | None


class Duration(BaseModel):
    """Seconds that people took."""

    model_config = ConfigDict(from_attributes=True)

    median: float
    p90: float


class StepRead(BaseModel):
    """Times are those of each person's first arrival at this step, by the shortest way there."""

    model_config = ConfigDict(from_attributes=True)

    label: str
    people: int
    share_of_first: float | None = Field(description="Of those who entered; null where nobody did.")
    share_of_previous: float | None = Field(description="Of those at the step before.")
    dropped: int = Field(description="Who got to the step before and no further.")
    from_first: Duration | None
    from_previous: Duration | None


class GroupRead(BaseModel):
    """People who have one value in common. `rest` is everybody whose value is not among the top ones."""

    model_config = ConfigDict(from_attributes=True)

    value: str | None = Field(description="Null where there is none, and for the rest.")
    rest: bool
    steps: list[StepRead]


class FunnelResult(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    first_day: date
    last_day: date
    timezone: str
    steps: list[StepRead]
    groups: list[GroupRead] | None = Field(description="The largest first, the rest last; null without one.")
