"""Retention: who begins in one period, and in which later ones they come back. Periods are the company's own."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.cdp.conditions import Days, EventChoice, Part
from app.schemas.inputs import Input
from app.schemas.text import Line

RetentionSort = Literal["name", "-name", "created_at", "-created_at", "updated_at", "-updated_at"]
PeriodKind = Literal["day", "week", "month"]


class FirstEvent(EventChoice):
    """A person begins with the first of these events that is stored of them."""

    kind: Literal["event"] = Field(description="Which it is.")


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


class RetentionResult(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    first_day: date = Field(description="The first of the days.")
    last_day: date = Field(description="The last of the days, included.")
    timezone: str = Field(description="The company's clock, by which the days are counted.")
    period: PeriodKind = Field(description="How long a period is.")
    cohorts: list[CohortRead] = Field(description="The oldest first.")
    overall: list[float | None] = Field(
        description="The share of everybody whose period is over that came back in it; null where it is of none."
    )
