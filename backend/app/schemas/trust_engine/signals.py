"""Signals with their evidence, as the API shows them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class SignalRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    ad_account_id: UUID
    evaluation_id: UUID
    component: str
    state: str
    score: float | None
    broken: bool
    reason: str
    evidence: dict[str, Any]
    observed_at: datetime
    created_at: datetime
