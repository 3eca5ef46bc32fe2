from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from app.auth.permissions import PERMISSIONS
from app.core.ids import uuid7
from app.db.locks import one_after_another
from app.db.session import TenantScope
from app.db.utils import decode_cursor, encode_cursor
from app.models.notifications import Notification, NotificationReceipt
from app.models.notifications.channels import NotificationDelivery, NotificationWebhook, SlackWorkspace
from app.models.notifications.kinds import (
    Channel,
    DeliveryKind,
    DeliveryStatus,
    Digest,
    NotificationKind,
    WhatsAppConsentState,
)
from app.models.notifications.preferences import NotificationPreferences
from app.models.notifications.whatsapp import WhatsAppAccount, WhatsAppPerson
from app.models.tenants import Membership, Tenant
from app.models.users import User
from app.services.notifications.timing_rules import Due, Habits

_WAITING = (DeliveryStatus.QUEUED, DeliveryStatus.FAILED, DeliveryStatus.SENDING)


@dataclass(frozen=True, slots=True)
class Hearer:
    """A member who may hear of something, and how they wish to."""

    user_id: UUID
    choices: Mapping[str, Mapping[str, bool]]
    habits: Habits
    in_whatsapp: bool = False
    """They have agreed to be written to there."""
    falls_back: bool = True
    """What WhatsApp cannot bring comes by mail."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is to leave: to a person's mailbox or phone, into a channel of Slack, or to the company's webhook."""

    due: Due
    channel: Channel
    user_id: UUID | None = None
    slack_channel: str | None = None
    slack_channel_name: str | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """A notification as one person has it."""

    notification: Notification
    at: datetime
    read_at: datetime | None


class NotificationRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._session = scope.session

    async def latest(self, key: str) -> Notification | None:
        """The last one under the key, locked; who tells the same at once waits here."""
        await one_after_another(self._scope, f"notification:{key}")
        statement = (
            select(Notification)
            .where(Notification.dedupe_key == key)
            .order_by(Notification.occurred_at.desc(), Notification.id.desc())
            .limit(1)
            .with_for_update()
        )
        return (await self._session.scalars(statement)).one_or_none()

    async def add(self, notification: Notification) -> None:
        self._session.add(notification)
        await self._session.flush()

    async def hearers(self, permission: str) -> list[Hearer]:
        """Every active member whose role grants the permission, in one statement."""
        roles = [str(role) for role in PERMISSIONS[permission]]
        statement = (
            select(User.id, NotificationPreferences, Tenant.timezone, WhatsAppPerson)
            .join(Membership, Membership.user_id == User.id)
            .join(Tenant, Tenant.id == Membership.tenant_id)
            .outerjoin(NotificationPreferences, NotificationPreferences.user_id == User.id)
            .outerjoin(
                WhatsAppPerson,
                and_(
                    WhatsAppPerson.user_id == User.id,
                    WhatsAppPerson.state == WhatsAppConsentState.CONFIRMED,
                ),
            )
            .where(
                Membership.is_active,
                User.is_active,
                User.email_verified_at.is_not(None),
                or_(Membership.role.in_(roles), User.is_superadmin),
            )
            .order_by(User.id)
        )
        found = await self._session.execute(statement)
        return [_hearer(user_id, own, zone, written_to) for user_id, own, zone, written_to in found]

    async def put_into_inboxes(
        self, notification_id: UUID, people: Collection[UUID], *, at: datetime, read_by: UUID | None
    ) -> None:
        """A receipt each; who did it themselves has read it."""
        rows = [
            {
                "tenant_id": self._scope.tenant_id,
                "id": uuid7(),
                "notification_id": notification_id,
                "user_id": user_id,
                "at": at,
                "read_at": at if user_id == read_by else None,
            }
            for user_id in people
        ]
        if rows:
            await self._session.execute(insert(NotificationReceipt).on_conflict_do_nothing(), rows)

    async def bring_up_again(self, notification_id: UUID, at: datetime) -> None:
        """On top of each inbox that has it, and unread."""
        await self._session.execute(
            update(NotificationReceipt)
            .where(NotificationReceipt.notification_id == notification_id)
            .values(at=at, read_at=None)
        )

    async def queue(self, notification_id: UUID, kind: DeliveryKind, messages: Iterable[Message]) -> None:
        rows = [
            {
                "tenant_id": self._scope.tenant_id,
                "id": uuid7(),
                "notification_id": notification_id,
                "kind": kind,
                "channel": each.channel,
                "user_id": each.user_id,
                "slack_channel": each.slack_channel,
                "slack_channel_name": each.slack_channel_name,
                "status": DeliveryStatus.QUEUED,
                "held_for": each.due.held_for,
                "due_at": each.due.at,
            }
            for each in messages
        ]
        if rows:
            await self._session.execute(insert(NotificationDelivery), rows)

    async def waits(self, notification_id: UUID) -> bool:
        """Whether something of it is still to leave."""
        found = await self._session.scalar(
            select(NotificationDelivery.id)
            .where(
                NotificationDelivery.notification_id == notification_id,
                NotificationDelivery.status.in_(_WAITING),
            )
            .limit(1)
        )
        return found is not None

    async def slack(self) -> SlackWorkspace | None:
        return (await self._session.scalars(select(SlackWorkspace))).one_or_none()

    async def whatsapp_is_on(self) -> bool:
        """Whether a number is connected, and switched on."""
        found = await self._session.scalar(select(WhatsAppAccount.id).where(WhatsAppAccount.enabled))
        return found is not None

    async def webhook(self) -> NotificationWebhook | None:
        return (await self._session.scalars(select(NotificationWebhook))).one_or_none()


class InboxRepository:
    def __init__(self, scope: TenantScope, user_id: UUID) -> None:
        self._session = scope.session
        self._user_id = user_id

    async def page(
        self, *, unread: bool | None, kind: NotificationKind | None, cursor: str | None, limit: int
    ) -> tuple[list[Received], str | None]:
        statement = self._own()
        if unread is not None:
            is_unread = NotificationReceipt.read_at.is_(None)
            statement = statement.where(is_unread if unread else ~is_unread)
        if kind is not None:
            statement = statement.where(Notification.kind == kind)
        if cursor:
            at, receipt_id = decode_cursor(cursor)
            later = (NotificationReceipt.at < at) | (
                (NotificationReceipt.at == at) & (NotificationReceipt.id < receipt_id)
            )
            statement = statement.where(later)
        statement = statement.order_by(NotificationReceipt.at.desc(), NotificationReceipt.id.desc())
        rows = (await self._session.execute(statement.limit(limit + 1))).all()
        shown = [
            Received(notification, receipt.at, receipt.read_at) for receipt, notification in rows[:limit]
        ]
        if len(rows) <= limit:
            return shown, None
        last = rows[limit - 1][0]
        return shown, encode_cursor(last.at, last.id)

    async def one(self, notification_id: UUID) -> Received | None:
        row = (
            await self._session.execute(self._own().where(Notification.id == notification_id))
        ).one_or_none()
        return None if row is None else Received(row[1], row[0].at, row[0].read_at)

    async def unread(self, most: int) -> int:
        """How many, counted up to `most`."""
        some = (
            select(NotificationReceipt.id)
            .where(NotificationReceipt.user_id == self._user_id, NotificationReceipt.read_at.is_(None))
            .limit(most)
            .subquery()
        )
        return await self._session.scalar(select(func.count()).select_from(some)) or 0

    async def read(self, notification_id: UUID, at: datetime) -> None:
        await self._session.execute(
            self._mark(at).where(NotificationReceipt.notification_id == notification_id)
        )

    async def read_until(self, until: datetime, at: datetime) -> int:
        """Those that came up to then; answers how many were unread."""
        found = await self._session.execute(
            self._mark(at).where(NotificationReceipt.at <= until).returning(NotificationReceipt.id)
        )
        return len(found.all())

    def _own(self) -> Select[NotificationReceipt, Notification]:
        return (
            select(NotificationReceipt, Notification)
            .join(Notification, Notification.id == NotificationReceipt.notification_id)
            .where(NotificationReceipt.user_id == self._user_id)
        )

    def _mark(self, at: datetime) -> Any:
        return (
            update(NotificationReceipt)
            .where(NotificationReceipt.user_id == self._user_id, NotificationReceipt.read_at.is_(None))
            .values(read_at=at)
        )


def _hearer(
    user_id: UUID, own: NotificationPreferences | None, zone: str, written_to: WhatsAppPerson | None
) -> Hearer:
    return Hearer(
        user_id,
        {} if own is None else own.choices,
        habits_of(own, zone),
        in_whatsapp=written_to is not None,
        falls_back=written_to is not None and written_to.falls_back,
    )


def habits_of(own: NotificationPreferences | None, company_zone: str) -> Habits:
    if own is None:
        return Habits(zone=company_zone)
    return Habits(
        zone=own.timezone or company_zone,
        digest=Digest(own.digest),
        digest_minute=own.digest_minute,
        quiet_from=own.quiet_from,
        quiet_until=own.quiet_until,
    )
