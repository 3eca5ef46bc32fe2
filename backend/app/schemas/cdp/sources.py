"""Sources of events."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["browser", "server", "mobile"]


SourceSort = Literal["name", "-name", "created_at", "-created_at"]


class SourceCreate(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=120)
    kind: Kind = Field("server", description="Where the code that sends runs.")


class SourcePatch(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(None, min_length=1, max_length=120)
    enabled: bool | None = None


class SourceRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    kind: Kind
    enabled: bool
    write_key_prefix: str
    created_at: datetime
    rotated_at: datetime | None


class SourceWithKey(SourceRead):
    write_key: str = Field(description="Shown this once.")
