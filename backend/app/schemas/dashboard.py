from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class TriageAction(BaseModel):
    label: str
    href: str = Field(description="A page of the dashboard.")


class TriageItem(BaseModel):
    kind: Literal["approval", "incident", "connection", "violation", "first_run", "frozen"]
    severity: Literal["critical", "warning", "info"]
    title: str
    reason: str
    entity: str | None
    entity_id: UUID | None
    action: TriageAction
    since: datetime | None


class TriageRead(BaseModel):
    """What needs a person, the most urgent first; `counts` by kind."""

    items: list[TriageItem]
    counts: dict[str, int]


class Figure(BaseModel):
    """A figure with its source, or the reason why there is none. Money is in micros of `currency`."""

    model_config = ConfigDict(from_attributes=True)

    value: Any
    known: bool
    reason: str | None


class SummaryRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    as_of: datetime = Field(description="The domain's now: what evaluations and actions are aged by.")
    health: Figure
    mode: Figure
    spend_today: Figure
    conversion_value_today: Figure
    events_last_hour: Figure
    actions_waiting: Figure
    currency: str | None
