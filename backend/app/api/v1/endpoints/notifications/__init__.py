"""What one has been told."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from app.api.deps import CursorParams, ScopeDep
from app.api.ids import NotificationId
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.notifications import NotificationRead, ReadAll, ReadAllDone, UnreadRead
from app.schemas.pages import CursorPage
from app.services.notifications.service import (
    UNREAD_CAP,
    Inbox,
    NotificationKind,
    NotificationSubject,
    Received,
)
from app.services.notifications.wording_rules import worded

router = APIRouter(prefix="/notifications", tags=["notifications"])

Reader = Annotated[Principal, requires("notifications:read")]
Writer = Annotated[Principal, requires("notifications:write")]


async def inbox(scope: ScopeDep, principal: Reader) -> Inbox:
    return Inbox(scope, principal.user_id)


OwnInbox = Annotated[Inbox, Depends(inbox)]


class NotificationFilter(CursorParams):
    unread: bool | None = Field(None, description="Only unread ones, or only read ones.")
    kind: NotificationKind | None = Field(None, description="Only of this kind.")


@router.get("")
async def list_notifications(
    asked: Annotated[NotificationFilter, Query()], own: OwnInbox, _: Reader
) -> CursorPage[NotificationRead]:
    """Your own, newest first."""
    found, cursor = await own.page(
        unread=asked.unread, kind=asked.kind, cursor=asked.cursor, limit=asked.limit
    )
    return CursorPage(items=[_read(each) for each in found], next_cursor=cursor, limit=asked.limit)


@router.get("/unread")
async def count_unread(own: OwnInbox, _: Reader) -> UnreadRead:
    """How many of your own are unread."""
    unread = await own.unread()
    return UnreadRead(unread=min(unread, UNREAD_CAP), is_more=unread > UNREAD_CAP)


@router.post("/{notification_id}/read")
async def read_notification(notification_id: NotificationId, own: OwnInbox, _: Writer) -> NotificationRead:
    """Mark one of your own as read."""
    return _read(await own.read(notification_id))


@router.post("/read-all")
async def read_all_notifications(body: ReadAll, own: OwnInbox, _: Writer) -> ReadAllDone:
    """Mark all of your own as read, or those that had come by a moment."""
    return ReadAllDone(read=await own.read_all(body.until))


def _read(found: Received) -> NotificationRead:
    told = found.notification
    words = worded(
        NotificationKind(told.kind),
        told.facts,
        subject=NotificationSubject(told.subject),
        subject_id=told.subject_id,
        times=told.times,
    )
    return NotificationRead(
        id=told.id,
        kind=told.kind,
        severity=told.severity,
        title=words.title,
        text=words.text,
        subject=told.subject,
        subject_id=told.subject_id,
        room=words.room,
        times=told.times,
        occurred_at=told.occurred_at,
        last_at=told.last_at,
        received_at=found.at,
        read_at=found.read_at,
    )
