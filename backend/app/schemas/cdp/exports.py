"""Files of people or events that are taken away."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.cdp.consents import PurposeName
from app.schemas.inputs import Input
from app.schemas.text import NO_NUL
from app.schemas.times import Moment

What = Literal["people", "events"]
ExportStatus = Literal["queued", "running", "done", "cancelled", "failed", "expired", "ended"]
Holds = Literal["plain", "sha256", "clear"]
Column = Annotated[str, Field(min_length=1, max_length=220, pattern=NO_NUL)]
_Text = Annotated[str, Field(max_length=500, pattern=NO_NUL)]


class Selection(Input):
    """Who or what is in; everything that is given has to hold."""

    lifecycle: Literal["anonymous", "known", "customer", "churned"] | None = Field(
        None, description="People in this stage."
    )
    trait: Annotated[str, Field(min_length=1, max_length=200, pattern=NO_NUL)] | None = Field(
        None, description="People who have this trait, with `value`."
    )
    value: _Text | None = Field(None, description="The trait's value.")
    event: _Text | None = Field(None, description="Events of this name.")
    since: Moment | None = Field(None, description="Events that happened then or later.")
    until: Moment | None = Field(None, description="Events that happened before.")


class ExportCreate(Input):
    name: str = Field(min_length=1, max_length=120, pattern=NO_NUL, description="What the file is called.")
    what: What = Field(description="People, a row each, or what they did.")
    format: Literal["csv", "jsonl"] = Field("csv", description="CSV, or JSON Lines.")
    columns: list[Column] = Field(
        min_length=1,
        max_length=100,
        description="In this order: those of `/columns`, and `trait:…`, `computed:…` or `property:…` by name.",
    )
    segment_id: UUID | None = Field(None, description="Only people who are in this segment.")
    selection: Selection = Field(
        default_factory=Selection, description="Who or what is in; empty: everything."
    )
    purpose: PurposeName | None = Field(
        None,
        description="Only people who allow this, by the rules of consent: `ads` for what goes to platforms.",
    )
    raw: bool = Field(
        default=False,
        description="Identifiers and personal traits in the clear; needs `cdp.profiles.personal:read` and a reason.",
    )
    reason: Annotated[str, Field(min_length=3, max_length=500, pattern=NO_NUL)] | None = Field(
        None, description="Why in the clear; it is kept in the audit log."
    )
    keep_days: int = Field(7, ge=1, le=30, description="Days that the file can be fetched.")


class ColumnRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    name: str = Field(description="The column's name.")
    holds: Holds = Field(
        description="`plain` names nobody, `sha256` is a hash of the normal form, `clear` is as it was sent."
    )
    description: str = Field(description="What it is, in words.")


class ColumnsQuery(BaseModel):
    what: What = Field(description="Of which export.")
    raw: bool = Field(default=False, description="As they are in the clear.")


class ColumnsRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    columns: list[ColumnRead] = Field(
        description="Those that there are, with the traits of the people who came last."
    )


class ExportRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The export's id.")
    name: str = Field(description="What the file is called.")
    what: What = Field(description="People or events.")
    format: Literal["csv", "jsonl"] = Field(description="How the file is written.")
    status: ExportStatus = Field(
        description="`ended`: somebody in it was erased; `expired`: its time was up. Both files are deleted."
    )
    columns: list[ColumnRead] = Field(description="What each column is.")
    selection: dict[str, str] = Field(description="Who or what is in.")
    purpose: PurposeName | None = Field(description="What those in it allow.")
    raw: bool = Field(description="Whether identifiers are in the clear.")
    reason: str | None = Field(description="Why.")
    created_at: datetime = Field(description="When it was asked for, UTC.")
    created_by: str = Field(description="Who asked.")
    point: datetime | None = Field(
        description="The moment at which who is in was fixed, or before which events were received, UTC. What is said "
        "of a person is as it stood when their row was written, at that moment or later."
    )
    rows_total: int | None = Field(description="Rows to look at; null where that is not known.")
    rows_read: int = Field(description="Rows that were looked at.")
    rows_written: int = Field(description="Rows of the file.")
    size_bytes: int = Field(description="Bytes of the file.")
    downloads: int = Field(description="How often it was fetched.")
    error: str | None = Field(description="Why it failed.")
    finished_at: datetime | None = Field(description="When it ended, UTC.")
    expires_at: datetime | None = Field(description="Until when it can be fetched, UTC.")


class DownloadLinkCreate(Input):
    minutes: int = Field(
        60, ge=1, le=10_080, description="How long the link works, never longer than the file."
    )


class DownloadLinkRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    path: str = Field(description="The address below this host: whoever has it can fetch the file.")
    expires_at: datetime = Field(description="Until when, UTC.")


class LinkQuery(BaseModel):
    token: Annotated[str, Field(max_length=300, pattern=NO_NUL)] = Field(description="From the link.")
