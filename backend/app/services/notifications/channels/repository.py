from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from app.core.clock import real_now
from app.core.ids import uuid7
from app.db.session import TenantScope
from app.db.utils import newest_first
from app.models.notifications import Notification
from app.models.notifications.channels import NotificationDelivery, NotificationWebhook, SlackWorkspace
from app.models.notifications.kinds import Channel, DeliveryKind, DeliveryStatus
from app.models.tenants import Membership
from app.models.users import User

_OPEN = (DeliveryStatus.QUEUED, DeliveryStatus.FAILED, DeliveryStatus.SENDING)
LEASE = timedelta(minutes=5)
"""For so long a message is its sender's; then another may take it."""


@dataclass(frozen=True, slots=True)
class Addressee:
    email: str
    role: str
    is_superadmin: bool


class SlackRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    async def get(self, *, for_update: bool = False) -> SlackWorkspace | None:
        statement = select(SlackWorkspace).execution_options(populate_existing=True)
        if for_update:
            statement = statement.with_for_update()
        return (await self._session.scalars(statement)).one_or_none()

    async def save(self, workspace: SlackWorkspace) -> None:
        self._session.add(workspace)
        workspace.updated_at = real_now()
        await self._session.flush()

    async def delete(self, workspace: SlackWorkspace) -> None:
        await self._session.delete(workspace)
        await self._session.flush()

    async def heard(self, code: str | None) -> None:
        """What the last call ended with."""
        await self._session.execute(
            update(SlackWorkspace).values(last_error=code, last_error_at=real_now() if code else None)
        )


class WebhookRepository:
    """A company's one webhook."""

    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    async def get(self, *, for_update: bool = False) -> NotificationWebhook | None:
        statement = select(NotificationWebhook).execution_options(populate_existing=True)
        if for_update:
            statement = statement.with_for_update()
        return (await self._session.scalars(statement)).one_or_none()

    async def make(self, **values: Any) -> NotificationWebhook | None:
        """None where somebody else has made it meanwhile."""
        now = real_now()
        statement = (
            insert(NotificationWebhook)
            .values(id=uuid7(), created_at=now, updated_at=now, **values)
            .on_conflict_do_nothing(index_elements=["tenant_id"])
            .returning(NotificationWebhook)
        )
        return (await self._session.scalars(statement)).one_or_none()

    async def save(self, webhook: NotificationWebhook) -> None:
        webhook.updated_at = real_now()
        await self._session.flush()

    async def delete(self, webhook: NotificationWebhook) -> None:
        await self._session.delete(webhook)
        await self._session.flush()

    async def heard(self, error: str | None, *, is_gone: bool) -> None:
        """What the last try ended with; one that wants nothing more is switched off."""
        values: dict[str, Any] = {"last_error": error, "last_error_at": real_now() if error else None}
        if is_gone:
            values["enabled"] = False
        await self._session.execute(update(NotificationWebhook).values(**values))


class DeliveryRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    async def claim(self, now: datetime, limit: int) -> Sequence[NotificationDelivery]:
        """Messages that are due, taken for a while; one whose sender died comes up again after that."""
        due = (
            select(NotificationDelivery.id)
            .where(NotificationDelivery.status.in_(_OPEN), NotificationDelivery.due_at <= now)
            .order_by(NotificationDelivery.due_at, NotificationDelivery.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        statement = (
            update(NotificationDelivery)
            .where(NotificationDelivery.id.in_(due))
            .values(
                status=DeliveryStatus.SENDING,
                attempts=NotificationDelivery.attempts + 1,
                due_at=now + LEASE,
                updated_at=now,
            )
            .returning(NotificationDelivery)
        )
        found = (await self._session.scalars(statement)).all()
        return sorted(found, key=lambda each: (each.created_at, each.id))

    async def notifications(self, ids: Collection[UUID]) -> dict[UUID, Notification]:
        rows = await self._session.scalars(select(Notification).where(Notification.id.in_(ids)))
        return {each.id: each for each in rows}

    async def overtaken(self, notifications: Collection[Notification]) -> set[UUID]:
        """Those whose story went on: a later one of the same thread tells how it stands."""
        newest = await self._session.execute(
            select(Notification.thread, func.max(Notification.last_at))
            .where(Notification.thread.in_({each.thread for each in notifications}))
            .group_by(Notification.thread)
        )
        last = {row.thread: row[1] for row in newest}
        return {each.id for each in notifications if last[each.thread] > each.last_at}

    async def addressees(self, ids: Collection[UUID]) -> dict[UUID, Addressee]:
        """Active members with a proven address; who is missing gets no mail."""
        rows = await self._session.execute(
            select(User.id, User.email, Membership.role, User.is_superadmin)
            .join(Membership, Membership.user_id == User.id)
            .where(
                User.id.in_(ids),
                User.is_active,
                Membership.is_active,
                User.email_verified_at.is_not(None),
            )
        )
        return {row.id: Addressee(row.email, row.role, row.is_superadmin) for row in rows}

    async def settle(self, ids: Collection[UUID], **values: Any) -> Sequence[UUID]:
        """Of those that are being sent; answers which: a status that came meanwhile has settled the others."""
        settled = await self._session.scalars(
            update(NotificationDelivery)
            .where(NotificationDelivery.id.in_(ids), NotificationDelivery.status == DeliveryStatus.SENDING)
            .values(updated_at=real_now(), **values)
            .returning(NotificationDelivery.id)
        )
        return settled.all()

    async def give_back(self, ids: Collection[UUID], due_at: datetime) -> None:
        """What was taken and not tried waits again, as if it had not been taken."""
        await self.settle(
            ids,
            status=DeliveryStatus.QUEUED,
            due_at=due_at,
            attempts=NotificationDelivery.attempts - 1,
        )

    async def postpone(self, channel: Channel, until: datetime, *, user_id: UUID | None = None) -> None:
        """What waits for a channel that asks for patience waits as long; with a person, only what is theirs."""
        statement = update(NotificationDelivery).where(
            NotificationDelivery.channel == channel,
            NotificationDelivery.status.in_((DeliveryStatus.QUEUED, DeliveryStatus.FAILED)),
            NotificationDelivery.due_at < until,
        )
        if user_id is not None:
            statement = statement.where(NotificationDelivery.user_id == user_id)
        await self._session.execute(statement.values(due_at=until))

    async def name_parcel(self, ids: Collection[UUID], parcel_id: UUID) -> None:
        """What comes back with what became of them; an earlier try's name is not this one's."""
        await self._session.execute(
            update(NotificationDelivery)
            .where(NotificationDelivery.id.in_(ids))
            .values(parcel_id=parcel_id, reference=None)
        )

    async def of_parcel(self, parcel_id: UUID | None, reference: str) -> Sequence[NotificationDelivery]:
        """The messages in WhatsApp that this is about, by what was given along or else by their name there."""
        is_it = (
            NotificationDelivery.reference == reference
            if parcel_id is None
            else NotificationDelivery.parcel_id == parcel_id
        )
        statement = (
            select(NotificationDelivery)
            .where(NotificationDelivery.channel == Channel.WHATSAPP, is_it)
            .order_by(NotificationDelivery.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        return (await self._session.scalars(statement)).all()

    async def some(self, ids: Collection[UUID]) -> Sequence[NotificationDelivery]:
        rows = await self._session.scalars(
            select(NotificationDelivery)
            .where(NotificationDelivery.id.in_(ids))
            .order_by(NotificationDelivery.id)
            .execution_options(populate_existing=True)
        )
        return rows.all()

    async def has_mail(self, notification_id: UUID, user_id: UUID, since: datetime) -> bool:
        """Whether a mail of it to this person was written down since then."""
        found = await self._session.scalar(
            select(NotificationDelivery.id)
            .where(
                NotificationDelivery.notification_id == notification_id,
                NotificationDelivery.user_id == user_id,
                NotificationDelivery.channel == Channel.EMAIL,
                NotificationDelivery.created_at >= since,
            )
            .limit(1)
        )
        return found is not None

    async def add_mail_instead_of(self, delivery: NotificationDelivery) -> None:
        now = real_now()
        mail = NotificationDelivery(
            id=uuid7(),
            notification_id=delivery.notification_id,
            kind=delivery.kind,
            channel=Channel.EMAIL,
            user_id=delivery.user_id,
            status=DeliveryStatus.QUEUED,
            held_for=delivery.held_for,
            due_at=now,
            attempts=0,
            created_at=now,
            updated_at=now,
        )
        self._session.add(mail)
        await self._session.flush()

    async def add_answer(self, kind: DeliveryKind, user_id: UUID) -> None:
        """To who has just written in WhatsApp."""
        await self.add_test(Channel.WHATSAPP, user_id=user_id, kind=kind)

    async def add_test(
        self,
        channel: Channel,
        *,
        user_id: UUID | None = None,
        slack: tuple[str, str] | None = None,
        kind: DeliveryKind = DeliveryKind.TEST,
    ) -> NotificationDelivery:
        now = real_now()
        delivery = NotificationDelivery(
            id=uuid7(),
            kind=kind,
            channel=channel,
            user_id=user_id,
            slack_channel=slack[0] if slack else None,
            slack_channel_name=slack[1] if slack else None,
            status=DeliveryStatus.QUEUED,
            due_at=now,
            attempts=0,
            created_at=now,
            updated_at=now,
        )
        self._session.add(delivery)
        await self._session.flush()
        return delivery

    async def log(
        self, *, status: str | None, channel: str | None, cursor: str | None, limit: int
    ) -> tuple[Sequence[NotificationDelivery], str | None]:
        statement = select(NotificationDelivery)
        if status is not None:
            statement = statement.where(NotificationDelivery.status == status)
        if channel is not None:
            statement = statement.where(NotificationDelivery.channel == channel)
        return await newest_first(
            self._session,
            statement,
            at=NotificationDelivery.created_at,
            id=NotificationDelivery.id,
            cursor=cursor,
            limit=limit,
        )

    async def emails(self, ids: Collection[UUID]) -> dict[UUID, str]:
        rows = await self._session.execute(select(User.id, User.email).where(User.id.in_(ids)))
        return {row.id: row.email for row in rows}

    async def for_update(self, delivery_id: UUID) -> NotificationDelivery | None:
        return (
            await self._session.scalars(
                select(NotificationDelivery).where(NotificationDelivery.id == delivery_id).with_for_update()
            )
        ).one_or_none()

    async def forget(self, deliveries_before: datetime, notifications_before: datetime) -> None:
        await self._session.execute(
            delete(NotificationDelivery).where(
                NotificationDelivery.created_at < deliveries_before,
                NotificationDelivery.status.not_in(_OPEN),
            )
        )
        await self._session.execute(
            delete(Notification).where(Notification.created_at < notifications_before)
        )
