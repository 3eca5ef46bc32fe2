from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class AuditLogRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The entry's id.")
    created_at: datetime = Field(description="When it was done, UTC.")
    action: str = Field(description="What was done, as `<feature>.<verb>`: `api_keys.created`.")
    entity: str = Field(description="The kind of thing that it was done to.")
    entity_id: str | None = Field(description="Which of them.")
    actor_kind: str = Field(description="`user`, `superadmin`, `api_key` or `system`.")
    actor_id: UUID | None = Field(description="Who did it; null for the system.")
    actor_label: str = Field(description="Who did it, in words.")
    ip: str | None = Field(description="The caller's address, as far as configured proxies are believed.")
    user_agent: str | None = Field(description="The caller's program, as it names itself.")
    request_id: str | None = Field(description="The request that did it, as in `X-Request-ID`.")
    before: dict[str, Any] | None = Field(description="What changed, as it was; personal values masked.")
    after: dict[str, Any] | None = Field(description="What changed, as it became; personal values masked.")
