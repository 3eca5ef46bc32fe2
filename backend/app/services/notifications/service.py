"""Telling people: a row in the transaction of what it tells of, and what each of them reads of it.

Nothing leaves here. What is to leave by another way is queued beside it, and is sent after the commit.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from app.core.clock import real_now
from app.core.ids import uuid7
from app.core.metrics import NOTIFICATIONS
from app.db.session import TenantScope
from app.models.notifications import Notification
from app.models.notifications.channels import NotificationWebhook, SlackWorkspace
from app.models.notifications.kinds import (
    Channel,
    DeliveryKind,
    HeldFor,
    NotificationKind,
    NotificationSeverity,
    NotificationSubject,
)
from app.services.notifications.errors import NotificationNotFound
from app.services.notifications.repository import (
    Hearer,
    InboxRepository,
    Message,
    NotificationRepository,
    Received,
)
from app.services.notifications.rules import (
    NATURES,
    Notice,
    bounded,
    choice_of,
    is_critical,
    is_worse,
)
from app.services.notifications.timing_rules import Due, due

__all__ = [
    "Inbox",
    "Notice",
    "NotificationKind",
    "NotificationSeverity",
    "NotificationSubject",
    "Notifications",
    "Received",
]

UNREAD_CAP = 100
"""More than so many are not counted: `unread` answers one more."""


class Notifications:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._rows = NotificationRepository(scope)

    async def tell(self, notice: Notice) -> Notification:
        """Tell everybody whose role may know and who did not mute it; the same within its time is counted."""
        now = self._scope.now()
        known = await self._rows.latest(notice.dedupe_key)
        if known is not None and now < known.joins_until:
            return await self._again(known, notice, now)
        nature = NATURES[notice.kind]
        notification = Notification(
            id=uuid7(),
            kind=notice.kind,
            severity=notice.severity,
            subject=notice.subject,
            subject_id=notice.subject_id,
            facts=bounded(notice.facts),
            dedupe_key=notice.dedupe_key,
            thread=notice.thread or notice.dedupe_key,
            times=1,
            occurred_at=now,
            last_at=now,
            joins_until=now + nature.joins,
        )
        await self._rows.add(notification)
        await self._spread(notification, DeliveryKind.NOTICE)
        NOTIFICATIONS.labels(notice.kind, "told").inc()
        return notification

    async def _again(self, known: Notification, notice: Notice, now: datetime) -> Notification:
        """Count it; mails wait until its time is over, unless it has become worse."""
        worse = is_worse(notice.severity, known.severity)
        known.times += 1
        known.last_at, known.facts = now, bounded(notice.facts)
        known.subject_id = notice.subject_id
        if worse:
            known.severity = notice.severity
        await self._scope.session.flush()
        await self._rows.bring_up_again(known.id, real_now())
        if worse:
            await self._send(known, DeliveryKind.NOTICE, await self._hearers(known))
        elif not await self._rows.waits(known.id):
            pause = known.joins_until - now
            await self._send(known, DeliveryKind.REPEAT, await self._hearers(known), pause=pause)
        NOTIFICATIONS.labels(notice.kind, "joined").inc()
        await self._announce()
        return known

    async def _spread(self, notification: Notification, kind: DeliveryKind) -> None:
        hearers = await self._hearers(notification)
        told = NotificationKind(notification.kind)
        await self._rows.put_into_inboxes(
            notification.id,
            [each.user_id for each in hearers if choice_of(told, each.choices).in_app],
            at=real_now(),
            read_by=self._doer(notification),
        )
        await self._send(notification, kind, hearers)
        await self._announce()

    async def _hearers(self, notification: Notification) -> list[Hearer]:
        return await self._rows.hearers(NATURES[NotificationKind(notification.kind)].permission)

    async def _send(
        self,
        notification: Notification,
        kind: DeliveryKind,
        hearers: Sequence[Hearer],
        *,
        pause: timedelta | None = None,
    ) -> None:
        workspace = await self._rows.slack()
        messages = [
            *_to_people(
                notification,
                hearers,
                pause,
                but_not=self._doer(notification),
                whatsapp_is_on=await self._rows.whatsapp_is_on(),
            ),
            *_slack(notification, workspace, pause),
            *_to_webhook(notification, await self._rows.webhook(), pause),
        ]
        await self._rows.queue(notification.id, kind, messages)
        if any(each.due.at <= real_now() for each in messages):
            await self._scope.enqueue("notifications.send_due", {}, unless_pending=True)

    def _doer(self, notification: Notification) -> UUID | None:
        return self._scope.actor.id if NATURES[NotificationKind(notification.kind)].is_an_act else None

    async def _announce(self) -> None:
        """That there is something new; what it is, each asks for themselves: a stream is a whole company's."""
        await self._scope.announce("notification", {})


class Inbox:
    """What one person has been told."""

    def __init__(self, scope: TenantScope, user_id: UUID) -> None:
        self._rows = InboxRepository(scope, user_id)

    async def page(
        self, *, unread: bool | None, kind: NotificationKind | None, cursor: str | None, limit: int
    ) -> tuple[list[Received], str | None]:
        return await self._rows.page(unread=unread, kind=kind, cursor=cursor, limit=limit)

    async def unread(self) -> int:
        """At most one more than `UNREAD_CAP`."""
        return await self._rows.unread(UNREAD_CAP + 1)

    async def read(self, notification_id: UUID) -> Received:
        await self._rows.read(notification_id, real_now())
        found = await self._rows.one(notification_id)
        if found is None:
            raise NotificationNotFound
        return found

    async def read_all(self, until: datetime | None) -> int:
        """All of them, or those that had come by then; answers how many were unread."""
        now = real_now()
        return await self._rows.read_until(min(until, now) if until else now, now)


def _to_people(
    notification: Notification,
    hearers: Sequence[Hearer],
    pause: timedelta | None,
    *,
    but_not: UUID | None,
    whatsapp_is_on: bool,
) -> Iterator[Message]:
    """By mail and in WhatsApp; by mail instead, where there is no WhatsApp just now.

    Nobody is written to of what they did themselves.
    """
    now, kind = real_now(), NotificationKind(notification.kind)
    for each in hearers:
        if each.user_id == but_not:
            continue
        choice = choice_of(kind, each.choices)
        in_whatsapp = each.in_whatsapp and choice.whatsapp
        at = _due(now, each, notification) if pause is None else _later(now + pause, each)
        if choice.email or (in_whatsapp and not whatsapp_is_on and each.falls_back):
            yield Message(at, Channel.EMAIL, user_id=each.user_id)
        if in_whatsapp and whatsapp_is_on:
            yield Message(at, Channel.WHATSAPP, user_id=each.user_id)


def _due(now: datetime, hearer: Hearer, notification: Notification) -> Due:
    return due(now, hearer.habits, critical=is_critical(notification.severity))


def _later(at: datetime, hearer: Hearer) -> Due:
    """What happened again is no emergency: it keeps to everybody's hours."""
    moment = due(at, hearer.habits, critical=False)
    return Due(moment.at, moment.held_for or HeldFor.REPEAT)


def _slack(
    notification: Notification, workspace: SlackWorkspace | None, pause: timedelta | None
) -> Iterator[Message]:
    if workspace is None or not workspace.enabled:
        return
    whole = {"id": workspace.channel_id, "name": workspace.channel_name} if workspace.channel_id else None
    channel = workspace.by_kind.get(notification.kind, whole)
    if channel is None:
        return
    yield Message(
        _at_once_or_after(pause),
        Channel.SLACK,
        slack_channel=channel["id"],
        slack_channel_name=channel["name"],
    )


def _to_webhook(
    notification: Notification, webhook: NotificationWebhook | None, pause: timedelta | None
) -> Iterator[Message]:
    if webhook is None or not webhook.enabled:
        return
    if webhook.kinds is None or notification.kind in webhook.kinds:
        yield Message(_at_once_or_after(pause), Channel.WEBHOOK)


def _at_once_or_after(pause: timedelta | None) -> Due:
    return Due(real_now()) if pause is None else Due(real_now() + pause, HeldFor.REPEAT)
