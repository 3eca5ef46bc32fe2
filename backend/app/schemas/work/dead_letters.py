from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class DeadLetterRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The dead letter's id.")
    task: str = Field(description="The task's name.")
    queue: str | None = Field(description="The queue that it ran on.")
    payload: dict[str, Any] = Field(description="The ids that the task was given.")
    attempts: int = Field(description="How often it was tried.")
    error_code: str = Field(description="A stable code of what went wrong.")
    error: str = Field(description="What went wrong the last time, in words.")
    enqueued_at: datetime = Field(description="When it was asked for, UTC.")
    created_at: datetime = Field(description="When it was given up.")
    replayed_at: datetime | None = Field(description="When it was run again, UTC.")
    replayed_as: UUID | None = Field(description="The task that it was run again as.")
    discarded_at: datetime | None = Field(description="When it was discarded, UTC.")
