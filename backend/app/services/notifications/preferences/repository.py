from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.core.clock import real_now
from app.core.ids import uuid7
from app.db.session import TenantScope
from app.models.notifications.preferences import NotificationPreferences
from app.models.tenants import Tenant


class PreferencesRepository:
    def __init__(self, scope: TenantScope, user_id: UUID) -> None:
        self._scope = scope
        self._session = scope.session
        self._user_id = user_id

    async def own(self) -> NotificationPreferences | None:
        statement = (
            select(NotificationPreferences)
            .where(NotificationPreferences.user_id == self._user_id)
            .execution_options(populate_existing=True)
        )
        return (await self._session.scalars(statement)).one_or_none()

    async def locked(self) -> NotificationPreferences:
        """The person's row, made where there was none; two changes at once follow one another."""
        await self._session.execute(
            insert(NotificationPreferences)
            .values(tenant_id=self._scope.tenant_id, id=uuid7(), user_id=self._user_id)
            .on_conflict_do_nothing(index_elements=["tenant_id", "user_id"])
        )
        statement = (
            select(NotificationPreferences)
            .where(NotificationPreferences.user_id == self._user_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        return (await self._session.scalars(statement)).one()

    async def save(self, row: NotificationPreferences, values: dict[str, Any]) -> None:
        for name, value in values.items():
            setattr(row, name, value)
        row.updated_at = real_now()
        await self._session.flush()

    async def company_zone(self) -> str:
        found: str | None = await self._session.scalar(
            select(Tenant.timezone).where(Tenant.id == self._scope.tenant_id)
        )
        return found or "UTC"
