from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class CallRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    started_at: datetime
    platform: str
    connection_id: UUID | None
    ad_account_id: UUID | None
    operation: str
    method: str
    path: str
    mutating: bool
    permit_id: UUID | None
    attempt: int
    status: int | None = Field(description="HTTP; null when no answer came.")
    outcome: str
    error_code: str | None
    error_message: str | None
    trace: str | None = Field(description="The platform's own id of the request.")
    duration_ms: int
