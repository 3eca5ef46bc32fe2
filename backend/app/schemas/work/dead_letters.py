from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class DeadLetterRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    task: str
    queue: str | None
    payload: dict[str, Any] = Field(description="The ids that the task was given.")
    attempts: int
    error_code: str
    error: str
    enqueued_at: datetime
    created_at: datetime = Field(description="When it was given up.")
    replayed_at: datetime | None
    replayed_as: UUID | None
    discarded_at: datetime | None
