from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select

from app.db.session import TenantScope
from app.db.utils import newest_first
from app.models.integrations.ad_accounts import AdAccount
from app.models.trust_engine.calendar import TrustCalendarEntry


class CalendarRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    async def on_at(self, at: datetime, ad_account_id: UUID) -> list[TrustCalendarEntry]:
        """What is on for this account at that moment, the tenant's own entries included."""
        entry = TrustCalendarEntry
        statement = (
            select(entry)
            .where(
                entry.starts_at <= at,
                entry.ends_at > at,
                or_(entry.ad_account_id.is_(None), entry.ad_account_id == ad_account_id),
            )
            .order_by(entry.starts_at, entry.id)
        )
        return list(await self._session.scalars(statement))

    async def listed(
        self, *, ends_after: datetime | None, cursor: str | None, limit: int
    ) -> tuple[list[TrustCalendarEntry], str | None]:
        statement = select(TrustCalendarEntry)
        if ends_after is not None:
            statement = statement.where(TrustCalendarEntry.ends_at > ends_after)
        rows, following = await newest_first(
            self._session,
            statement,
            at=TrustCalendarEntry.starts_at,
            id=TrustCalendarEntry.id,
            cursor=cursor,
            limit=limit,
        )
        return list(rows), following

    async def for_update(self, entry_id: UUID) -> TrustCalendarEntry | None:
        statement = select(TrustCalendarEntry).where(TrustCalendarEntry.id == entry_id).with_for_update()
        return (await self._session.scalars(statement)).one_or_none()

    async def has_account(self, ad_account_id: UUID) -> bool:
        found = await self._session.scalar(select(AdAccount.id).where(AdAccount.id == ad_account_id))
        return found is not None

    def add(self, entry: TrustCalendarEntry) -> None:
        self._session.add(entry)

    async def remove(self, entry: TrustCalendarEntry) -> None:
        await self._session.delete(entry)
