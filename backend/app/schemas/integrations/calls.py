from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class CallRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The call's id.")
    started_at: datetime = Field(description="When it began, UTC.")
    platform: str = Field(description="The ad platform, such as `meta`.")
    connection_id: UUID | None = Field(description="The connection that it used.")
    ad_account_id: UUID | None = Field(description="The ad account's id here.")
    operation: str = Field(description="What it was for.")
    method: str = Field(description="HTTP method.")
    path: str = Field(description="Path at the platform, without secrets.")
    mutating: bool = Field(description="It changes delivery, spend, bid, targeting or status.")
    permit_id: UUID | None = Field(description="The permit that it used up.")
    attempt: int = Field(description="The first is 1.")
    status: int | None = Field(description="HTTP; null when no answer came.")
    outcome: str = Field(description="What came of it: `ok`, or how it failed.")
    error_code: str | None = Field(description="A stable code of what went wrong.")
    error_message: str | None = Field(description="What the platform said, less what is secret.")
    trace: str | None = Field(description="The platform's own id of the request.")
    duration_ms: int = Field(description="Milliseconds.")
