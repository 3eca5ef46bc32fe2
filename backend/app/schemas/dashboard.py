from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class TriageAction(BaseModel):
    label: str = Field(description="What to do, on a button.")
    href: str = Field(description="A page of the dashboard.")


class TriageItem(BaseModel):
    kind: Literal["approval", "incident", "connection", "violation", "set_aside", "first_run", "frozen"] = (
        Field(description="What sort of thing waits.")
    )
    severity: Literal["critical", "warning", "info"] = Field(description="How much it matters.")
    title: str = Field(description="What it is, in words.")
    reason: str = Field(description="Why a person is needed.")
    entity: str | None = Field(description="The kind of thing that it is about.")
    entity_id: UUID | None = Field(description="Which one.")
    action: TriageAction = Field(description="Where it is dealt with.")
    since: datetime | None = Field(description="Since when it waits, UTC.")


class TriageRead(BaseModel):
    """What needs a person, the most urgent first; `counts` by kind."""

    items: list[TriageItem] = Field(description="What waits for a person.")
    counts: dict[str, int] = Field(description="How many of each kind there are in all.")


class Figure(BaseModel):
    """A figure with its source, or the reason why there is none. Money is in micros of `currency`."""

    model_config = ConfigDict(from_attributes=True)

    value: Any = Field(description="The figure; null while it is not known.")
    known: bool = Field(description="Whether it has a source.")
    reason: str | None = Field(description="Why it is not known.")


class SummaryRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    as_of: datetime = Field(description="The domain's now: what evaluations and actions are aged by.")
    health: Figure = Field(description="Signal health of the tenant, 0 to 100.")
    mode: Figure = Field(description="What the autopilot may do.")
    spend_today: Figure = Field(description="Spend of today, in millionths of `currency`.")
    conversion_value_today: Figure = Field(
        description="Conversion value of today as the platforms claim it, in millionths of `currency`."
    )
    events_last_hour: Figure = Field(description="First-party events of the last hour.")
    actions_waiting: Figure = Field(description="Actions that wait for a person.")
    currency: str | None = Field(description="Of the amounts, ISO 4217; null where accounts have several.")
