"""Files of people or events that are handed in."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.inputs import Input
from app.schemas.text import NO_NUL

ImportKind = Literal["people", "events"]
ImportStatus = Literal["uploading", "draft", "queued", "running", "done", "cancelled", "failed", "expired"]
Target = Literal[
    "ignore",
    "user_id",
    "email",
    "phone",
    "anonymous_id",
    "device_id",
    "trait",
    "traits",
    "property",
    "properties",
    "consent",
    "event",
    "time",
    "message_id",
]
ValueType = Literal["text", "number", "boolean", "json", "as_is"]
Separator = Literal["comma", "semicolon", "tab", "bar"]


class ImportCreate(BaseModel):
    name: str = Field(min_length=1, max_length=200, pattern=NO_NUL, description="The file's name.")
    kind: ImportKind = Field(
        description="Whether each row is a person (an `identify`) or an event (a `track`)."
    )
    separator: Separator | None = Field(
        None, description="What separates a CSV file's columns; left out, it is told from the header."
    )


class ColumnPlan(Input):
    """What becomes of one column."""

    column: str = Field(max_length=500, pattern=NO_NUL, description="The column's name, as the file has it.")
    to: Target = Field(
        description="An identifier, `trait` or `property` (named by `name`), `traits` or `properties` (an object of "
        "them), `consent` (to the purpose `name`), the event's name, its time, its id, or nothing."
    )
    name: str | None = Field(
        None, min_length=1, max_length=200, pattern=NO_NUL, description="The trait, property or purpose."
    )
    type: ValueType = Field(
        "text", description="How a trait's or property's text is read; `as_is` keeps what JSON says."
    )


class ImportPlan(Input):
    """How a file is read."""

    columns: list[ColumnPlan] = Field(max_length=200, description="What becomes of each column.")
    event_name: str | None = Field(
        None,
        min_length=1,
        max_length=500,
        pattern=NO_NUL,
        description="The name of events whose row names none.",
    )
    timezone: str = Field(
        "UTC", max_length=64, description="Where times without a zone are from, such as `Europe/Berlin`."
    )
    date_order: Literal["ymd", "dmy", "mdy"] = Field(
        "ymd", description="`ymd`: times are ISO 8601; else also 31.01.2026 or 01/31/2026, in that order."
    )
    decimal_comma: bool = Field(default=False, description="Numbers are written 1.234,56.")


class ImportRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The import's id.")
    name: str = Field(description="The file's name.")
    kind: ImportKind = Field(description="People or events.")
    format: Literal["csv", "json"] = Field(description="How the file is written.")
    status: ImportStatus = Field(
        description="`draft` waits for its plan, `queued` for another import; nothing is taken in before `running`."
    )
    columns: list[str] = Field(description="The file's columns.")
    plan: ImportPlan = Field(description="How it is read; proposed until it is started.")
    size_bytes: int = Field(description="Bytes of the file.")
    rows_total: int = Field(description="Rows of the file, without the header.")
    rows_read: int = Field(description="Rows that are dealt with.")
    accepted: int = Field(description="Rows that are stored.")
    duplicates: int = Field(description="Rows whose event had been stored before, by its id.")
    rejected: int = Field(description="Rows that were not stored.")
    error: str | None = Field(description="Why it failed.")
    created_at: datetime = Field(description="When it was uploaded, UTC.")
    created_by: str = Field(description="Who uploaded it.")
    started_at: datetime | None = Field(description="When it was started, UTC.")
    finished_at: datetime | None = Field(description="When it ended, UTC.")
    expires_at: datetime | None = Field(
        description="Until when the file waits, or the rejected rows can be had, UTC."
    )


class RowFaultRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    row: int = Field(description="The row, as a spreadsheet counts: a header is row 1.")
    column: str = Field(description="The column; `row` where it is about the whole.")
    message: str = Field(description="What is wrong, and how to mend it.")
    code: str = Field(description="The same as a stable word.")


class RowRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    row: int = Field(description="The row.")
    event: str = Field(description="The event's name; `identify` for a person.")
    at: datetime = Field(description="When it counts as said or done, UTC.")
    identifiers: dict[str, str] = Field(description="Whom it names.")
    values: dict[str, Any] = Field(description="Traits, or an event's properties.")
    consents: dict[str, bool] = Field(description="What it allows (true) or refuses.")


class ImportPreview(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    checked: int = Field(description="Rows that were looked at: the first of the file.")
    rows: list[RowRead] = Field(description="The first rows as they will be read.")
    fault_count: int = Field(description="Rows among those looked at that will be rejected.")
    faults: list[RowFaultRead] = Field(description="Why, the first of them.")
