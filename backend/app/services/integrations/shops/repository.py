from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, or_, select, text, update
from sqlalchemy.orm import InstrumentedAttribute

from app.db.session import GlobalSession, TenantScope
from app.db.utils import Slice, in_order, newest_first, paginate
from app.models.integrations.connections import Connection
from app.models.integrations.kinds import ConnectionStatus, OrderState
from app.models.integrations.shops import Shop, ShopOrder, ShopSync

_SORTS: Mapping[str, InstrumentedAttribute[Any]] = {
    "name": Shop.name,
    "created_at": Shop.created_at,
    "last_synced_at": Shop.last_synced_at,
}
_LEFT_STANDING = text("shop_orders.pending <> '[]'")
"""As the index has it: a parameter would keep it from being used."""
_READERS = text("SELECT tenant_id, shop_id FROM readers_of_shop(:provider, :domain)")


async def readers_of(session: GlobalSession, provider: str, domain: str) -> Sequence[tuple[int, UUID]]:
    """Tenant and shop of whoever has this shop connected."""
    found = await session.execute(_READERS, {"provider": provider, "domain": domain})
    return [(row.tenant_id, row.shop_id) for row in found]


class ShopRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._session = scope.session

    def add(self, row: Shop | ShopSync | ShopOrder) -> None:
        self._session.add(row)

    async def page(self, *, page: int, limit: int, sort: str) -> Slice[Shop]:
        statement = in_order(select(Shop), sort, _SORTS, then=Shop.id)
        return await paginate(self._session, statement, page=page, limit=limit)

    async def find(self, shop_id: UUID, *, for_update: bool = False) -> Shop | None:
        statement = select(Shop).where(Shop.id == shop_id)
        found: Shop | None = await self._session.scalar(
            statement.with_for_update() if for_update else statement
        )
        return found

    async def of(self, provider: str, domain: str) -> Shop | None:
        statement = select(Shop).where(Shop.provider == provider, Shop.domain == domain)
        found: Shop | None = await self._session.scalar(statement.with_for_update())
        return found

    async def connections(self, shops: Sequence[Shop]) -> Mapping[UUID, Connection]:
        """By their ids."""
        statement = select(Connection).where(Connection.id.in_([each.connection_id for each in shops]))
        return {each.id: each for each in await self._session.scalars(statement)}

    async def due(self, now: datetime) -> Sequence[UUID]:
        """Which are to be synchronised: switched on, connected, and their time has come."""
        statement = (
            select(Shop.id)
            .join(Connection, Connection.id == Shop.connection_id)
            .where(
                Shop.tenant_id == Connection.tenant_id,
                Shop.enabled,
                Connection.status == ConnectionStatus.ACTIVE,
                or_(Shop.next_sync_at.is_(None), Shop.next_sync_at <= now),
            )
        )
        return (await self._session.scalars(statement.order_by(Shop.id))).all()

    async def syncs(
        self, shop_id: UUID, *, cursor: str | None, limit: int
    ) -> tuple[Sequence[ShopSync], str | None]:
        return await newest_first(
            self._session,
            select(ShopSync).where(ShopSync.shop_id == shop_id),
            at=ShopSync.started_at,
            id=ShopSync.id,
            cursor=cursor,
            limit=limit,
        )

    async def counts(self, shop_id: UUID) -> Mapping[str, int]:
        """How many orders are known, by what came of them."""
        statement = (
            select(ShopOrder.state, func.count())
            .where(ShopOrder.shop_id == shop_id)
            .group_by(ShopOrder.state)
        )
        return {row[0]: row[1] for row in await self._session.execute(statement)}

    async def orders(self, shop_id: UUID, ids: Sequence[str]) -> Mapping[str, ShopOrder]:
        """By their ids, held to the end of the transaction."""
        statement = (
            select(ShopOrder)
            .where(ShopOrder.shop_id == shop_id, ShopOrder.external_id.in_(ids))
            .order_by(ShopOrder.external_id)
            .with_for_update()
        )
        return {each.external_id: each for each in await self._session.scalars(statement)}

    async def waiting(self, shop_id: UUID, now: datetime, most: int) -> Sequence[str]:
        """Orders whose time to be told has come, the longest due first, and those that somebody died in telling."""
        statement = (
            select(ShopOrder.external_id)
            .where(ShopOrder.shop_id == shop_id, or_(ShopOrder.due_at <= now, _LEFT_STANDING))
            .order_by(ShopOrder.due_at, ShopOrder.external_id)
            .limit(most)
        )
        return (await self._session.scalars(statement)).all()

    async def gone(self, shop_id: UUID, ids: Sequence[str]) -> None:
        """These are no longer at the shop: nothing waits for them, or is told of them. What was told stays told."""
        ended = case((ShopOrder.state == OrderState.WAITING, OrderState.VOID.value), else_=ShopOrder.state)
        await self._session.execute(
            update(ShopOrder)
            .where(ShopOrder.shop_id == shop_id, ShopOrder.external_id.in_(ids))
            .values(state=ended, due_at=None, pending=[])
            .execution_options(synchronize_session=False)
        )

    async def known(self) -> Sequence[tuple[str, str]]:
        """Provider and domain of every shop."""
        return [(row[0], row[1]) for row in await self._session.execute(select(Shop.provider, Shop.domain))]

    async def told(self, ids: Collection[str], names: Collection[str]) -> Sequence[ShopOrder]:
        """The orders of whichever shop that we told, of those with one of these ids, or one of these names."""
        statement = select(ShopOrder).where(
            or_(ShopOrder.external_id.in_(ids), ShopOrder.name.in_(names)),
            ShopOrder.state == OrderState.TOLD,
        )
        return (await self._session.scalars(statement)).all()

    async def forget(self, shop_id: UUID) -> int:
        """Whose its orders are; how many named somebody."""
        statement = (
            update(ShopOrder)
            .where(ShopOrder.shop_id == shop_id, func.cardinality(ShopOrder.keys) > 0)
            .values(keys=[], consents=None, due_at=None, pending=[], state=OrderState.ERASED)
            .returning(ShopOrder.external_id)
            .execution_options(synchronize_session=False)
        )
        return len((await self._session.execute(statement)).all())

    async def erase(self, keys: Sequence[UUID]) -> Mapping[str, int]:
        """Forget whom these identifiers name: by shop, of how many orders."""
        statement = (
            update(ShopOrder)
            .where(ShopOrder.keys.overlap(list(keys)))
            .values(keys=[], consents=None, due_at=None, pending=[], state=OrderState.ERASED)
            .returning(ShopOrder.shop_id)
            .execution_options(synchronize_session=False)
        )
        by_shop: dict[UUID, int] = {}
        for shop_id in (await self._session.scalars(statement)).all():
            by_shop[shop_id] = by_shop.get(shop_id, 0) + 1
        found: dict[str, int] = {}
        for shop_id, count in by_shop.items():
            shop = await self.find(shop_id)
            found[f"{shop.provider}:{shop.domain}" if shop else str(shop_id)] = count
        return found
