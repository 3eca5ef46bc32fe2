"""The calendar that the gate reads."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.models.trust_engine.kinds import CalendarKind
from app.schemas.inputs import Input
from app.schemas.text import Line
from app.schemas.times import Moment


class CalendarEntryRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The entry's id.")
    kind: CalendarKind = Field(
        description="Promotion: automation cuts nothing. Change freeze: nothing changes but what is always safe."
    )
    name: str = Field(description="What it is.")
    starts_at: datetime = Field(description="From then on, UTC.")
    ends_at: datetime = Field(description="Before then, UTC.")
    ad_account_id: UUID | None = Field(description="Null: every account.")
    created_by: str = Field(description="Who entered it.")


class CalendarEntryCreate(Input):
    """A time that the gate treats in its own way.

    In a `promotion` unusual figures are expected, and automation cuts nothing by itself. In a `change_freeze` nothing
    changes but what is always safe: a person's pause, the kill switch, a cut that rests on spend alone.
    """

    kind: CalendarKind = Field(
        description="Promotion: automation cuts nothing. Change freeze: nothing changes but what is always safe."
    )
    name: Line = Field(description="What it is.")
    starts_at: Moment = Field(description="From then on, UTC.")
    ends_at: Moment = Field(description="Past the start; the moment itself belongs to what follows.")
    ad_account_id: UUID | None = Field(None, description="For this account alone; left out: for every one.")
