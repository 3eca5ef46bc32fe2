"""Links in messages that act."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from app.models.notifications.kinds import LinkVerb, NotificationKind, NotificationSeverity
from app.schemas.inputs import Input
from app.schemas.text import Reason

LinkToken = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"^[A-Za-z0-9_]*$")]


class LinkOpen(Input):
    token: LinkToken = Field(description="From the message's link.")


class LinkAct(Input):
    token: LinkToken = Field(description="From the message's link.")
    verb: LinkVerb = Field(description="What to do.")
    reason: Reason | None = Field(None, description="Why, for those who read it later.")


class ActingLinkRead(BaseModel):
    company: str = Field(description="Whose it is.")
    kind: NotificationKind = Field(description="What it tells of.")
    severity: NotificationSeverity = Field(description="How bad it is.")
    title: str = Field(description="What happened, on one line.")
    text: str = Field(description="More of it; lines are parted by line breaks.")
    room: str = Field(description="The dashboard's address that shows it.")
    occurred_at: datetime = Field(description="When it happened, UTC, by the domain's clock.")
    verbs: list[LinkVerb] = Field(description="What the link may do.")
    person: str | None = Field(description="In whose name; null: in that of whoever is signed in.")
    expires_at: datetime = Field(description="Until when it works, UTC.")
    has_expired: bool = Field(description="It no longer works.")
    used_at: datetime | None = Field(description="When it was used, UTC: it acts once.")
    used_verb: LinkVerb | None = Field(description="What it did.")
    state: str = Field(description="How what it is about stands now; `unknown` where that cannot be told.")
