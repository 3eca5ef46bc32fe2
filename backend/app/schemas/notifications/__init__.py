"""Notifications, as the API shows them."""

from datetime import datetime
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from app.models.notifications.kinds import NotificationKind, NotificationSeverity, NotificationSubject
from app.schemas.inputs import Input

_KIND = "What is told of."


class NotificationRead(BaseModel):
    id: UUID = Field(description="The notification's id.")
    kind: NotificationKind = Field(description=_KIND)
    severity: NotificationSeverity = Field(description="`critical` waits for no quiet hours.")
    title: str = Field(description="What happened, on one line.")
    text: str = Field(description="More of it; lines are parted by line breaks.")
    subject: NotificationSubject = Field(description="What it is about.")
    subject_id: UUID | None = Field(description="Its id; null for what has none.")
    room: str = Field(description="The dashboard's address that shows it.")
    times: int = Field(description="How often it happened; more than one were told as one.")
    occurred_at: datetime = Field(description="When it happened first, UTC, by the domain's clock.")
    last_at: datetime = Field(description="When it happened last, UTC, by the domain's clock.")
    received_at: datetime = Field(description="When it came into the inbox, UTC.")
    read_at: datetime | None = Field(description="When it was read, UTC; null while it is not.")


class UnreadRead(BaseModel):
    unread: int = Field(description="How many are unread; at most 100 are counted.")
    is_more: bool = Field(description="There are more than `unread` says.")


class ReadAll(Input):
    until: AwareDatetime | None = Field(
        None, description="Only those that had come by then; null for all of them."
    )


class ReadAllDone(BaseModel):
    read: int = Field(description="How many were unread until now.")
