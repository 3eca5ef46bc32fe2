from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.db.session import TenantScope
from app.models.notifications import Notification
from app.models.notifications.links import NotificationLink


class LinkRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._session = scope.session

    async def put(self, link_id: UUID, notification_id: UUID, user_id: UUID | None, **values: object) -> None:
        """Add one, unless the person has one for this notification already."""
        await self._session.execute(
            insert(NotificationLink)
            .values(
                tenant_id=self._scope.tenant_id,
                id=link_id,
                notification_id=notification_id,
                user_id=user_id,
                **values,
            )
            .on_conflict_do_nothing(index_elements=["tenant_id", "notification_id", "user_id"])
        )

    async def of(self, notification_id: UUID, user_id: UUID | None) -> NotificationLink:
        statement = select(NotificationLink).where(
            NotificationLink.notification_id == notification_id,
            NotificationLink.user_id.is_not_distinct_from(user_id),
        )
        return (await self._session.scalars(statement)).one()

    async def find(self, link_id: UUID, *, for_update: bool) -> tuple[NotificationLink, Notification] | None:
        statement = (
            select(NotificationLink, Notification)
            .join(Notification, Notification.id == NotificationLink.notification_id)
            .where(NotificationLink.id == link_id)
        )
        if for_update:
            statement = statement.with_for_update(of=NotificationLink)
        row = (await self._session.execute(statement)).one_or_none()
        return None if row is None else (row[0], row[1])

    @staticmethod
    def use(link: NotificationLink, *, verb: str, by: str, at: datetime) -> None:
        link.used_at, link.used_verb, link.used_by = at, verb, by
