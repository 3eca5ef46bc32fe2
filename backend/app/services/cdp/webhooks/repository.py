from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from app.db.session import TenantScope
from app.db.utils import Slice, in_order, newest_first, paginate
from app.models.cdp.webhooks import CdpWebhook, CdpWebhookDelivery

_SORTS: Mapping[str, InstrumentedAttribute[Any]] = {
    "name": CdpWebhook.name,
    "created_at": CdpWebhook.created_at,
}

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


class WebhookRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session
        self._tenant_id = scope.tenant_id
        self._key = scope.key("cdp.webhooks")
        self._mine = CdpWebhook.tenant_id == scope.tenant_id

    async def page(self, *, page: int, limit: int, sort: str, search: str | None) -> Slice[CdpWebhook]:
        statement = in_order(select(CdpWebhook).where(self._mine), sort, _SORTS, then=CdpWebhook.id)
        if search:
            statement = statement.where(CdpWebhook.name.icontains(search, autoescape=True))
        return await paginate(self._session, statement, page=page, limit=limit)

    async def every(self) -> Sequence[CdpWebhook]:
        statement = select(CdpWebhook).where(self._mine).order_by(CdpWebhook.created_at, CdpWebhook.id)
        return (await self._session.scalars(statement.execution_options(populate_existing=True))).all()

    async def take_turns(self) -> None:
        """Whoever adds or changes a webhook waits for the one before: names and how many there are depend on it."""
        await self._session.execute(_LOCK, {"name": self._key})

    async def count(self) -> int:
        return await self._session.scalar(select(func.count()).where(self._mine)) or 0

    async def is_named(self, name: str, *, but: UUID | None = None) -> bool:
        statement = select(CdpWebhook.id).where(self._mine, func.lower(CdpWebhook.name) == func.lower(name))
        if but is not None:
            statement = statement.where(CdpWebhook.id != but)
        return await self._session.scalar(statement.limit(1)) is not None

    async def find(self, webhook_id: UUID, *, for_update: bool = False) -> CdpWebhook | None:
        statement = select(CdpWebhook).where(self._mine, CdpWebhook.id == webhook_id)
        if for_update:
            statement = statement.with_for_update()
        found: CdpWebhook | None = await self._session.scalar(
            statement.execution_options(populate_existing=True)
        )
        return found

    async def add(self, row: CdpWebhook | CdpWebhookDelivery) -> None:
        self._session.add(row)
        await self._session.flush()

    async def save(self) -> None:
        await self._session.flush()

    async def delete(self, webhook: CdpWebhook) -> None:
        await self._session.delete(webhook)
        await self._session.flush()

    async def lease(self, webhook_id: UUID, lease: UUID, now: datetime, until: datetime) -> CdpWebhook | None:
        """The webhook for one who may tell it something now, and for nobody else until then."""
        hook = CdpWebhook
        statement = (
            update(hook)
            .where(
                self._mine,
                hook.id == webhook_id,
                hook.enabled,
                or_(hook.lease_until.is_(None), hook.lease_until <= now),
                or_(hook.next_attempt_at.is_(None), hook.next_attempt_at <= now),
            )
            .values(lease=lease, lease_until=until, turn_at=now)
            .returning(hook)
            .execution_options(synchronize_session=False, populate_existing=True)
        )
        found: CdpWebhook | None = (await self._session.scalars(statement)).one_or_none()
        return found

    async def deliveries(
        self, webhook_id: UUID, *, failed: bool | None, cursor: str | None, limit: int
    ) -> tuple[Sequence[CdpWebhookDelivery], str | None]:
        statement = select(CdpWebhookDelivery).where(
            CdpWebhookDelivery.tenant_id == self._tenant_id, CdpWebhookDelivery.webhook_id == webhook_id
        )
        if failed is not None:
            statement = statement.where(CdpWebhookDelivery.acknowledged.is_(not failed))
        return await newest_first(
            self._session,
            statement,
            at=CdpWebhookDelivery.at,
            id=CdpWebhookDelivery.id,
            cursor=cursor,
            limit=limit,
        )

    async def delivery(self, webhook_id: UUID, delivery_id: UUID) -> CdpWebhookDelivery | None:
        found: CdpWebhookDelivery | None = await self._session.scalar(
            select(CdpWebhookDelivery).where(
                CdpWebhookDelivery.tenant_id == self._tenant_id,
                CdpWebhookDelivery.webhook_id == webhook_id,
                CdpWebhookDelivery.id == delivery_id,
            )
        )
        return found

    async def trim(self, before: datetime, most: int) -> int:
        """Drop tries of before then, and of each webhook all but the newest `most`."""
        row = CdpWebhookDelivery
        dropped = 0
        for webhook in await self.every():
            last = (
                select(row.at, row.id)
                .where(row.tenant_id == self._tenant_id, row.webhook_id == webhook.id)
                .order_by(row.at.desc(), row.id.desc())
                .offset(most)
                .limit(1)
            )
            border = (await self._session.execute(last)).one_or_none()
            old = row.at < before
            if border is not None:
                older = or_(row.at < border[0], and_(row.at == border[0], row.id <= border[1]))
                old = or_(old, older)
            gone = await self._session.execute(
                delete(row)
                .where(row.tenant_id == self._tenant_id, row.webhook_id == webhook.id, old)
                .returning(row.id)
                .execution_options(synchronize_session=False)
            )
            dropped += len(gone.all())
        return dropped


async def due(session: AsyncSession, most: int) -> list[tuple[int, UUID]]:
    """The webhooks of all tenants that have something to tell now, by tenant; the maintenance role's."""
    found = await session.execute(text("SELECT tenant_id, id FROM cdp_webhooks_due(:most)"), {"most": most})
    return [(row[0], row[1]) for row in found]
