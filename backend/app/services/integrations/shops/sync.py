"""Reading a shop: what was updated since the last time, what has waited long enough, and single orders it tells of.

How far it is, is written down with every page, after the page's orders: whoever dies between the two reads the page
again, of which nothing is told twice. The cursor is a moment of the shop's own clock.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from app.core.clock import real_now
from app.core.config import settings
from app.core.logging import get_logger
from app.db.locks import exclusive_among
from app.db.session import Scopes, door
from app.models.integrations.shops import Shop, ShopSync
from app.services.cdp.events.service import Ingestion
from app.services.integrations.gateway import gateway
from app.services.integrations.ports import PlatformError, PlatformErrorKind
from app.services.integrations.shops import rules
from app.services.integrations.shops.connecting import ShopDoor
from app.services.integrations.shops.errors import ShopNotFound
from app.services.integrations.shops.ports import RemoteOrder, ShopClient
from app.services.integrations.shops.repository import ShopRepository
from app.services.integrations.shops.telling import Teller

log = get_logger(__name__)

T = TypeVar("T")
_TURN_SECONDS = 200.0
_AT_ONCE = 100
_PATIENCE, _MOST_WAITS = 15, 20
"""Seconds that a shop may ask us to wait in place, and how often: whoever asks for more is read later."""


@dataclass(frozen=True, slots=True)
class _Work:
    """One synchronisation under way."""

    shop: Shop
    client: ShopClient
    teller: Teller
    run: ShopSync
    ends_at: float


class ShopSyncService:
    """Each step is a transaction of its own; none is open while the shop is called. Safe to run twice."""

    def __init__(self, scopes: Scopes, *, seconds: float = _TURN_SECONDS) -> None:
        self._scopes = scopes
        self._seconds = seconds

    async def sync(self, shop_id: UUID) -> ShopSync | None:
        """One synchronisation, written down however it ends; None for one that is off, or under way elsewhere."""
        async with self._alone(shop_id) as mine:
            if not mine:
                return None
            shop = await self._shop(shop_id)
            if not shop.enabled:
                return None
            await self._claim(shop_id)
            run, finished, failed = _new_run(shop_id, await self._now()), False, None
            ingestion = await self._ingestion()
            try:
                work = await self._begin(shop, run, ingestion)
                await self._subscribe(work)
                finished = await self._read(work) and await self._tell_waiting(work)
            except PlatformError as error:
                failed = error
            finally:
                await ingestion.close()
            return await self._end(run, error=failed, finished=finished)

    async def read_order(self, shop_id: UUID, order_id: str) -> None:
        """One that the shop told of. While the shop is being read elsewhere, all of it is read again afterwards."""
        async with self._alone(shop_id) as mine:
            shop = await self._shop(shop_id)
            if not mine:
                await self._read_soon(shop_id)
            if not mine or not shop.enabled:
                return
            ingestion = await self._ingestion()
            try:
                work = await self._begin(shop, _new_run(shop_id, await self._now()), ingestion)
                await self._tell_these(work, [order_id])
            except PlatformError as error:
                log.warning("integrations.shops.order_not_read", shop_id=str(shop_id), code=error.code)
                await self._read_soon(shop_id)
            finally:
                await ingestion.close()

    def _alone(self, shop_id: UUID) -> AbstractAsyncContextManager[bool]:
        return exclusive_among(self._scopes, "shop", str(shop_id))

    async def _shop(self, shop_id: UUID) -> Shop:
        async with self._scopes() as scope:
            shop = await ShopRepository(scope).find(shop_id)
        if shop is None:
            raise ShopNotFound(shop_id=str(shop_id))
        return shop

    async def _claim(self, shop_id: UUID) -> None:
        """Whoever wants it read from now on, wants it read once more."""
        async with self._scopes() as scope:
            row = await ShopRepository(scope).find(shop_id, for_update=True)
            if row is not None:
                row.next_sync_at = scope.now() + rules.INTERVAL

    async def _now(self) -> datetime:
        async with self._scopes() as scope:
            return scope.now()

    async def _ingestion(self) -> Ingestion:
        async with self._scopes() as scope:
            engine, clock = scope.session.bind, scope.clock
        return Ingestion(door(engine, clock=clock), clock, settings)  # type: ignore[arg-type]  # a scope's bind is its engine

    async def _begin(self, shop: Shop, run: ShopSync, ingestion: Ingestion) -> _Work:
        ends_at = time.monotonic() + self._seconds
        async with self._scopes() as scope:
            tenant_id = scope.tenant_id
        client = await ShopDoor(self._scopes).client(shop)
        return _Work(shop, client, Teller(self._scopes, ingestion, shop, tenant_id, run), run, ends_at)

    async def _subscribe(self, work: _Work) -> None:
        """What is missing, looked for once a day; a shop that does not take our address is read by the clock alone."""
        last = work.shop.subscribed_at
        if last is not None and real_now() - last < rules.LOOK_AGAIN:
            return
        here = gateway().settings
        address = (
            f"{here.public_url.rstrip('/')}{here.api_v1_prefix}/integrations/webhooks/{work.shop.provider}"
        )
        try:
            await _patiently(lambda: work.client.subscribe(address))
        except PlatformError as error:
            if error.kind is not PlatformErrorKind.INVALID:
                raise
            log.warning("integrations.shops.not_subscribed", shop_id=str(work.shop.id), code=error.code)
            return
        async with self._scopes() as scope:
            row = await ShopRepository(scope).find(work.shop.id, for_update=True)
            if row is not None:
                row.subscribed_at = real_now()

    async def _read(self, work: _Work) -> bool:
        """Whether it got to the end of what there is to read."""
        place = rules.kept_reading(work.shop.reading)
        if place is None:
            place = rules.Reading(rules.since(work.shop.read_until), None, work.shop.read_until)
        while True:
            asked = place
            page = await _patiently(lambda: work.client.orders(asked.since, asked.after))  # noqa: B023  (awaited at once)
            work.run.orders_read += len(page.orders)
            await work.teller.tell(page.orders)
            seen = [each.updated_at for each in page.orders]
            newest = max([*seen, *([] if place.newest is None else [place.newest])], default=None)
            place = rules.Reading(place.since, page.after, newest)
            await self._advance(work, place)
            if page.after is None:
                return True
            if time.monotonic() >= work.ends_at:
                return False

    async def _advance(self, work: _Work, place: rules.Reading) -> None:
        async with self._scopes() as scope:
            row = await ShopRepository(scope).find(work.shop.id, for_update=True)
            if row is None:
                raise ShopNotFound(shop_id=str(work.shop.id))
            row.reading = {} if place.after is None else place.kept()
            if place.after is None:
                row.read_until = place.newest

    async def _tell_waiting(self, work: _Work) -> bool:
        """Those that the shop's own events did not tell in time."""
        while True:
            async with self._scopes() as scope:
                ids = await ShopRepository(scope).waiting(work.shop.id, scope.now(), _AT_ONCE)
            await self._tell_these(work, ids)
            if len(ids) < _AT_ONCE:
                return True
            if time.monotonic() >= work.ends_at:
                return False

    async def _tell_these(self, work: _Work, ids: Sequence[str]) -> None:
        if not ids:
            return
        found: list[RemoteOrder] = await _patiently(lambda: work.client.orders_by_id(ids))
        await work.teller.tell(found)
        there = {each.id for each in found}
        async with self._scopes() as scope:
            await ShopRepository(scope).gone(work.shop.id, [each for each in ids if each not in there])

    async def _read_soon(self, shop_id: UUID) -> None:
        async with self._scopes() as scope:
            row = await ShopRepository(scope).find(shop_id, for_update=True)
            if row is not None:
                row.next_sync_at = None

    async def _end(self, run: ShopSync, *, error: PlatformError | None, finished: bool) -> ShopSync:
        async with self._scopes() as scope:
            rows = ShopRepository(scope)
            row = await rows.find(run.shop_id, for_update=True)
            if row is None:
                raise ShopNotFound(shop_id=str(run.shop_id))
            run.finished_at = scope.now()
            run.error_code = row.error_code = error.code if error else None
            run.error = row.error = error.message if error else None
            if row.next_sync_at is not None:
                row.next_sync_at = run.finished_at + rules.INTERVAL
            if finished:
                row.last_synced_at = run.finished_at
            elif error is None:
                row.next_sync_at = None
                await scope.enqueue("integrations.shops.sync", {"shop_id": str(row.id)})
            rows.add(run)
            log.info(
                "integrations.shops.synced",
                shop_id=str(row.id),
                orders_told=run.orders_told,
                refunds_told=run.refunds_told,
                rejected=run.rejected,
                code=run.error_code,
            )
        return run


async def _patiently(call: Callable[[], Awaitable[T]]) -> T:
    """Points come back by the second: for few of them it is waited here."""
    for _ in range(_MOST_WAITS):
        try:
            return await call()
        except PlatformError as error:
            wait = error.retry_after
            if error.kind is not PlatformErrorKind.RATE_LIMITED or wait is None or wait > _PATIENCE:
                raise
            await asyncio.sleep(wait + 0.1)
    return await call()


def _new_run(shop_id: UUID, started_at: datetime) -> ShopSync:
    return ShopSync(
        shop_id=shop_id,
        started_at=started_at,
        orders_read=0,
        orders_told=0,
        orders_covered=0,
        orders_unnamed=0,
        refunds_told=0,
        rejected=0,
    )
