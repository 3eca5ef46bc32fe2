"""Retention: who begins in one period, and in which later ones they come back. Periods are the company's own."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from app.schemas.cdp.breakdowns import Breakdown, ByProperty, GroupHead
from app.schemas.cdp.conditions import Days, EventChoice, Part
from app.schemas.inputs import Input
from app.schemas.text import Line

RetentionSort = Literal["name", "-name", "created_at", "-created_at", "updated_at", "-updated_at"]
PeriodKind = Literal["day", "week", "month"]


class FirstEvent(EventChoice):
    """`first`: a person begins once, with the first of these events that is stored of them.

    `every`: a person begins in each period anew in which they did it, with the first time there.
    """

    kind: Literal["event"] = Field(description="Which it is.")
    occurrence: Literal["first", "every"] = Field("first", description="How often a person begins.")


class FirstSeen(Part):
    """A person begins when they were first seen at all."""

    kind: Literal["first_seen"] = Field(description="Which it is.")


class ReturnEvent(EventChoice):
    kind: Literal["event"] = Field(description="Which it is.")


class AnyEvent(Part):
    """Whatever it is that they do."""

    kind: Literal["any"] = Field(description="Which it is.")


class RetentionDefinition(Part):
    """A cohort is everybody who begins in one period. Weeks begin on Monday.

    `on`: they came back in just that period. `on_or_after`: in it or in a later one that is asked for.
    """

    start: FirstEvent | FirstSeen = Field(discriminator="kind", description="How a person begins.")
    returning: ReturnEvent | AnyEvent = Field(discriminator="kind", description="What it is to come back.")
    period: PeriodKind = Field("week", description="How long a period is.")
    periods: int = Field(8, ge=1, le=60, description="How many periods after the first.")
    counted: Literal["on", "on_or_after"] = Field("on", description="In which periods a return counts.")
    days: Days = Field(description="When people begin.")
    segment_id: UUID | None = Field(
        None, description="Only people who are in this segment now; null: everybody."
    )
    breakdown: Breakdown | None = Field(None, description="The groups of people to tell apart; null: none.")

    @field_validator("breakdown")
    @classmethod
    def _begins_with_an_event(cls, breakdown: Breakdown | None, info: ValidationInfo) -> Breakdown | None:
        if isinstance(breakdown, ByProperty) and isinstance(info.data.get("start"), FirstSeen):
            raise PydanticCustomError(
                "no_event", "Who is first seen begins with no event of a kind: tell people apart by a trait."
            )
        return breakdown


class RetentionCreate(Input):
    name: Line = Field(description="What people call it; each name once.")
    definition: RetentionDefinition = Field(description="What it asks.")


class RetentionPatch(Input):
    name: Line | None = Field(None, description="What people call it; each name once.")
    definition: RetentionDefinition | None = Field(None, description="What it asks.")


class RetentionCompute(Input):
    definition: RetentionDefinition = Field(description="What to ask.")


class RetentionRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="Its id.")
    name: str = Field(description="What people call it.")
    definition: RetentionDefinition = Field(description="What it asks.")
    created_at: datetime = Field(description="When it was saved first.")
    updated_at: datetime = Field(description="When it was last changed.")
    updated_by: str | None = Field(description="Who changed it last; null: nobody who is known.")


class CohortRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    begins_on: date = Field(description="The first day of the cohort's own period.")
    size: int = Field(description="Who began in it.")
    returned: list[int | None] = Field(
        description="People who came back, from period 0, the one they began in (after their first event), on; "
        "null for a period that has not begun."
    )
    complete: int = Field(description="So many of the periods are over: what follows may still grow.")


class Curve(BaseModel):
    """Cohorts taken together, period by period: those alone for which the period is over."""

    model_config = ConfigDict(from_attributes=True)

    people: int = Field(
        description="Who began; somebody who began in several periods counts in each of them."
    )
    returned: list[int] = Field(description="Of `of`, who came back in the period.")
    of: list[int] = Field(description="Who began so long ago that the period is over for them.")
    overall: list[float | None] = Field(description="`returned` by `of`; null where that is nobody.")


class RetentionGroupRead(GroupHead):
    curve: Curve = Field(description="All cohorts of these people together.")


class RetentionResult(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    first_day: date = Field(description="The first of the days.")
    last_day: date = Field(description="The last of the days, included.")
    timezone: str = Field(description="The company's clock, by which the days are counted.")
    period: PeriodKind = Field(description="How long a period is.")
    as_of: datetime = Field(description="When it was asked, UTC; an answer is kept for half a minute.")
    complete: bool = Field(
        description="Whether every period of every cohort is over: else it may still grow."
    )
    curve: Curve = Field(description="All cohorts together.")
    cohorts: list[CohortRead] = Field(description="The oldest first.")
    groups: list[RetentionGroupRead] | None = Field(
        description="The largest first, the rest last; null without one."
    )
