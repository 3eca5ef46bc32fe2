"""Retention: who begins in one period, and in which later ones they come back. Periods are the company's own."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.cdp.conditions import Days, EventChoice, Part
from app.schemas.inputs import Input
from app.schemas.text import Line

RetentionSort = Literal["name", "-name", "created_at", "-created_at", "updated_at", "-updated_at"]
PeriodKind = Literal["day", "week", "month"]


class FirstEvent(EventChoice):
    """A person begins with the first of these events that is stored of them."""

    kind: Literal["event"]


class FirstSeen(Part):
    """A person begins when they were first seen at all."""

    kind: Literal["first_seen"]


class ReturnEvent(EventChoice):
    kind: Literal["event"]


class AnyEvent(Part):
    """Whatever it is that they do."""

    kind: Literal["any"]


class RetentionDefinition(Part):
    """A cohort is everybody who begins in one period. Weeks begin on Monday.

    `on`: they came back in just that period. `on_or_after`: in it or in a later one that is asked for.
    """

    start: Annotated[FirstEvent | FirstSeen, Field(discriminator="kind")]
    returning: Annotated[ReturnEvent | AnyEvent, Field(discriminator="kind")]
    period: PeriodKind = "week"
    periods: Annotated[int, Field(ge=1, le=60, description="How many periods after the first.")] = 8
    counted: Literal["on", "on_or_after"] = "on"
    days: Days


class RetentionCreate(Input):
    name: Line
    definition: RetentionDefinition


class RetentionPatch(Input):
    name: Line | None = None
    definition: RetentionDefinition | None = None


class RetentionCompute(Input):
    definition: RetentionDefinition


class RetentionRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    definition: RetentionDefinition
    created_at: datetime
    updated_at: datetime
    updated_by: str | None


class CohortRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    begins_on: date
    size: int
    returned: list[int | None] = Field(
        description="People who came back, from period 0, the one they began in (after their first event), on; "
        "null for a period that has not begun."
    )
    complete: int = Field(description="So many of the periods are over: what follows may still grow.")


class RetentionResult(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    first_day: date
    last_day: date
    timezone: str
    period: PeriodKind
    cohorts: list[CohortRead]
    overall: list[float | None] = Field(
        description="The share of everybody whose period is over that came back in it; null where it is of none."
    )
