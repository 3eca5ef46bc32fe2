"""Sources of events."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.inputs import Input
from app.schemas.pages import Page
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


class VolumeQuery(BaseModel):
    by: Literal["hour", "day"] = Field("hour", description="The width of a bucket; days are UTC's.")
    buckets: int = Field(48, ge=1, le=744, description="How many of them, the running one included.")


class BucketRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    at: datetime = Field(description="When it begins, UTC.")
    accepted: int = Field(description="Events stored.")
    duplicates: int = Field(description="Events that had arrived before.")
    rejected: int = Field(description="Events that break a rule.")
    complete: bool = Field(description="It is over: its numbers stand.")


class VolumeRead(BaseModel):
    source_id: UUID = Field(description="The source's id.")
    by: Literal["hour", "day"] = Field(description="The width of a bucket.")
    buckets: list[BucketRead] = Field(
        description="The earliest first; none is from before the source was made."
    )


ValueType = Literal["text", "number", "yes_no", "time", "list", "nothing", "personal"]


class TypeRead(BaseModel):
    type: ValueType = Field(description="What sort of value it was; `personal` is taken out and sealed.")
    events: int = Field(description="In how many events of the sample.")
    first_at: datetime = Field(description="The first of them, UTC.")
    last_at: datetime = Field(description="The last of them, UTC.")


class PropertyRead(BaseModel):
    name: str = Field(description="Its name; of nested objects with dots.")
    sampled_in: int = Field(description="How many events of the sample had it.")
    share: float = Field(ge=0, le=1, description="The same as a share of the sample.")
    types: list[TypeRead] = Field(description="The types that its values had, the most frequent first.")
    examples: list[str | int | float | bool] = Field(
        description="Values that at least two people sent lately, at most three; none where there is no such value."
    )


class DriftRead(BaseModel):
    """What is other than it was."""

    model_config = ConfigDict(from_attributes=True)

    kind: Literal["new_event", "stopped", "type_changed"] = Field(
        description="A name not seen before today, one that comes no more, or a property of another type."
    )
    since: datetime = Field(description="Since when, as far as is known, UTC.")
    property: str | None = Field(description="Which property.")
    before: ValueType | None = Field(description="The type that it had.")
    now: ValueType | None = Field(description="The type that came to it.")
    usual_days: int | None = Field(description="Days that never passed before without this event.")


class KindOfEventRead(BaseModel):
    event_type: str = Field(description="`track`, `identify`, `page`, `screen`, `group` or `alias`.")
    event_name: str = Field(description="What happened, in the sender's words.")
    events: int = Field(description="How many were stored, exactly.")
    first_at: datetime = Field(description="When the first was received, UTC.")
    last_at: datetime = Field(description="When the last was received, UTC.")
    days: dict[date, int] = Field(description="How many by day (UTC), of the last sixty that had any.")
    sampled: int = Field(description="How many of them the properties are known from.")
    properties: list[PropertyRead] = Field(description="What is said with it; the most frequent first.")
    properties_left_out: bool = Field(description="It has more than the hundred properties that are kept.")
    drift: list[DriftRead] = Field(description="What is other than it was.")


class SourceSchemaRead(Page[KindOfEventRead]):
    names: int = Field(description="Kinds of events that are kept of this source.")
    most_names: int = Field(description="As many are kept; a name unseen for ninety days makes room.")
    drifting: int = Field(description="How many of them are other than they were.")
    events_beyond: int = Field(description="Events under more names than that: counted, and not told apart.")
