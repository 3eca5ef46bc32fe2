from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.schemas.inputs import Input
from app.schemas.text import Line
from app.schemas.times import Moment

Permission = Annotated[str, StringConstraints(pattern=r"^[a-z_.]+:[a-z]+$", max_length=80)]


ApiKeySort = Literal[
    "name", "-name", "created_at", "-created_at", "expires_at", "-expires_at", "last_used_at", "-last_used_at"
]


class ApiKeyCreate(Input):
    name: Line
    scopes: list[Permission] = Field(min_length=1, max_length=100, description="Permissions, `area:verb`.")
    expires_at: Moment | None = None


class ApiKeyRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    prefix: str = Field(description="Enough of the key to recognise it.")
    scopes: list[str]
    created_by: UUID
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class ApiKeyCreated(ApiKeyRead):
    key: str = Field(description="The key itself: it is shown this once.")
