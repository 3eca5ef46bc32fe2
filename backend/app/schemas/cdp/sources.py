"""Sources of events."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.inputs import Input
from app.schemas.text import Line

Kind = Literal["browser", "server", "mobile"]


SourceSort = Literal["name", "-name", "created_at", "-created_at"]


class SourceCreate(Input):
    name: Line = Field(max_length=120, description="What sends: `Web shop`.")
    kind: Kind = Field("server", description="Where the code that sends runs.")


class SourcePatch(Input):
    name: Line | None = Field(None, max_length=120, description="What sends: `Web shop`.")
    enabled: bool | None = Field(None, description="Off: what it sends is refused with 404.")


class SourceRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The source's id.")
    name: str = Field(description="What sends.")
    kind: Kind = Field(description="What sort of sender it is.")
    enabled: bool = Field(description="Off: what it sends is refused with 404.")
    write_key_prefix: str = Field(description="The beginning of its write key, to know it by.")
    created_at: datetime = Field(description="When it was made, UTC.")
    rotated_at: datetime | None = Field(description="When its key was last exchanged, UTC.")


class SourceWithKey(SourceRead):
    write_key: str = Field(description="Shown this once.")
