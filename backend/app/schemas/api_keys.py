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
    name: Line = Field(description="What the key is for.")
    scopes: list[Permission] = Field(min_length=1, max_length=100, description="Permissions, `area:verb`.")
    expires_at: Moment | None = Field(None, description="When it stops working, UTC; null: never.")


class ApiKeyRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The key's id.")
    name: str = Field(description="What the key is for.")
    prefix: str = Field(description="Enough of the key to recognise it.")
    scopes: list[str] = Field(description="The permissions that it has, at most its maker's.")
    created_by: UUID = Field(description="The person who made it.")
    created_at: datetime = Field(description="When it was made, UTC.")
    expires_at: datetime | None = Field(description="When it stops working, UTC; null: never.")
    last_used_at: datetime | None = Field(description="When it last authenticated, to the minute, UTC.")
    revoked_at: datetime | None = Field(description="Since when it no longer works, UTC.")


class ApiKeyCreated(ApiKeyRead):
    key: str = Field(description="The key itself: it is shown this once.")
