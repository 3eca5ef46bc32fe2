"""Incidents, as the API shows them."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

IncidentStatusName = Literal["open", "acknowledged", "closed"]


class IncidentNote(BaseModel):
    at: datetime
    note: str


class IncidentRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    ad_account_id: UUID | None
    kind: str
    subject: str
    severity: str
    status: str
    sentence: str
    mend: str | None
    evidence: dict[str, Any]
    timeline: list[IncidentNote]
    opened_at: datetime
    updated_at: datetime
    acknowledged_by: str | None
    closed_at: datetime | None
