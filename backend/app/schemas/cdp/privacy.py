"""Requests for a person's data, or for its end; and how long it is kept."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Kind = Literal["export", "erasure"]


class PrivacyRequestCreate(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Kind
    profile_id: UUID
    reason: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00]*$")]


class StoreRead(BaseModel):
    """What became of one store, or of one platform (`platform:…`)."""

    store: str
    status: Literal["erased", "kept", "impossible"]
    rows: int
    detail: str


class PrivacyRequestRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    kind: Kind
    status: Literal["queued", "running", "done"]
    profile_id: UUID
    reason: str
    requested_by: str
    requested_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None = Field(description="Until when an export can be fetched.")
    steps_done: int
    steps_total: int
    steps: list[StoreRead]


class PrivacyQuery(BaseModel):
    kind: Kind | None = None
    cursor: str | None = Field(None, max_length=200)
    limit: int = Field(50, ge=1, le=200)


class CertificateRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    certificate: dict[str, Any]
    signature: str
    valid: bool = Field(description="Whether it is what was written when the erasure ended.")


class KeepingPut(BaseModel):
    """Null follows the platform's own limit."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    event_days: int | None = Field(None, ge=1, le=3_650)
    verdict_days: int | None = Field(None, ge=1, le=3_650)
    export_hours: int = Field(72, ge=1, le=720)


class KeepingRead(KeepingPut):
    pass
