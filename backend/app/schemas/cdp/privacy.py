"""Requests for a person's data, or for its end; and how long it is kept."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.schemas.inputs import Input
from app.schemas.text import NO_NUL

Kind = Literal["export", "erasure"]


Law = Literal["gdpr", "ccpa"]


class PrivacyRequestCreate(Input):
    kind: Kind = Field(description="A copy of everything, or the end of it.")
    profile_id: UUID = Field(description="Whose data.")
    reason: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=NO_NUL)] = Field(
        description="Why, for those who have to show it later."
    )
    law: Law | None = Field(
        None,
        description="The law whose time it has to be answered in; the one of the person's country if left out, "
        "the GDPR where that is not known.",
    )


class StoreRead(BaseModel):
    """What became of one store, or of one platform or audience there (`platform:…`, `audience:…`)."""

    store: str = Field(description="Which store or platform.")
    status: Literal["erased", "kept", "impossible", "told", "waiting", "untold"] = Field(
        description=(
            "`erased`, `kept` (for the reason told) or `impossible` there; of a webhook: `told`, `waiting` (it has not "
            "acknowledged it yet) or `untold` (it is switched off)."
            " An audience is `waiting` until its platform has taken the person out."
        )
    )
    rows: int = Field(description="Rows that it came to.")
    detail: str = Field(description="What was done, or why not, in words.")


class PrivacyRequestRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The request's id.")
    kind: Kind = Field(description="A copy of everything, or the end of it.")
    status: Literal["queued", "running", "done", "proposed", "dismissed", "overtaken"] = Field(
        description=(
            "How far it is. Of what is `proposed` nothing is done until somebody confirms it; `overtaken`: another "
            "request has erased the person meanwhile."
        )
    )
    profile_id: UUID = Field(description="Whose data.")
    reason: str = Field(description="Why it was asked for.")
    requested_by: str = Field(description="Who asked.")
    requested_at: datetime = Field(description="When, UTC.")
    law: Law = Field(description="The law whose time it has to be answered in.")
    due_at: datetime = Field(
        description="By when, UTC: a month after it was asked for (GDPR), or 45 days (CCPA)."
    )
    overdue: bool = Field(description="That time is past, and it is not done.")
    finished_at: datetime | None = Field(description="When it was done, dismissed or overtaken, UTC.")
    expires_at: datetime | None = Field(description="Until when an export can be fetched.")
    steps_done: int = Field(description="Stores that are dealt with.")
    steps_total: int = Field(description="Stores that there are.")
    steps: list[StoreRead] = Field(description="What became of each of them.")


class PrivacyQuery(BaseModel):
    kind: Kind | None = Field(None, description="Only exports, or only erasures.")
    cursor: str | None = Field(
        None, max_length=200, description="The `next_cursor` of the page before; left out for the first page."
    )
    limit: int = Field(50, ge=1, le=200, description="Rows of a page, at most.")


class CertificateRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    certificate: dict[str, Any] = Field(description="What was erased where, store by store, and when.")
    signature: str = Field(description="Over the certificate, in hexadecimal.")
    valid: bool = Field(description="Whether it is what was written when the erasure ended.")


class KeepingPut(Input):
    """Null follows the platform's own limit."""

    model_config = ConfigDict(from_attributes=True)

    event_days: int | None = Field(None, ge=1, le=3_650, description="Days that events are kept.")
    verdict_days: int | None = Field(None, ge=1, le=3_650, description="Days that refused events are kept.")
    export_hours: int = Field(72, ge=1, le=720, description="Hours that an export can be fetched.")


class KeepingRead(KeepingPut):
    pass
