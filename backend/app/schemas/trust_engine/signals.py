"""Signals with their evidence, as the API shows them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class SignalRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The signal's id.")
    ad_account_id: UUID = Field(description="The ad account's id here.")
    evaluation_id: UUID = Field(description="The evaluation that it belongs to.")
    component: str = Field(description="What was measured.")
    state: str = Field(description="`good`, `bad`, `unknown` or `absent`.")
    score: float | None = Field(description="0 to 100; null while it is unknown.")
    broken: bool = Field(description="An invariant is broken: it vetoes whatever the score says.")
    reason: str = Field(description="Why it is so, in words.")
    evidence: dict[str, Any] = Field(description="What it rests on, by name: figures, times and shares.")
    observed_at: datetime = Field(description="The moment that it speaks of, UTC.")
    created_at: datetime = Field(description="When it was written down, UTC.")
