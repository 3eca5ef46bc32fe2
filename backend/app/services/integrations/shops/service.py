"""Shops: which are connected, how their orders are told, and when they are read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.db.session import Scopes, TenantScope
from app.db.utils import Slice
from app.models.integrations.connections import Connection
from app.models.integrations.kinds import ConnectionStatus, OrderState, ShopProvider
from app.models.integrations.shops import Shop, ShopSync
from app.services.audit_logs.service import AuditLog
from app.services.integrations.gateway import gateway
from app.services.integrations.shop_vendors import SHOPS
from app.services.integrations.shops import rules
from app.services.integrations.shops.connecting import ShopConnecting, ShopDoor, finish_shop_sign_in
from app.services.integrations.shops.errors import ShopNotConnected, ShopNotFound
from app.services.integrations.shops.repository import ShopRepository, readers_of
from app.services.integrations.shops.sync import ShopSyncService

__all__ = [
    "ShopConnecting",
    "ShopDesk",
    "ShopErasure",
    "ShopProvider",
    "ShopService",
    "ShopSyncService",
    "ShopView",
    "ToldByShops",
    "finish_shop_sign_in",
    "readers_of",
]
_SETTINGS = ("enabled", "order_reference", "wait_minutes", "customer_ids")


@dataclass(frozen=True, slots=True)
class Offer:
    provider: ShopProvider
    name: str
    example: str
    signs_in: bool


@dataclass(frozen=True, slots=True)
class ShopView:
    """A shop with its connection, and how many of its orders are here, by what came of them."""

    shop: Shop
    connection: Connection
    orders: Mapping[str, int]

    def count(self, *states: str) -> int:
        """Of all states where none is named."""
        return sum(self.orders.get(each, 0) for each in states or tuple(OrderState))


class ShopService:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._rows = ShopRepository(scope)

    @staticmethod
    def providers() -> list[Offer]:
        settings = gateway().settings
        return [
            Offer(each.provider, each.name, each.example, each.has_app(settings)) for each in SHOPS.values()
        ]

    async def page(self, *, page: int, limit: int, sort: str) -> tuple[Slice[Shop], list[ShopView]]:
        found = await self._rows.page(page=page, limit=limit, sort=sort)
        return found, await self._seen(found.items)

    async def get(self, shop_id: UUID) -> ShopView:
        [view] = await self._seen([await self._demand(shop_id)])
        return view

    async def reached(self, shop_id: UUID, *, for_update: bool = False) -> tuple[Shop, Connection]:
        """The shop and its connection alone: none of its orders is counted."""
        shop = await self._demand(shop_id, for_update=for_update)
        return shop, (await self._rows.connections([shop]))[shop.connection_id]

    async def change(self, shop_id: UUID, wanted: Mapping[str, Any]) -> ShopView:
        """Apply settings; what is None stays. They count for what is told from now on."""
        row = await self._demand(shop_id, for_update=True)
        before = {name: getattr(row, name) for name in _SETTINGS}
        for name in _SETTINGS:
            if wanted.get(name) is not None:
                setattr(row, name, wanted[name])
        after = {name: getattr(row, name) for name in _SETTINGS}
        if after != before:
            await AuditLog(self._scope).record(
                "integrations.shops.changed", entity="shops", entity_id=row.id, before=before, after=after
            )
        [view] = await self._seen([row])
        return view

    async def request_sync(self, shop_id: UUID) -> str:
        """The name of the task that will do it, after this transaction."""
        row, connection = await self.reached(shop_id, for_update=True)
        if connection.status != ConnectionStatus.ACTIVE:
            raise ShopNotConnected
        await self._scope.enqueue("integrations.shops.sync", {"shop_id": str(row.id)}, unless_waiting=True)
        return "integrations.shops.sync"

    async def syncs(
        self, shop_id: UUID, *, cursor: str | None, limit: int
    ) -> tuple[Sequence[ShopSync], str | None]:
        """Newest first."""
        await self._demand(shop_id)
        return await self._rows.syncs(shop_id, cursor=cursor, limit=limit)

    async def enqueue_due(self) -> None:
        for shop_id in await self._rows.due(self._scope.now()):
            await self._scope.enqueue(
                "integrations.shops.sync", {"shop_id": str(shop_id)}, unless_pending=True
            )

    async def _demand(self, shop_id: UUID, *, for_update: bool = False) -> Shop:
        found = await self._rows.find(shop_id, for_update=for_update)
        if found is None:
            raise ShopNotFound(shop_id=str(shop_id))
        return found

    async def _seen(self, shops: Sequence[Shop]) -> list[ShopView]:
        connections = await self._rows.connections(shops)
        return [
            ShopView(each, connections[each.connection_id], await self._rows.counts(each.id))
            for each in shops
        ]


class ShopDesk:
    """What needs the shops themselves: between transactions."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes

    async def refresh_expiring(self) -> None:
        await ShopDoor(self._scopes).refresh_expiring()


class ToldByShops:
    def __init__(self, scope: TenantScope) -> None:
        self._rows = ShopRepository(scope)

    async def of(self, events: Sequence[tuple[str, str]]) -> set[str]:
        """Which of these, each a message's id and the order that it tells of, tell of an order that we have told.

        Ours are known by their ids. An event of the shop's own that comes after is one too many, however it spells
        the order.
        """
        ours = tuple(rules.Place(provider, domain).prefix for provider, domain in await self._rows.known())
        asked = {
            message: {order, *(vendor.order_id(order) for vendor in SHOPS.values())}
            for message, order in events
            if ours and not message.startswith(ours)
        }
        if not asked:
            return set()
        ids = {each for spelled in asked.values() for each in spelled}
        told: set[str] = set()
        for row in await self._rows.told(ids, ids | {f"#{each}" for each in ids}):
            told |= rules.spellings(row.external_id, row.name, row.reference)
        return {message for message, spelled in asked.items() if spelled & told}


class ShopErasure:
    def __init__(self, scope: TenantScope) -> None:
        self._rows = ShopRepository(scope)

    async def erase(self, keys: Sequence[UUID]) -> Mapping[str, int]:
        """Forget whom these identifiers name: of how many orders, by the shop."""
        return await self._rows.erase(keys)

    async def forget(self, shop_id: UUID) -> int:
        """Whose all of a shop's orders are."""
        return await self._rows.forget(shop_id)
