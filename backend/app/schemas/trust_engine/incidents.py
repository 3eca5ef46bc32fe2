"""Incidents, as the API shows them."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

IncidentStatusName = Literal["open", "acknowledged", "closed"]


class IncidentNote(BaseModel):
    at: datetime = Field(description="When, UTC.")
    note: str = Field(description="What happened, in words.")


class IncidentRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The incident's id.")
    ad_account_id: UUID | None = Field(description="The ad account's id here; null for the whole tenant.")
    kind: str = Field(description="What sort of thing is wrong.")
    subject: str = Field(description="What of the account it is about: a component, an entity.")
    severity: str = Field(description="`warning` or `critical`.")
    status: str = Field(description="`open`, `acknowledged` or `closed`.")
    sentence: str = Field(description="What is wrong, in words.")
    mend: str | None = Field(description="What to do about it, in words.")
    evidence: dict[str, Any] = Field(description="What it rests on, by name: figures, times and shares.")
    timeline: list[IncidentNote] = Field(description="What happened since, oldest first.")
    opened_at: datetime = Field(description="When it was opened, UTC.")
    updated_at: datetime = Field(description="When anything was last known of it, UTC.")
    acknowledged_by: str | None = Field(description="Who has seen it.")
    closed_at: datetime | None = Field(description="When it was right again, UTC.")
