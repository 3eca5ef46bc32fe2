"""The shop's server: it sends its events with the unmodified Segment client, as simulated time passes."""

import asyncio
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import chain
from threading import Thread
from typing import Any

from segment.analytics.client import Client

from sandbox.clock import Clock, iso
from sandbox.faults import FaultBook
from sandbox.store import Store
from sandbox.world.journeys import Distortion, Event, moment, order_events, refund_event, visits
from sandbox.world.orders import Order
from sandbox.world.reporting import refuses, severity
from sandbox.world.seasons import DAY, HOUR
from sandbox.world.world import World

_DOCUMENT = "shop"
_PAUSE = 0.25
_STEP = 6 * HOUR
_QUEUE = 20_000


@dataclass(slots=True)
class Settings:
    """`rate` is the share of browsing that is sent; orders, refunds and identities are always sent."""

    host: str = ""
    write_key: str = ""
    enabled: bool = False
    rate: float = 0.02
    cursor: float = 0.0


class ShopSender:
    """One shop, whoever its ad accounts' platforms are."""

    def __init__(self, shop: str, world: World, clock: Clock, faults: FaultBook, store: Store) -> None:
        self._house = world.shops[shop]
        self._world = world
        self._clock = clock
        self._faults = faults
        self._store = store
        self._client: Client | None = None
        self._backfills: set[asyncio.Task[None]] = set()
        self._failures: list[str] = []
        self.sent = 0
        self.backfilling = 0
        kept = store.document(_DOCUMENT)
        self.settings = Settings(**kept) if kept else Settings(cursor=clock.now())
        if self.settings.enabled:
            self._open()

    def configure(self, **changes: Any) -> None:
        """What is None stays; from this moment on, events go to the new place."""
        was = self.settings.enabled
        for name, value in changes.items():
            if value is not None:
                setattr(self.settings, name, value)
        self._close()
        if self.settings.enabled:
            self._open()
            if not was:
                self.settings.cursor = self._clock.now()
        self._save()

    def state(self) -> dict[str, Any]:
        waiting = self._client.queue.qsize() if self._client else 0
        shown = asdict(self.settings) | {"cursor": iso(self.settings.cursor)}
        accounts = self._house.accounts.items()
        return shown | {
            "shop": self._house.shop.id,
            "accounts": [{"account": name, "platform": found.platform} for name, found in accounts],
            "queued": waiting,
            "emitted": self.sent,
            "backfilling": self.backfilling,
            "failures": self._failures[-5:],
        }

    async def run(self) -> None:
        """For ever: what has happened since the last look is sent."""
        while True:
            await asyncio.sleep(_PAUSE)
            if self.settings.enabled:
                await self._catch_up(self._clock.now())

    def backfill(self, days: float) -> int:
        """Orders and refunds of past days, at their own times; message ids repeat if it is run again."""
        end = self.settings.cursor if self.settings.enabled else self._clock.now()
        self._house.run_to(self._clock.now())
        start = max(self._world.epoch, end - days * DAY)
        tape = self._house.tape
        orders, refunds = tape.orders_between(start, end), tape.refunds_between(start, end)
        task = asyncio.get_running_loop().create_task(self._backfill(orders, refunds))
        self._backfills.add(task)
        task.add_done_callback(self._backfills.discard)
        self.backfilling += len(orders) + len(refunds)
        return len(orders)

    def close(self) -> None:
        self._close()
        self._save()

    async def _backfill(self, orders: list[Order], refunds: list[Order]) -> None:
        for order in orders:
            await self._emit(self._order(order, journey=False))
            self.backfilling -= 1
        for order in refunds:
            await self._emit([self._refund(order)])
            self.backfilling -= 1

    async def _catch_up(self, now: float) -> None:
        """In steps, so that a leap of weeks neither blocks the server nor is lost when the process dies."""
        self._house.run_to(now)
        while self.settings.cursor < now and self.settings.enabled:
            start, end = self.settings.cursor, min(now, self.settings.cursor + _STEP)
            orders = self._house.tape.orders_between(start, end)
            refunds = self._house.tape.refunds_between(start, end)
            events = chain(
                chain.from_iterable(self._order(o, journey=o.keys < self.settings.rate) for o in orders),
                (self._refund(o) for o in refunds),
                self._visits(start, end),
            )
            await self._emit(events)
            self.settings.cursor = end
            self._save()
            await asyncio.sleep(0)

    def _visits(self, start: float, end: float) -> Iterable[Event]:
        """An hour's visits are known when the hour has ended: they are sent then, with their own times."""
        if self.settings.rate <= 0.0:
            return []
        hours = range(int(start // HOUR), int(end // HOUR))
        return chain.from_iterable(visits(self._house, hour, self.settings.rate) for hour in hours)

    def _order(self, order: Order, *, journey: bool) -> Iterable[Event]:
        return order_events(self._house, order, self._distortion(order), journey=journey)

    def _refund(self, order: Order) -> Event:
        return refund_event(self._house, order, self._distortion(order))

    def _distortion(self, order: Order) -> Distortion:
        """Cookies are lost platform by platform; who refuses, doubles or forgets keys does so for all."""

        def share(kind: str) -> float:
            return max(severity(self._faults.windows(kind, name), order.at) for name in self._house.accounts)

        accounts = self._house.accounts
        refused = refuses(self._world.seed, order.person, share("consent_banner_loss"))
        blind = (
            found.platform
            for name, found in accounts.items()
            if refused
            or found.turned(order.loss) < severity(self._faults.windows("pixel_drop", name), order.at)
        )
        return Distortion(
            blind=frozenset(blind),
            no_match_keys=order.keys < share("match_key_collapse"),
            refused_ads=refused,
            doubled=order.doubling < share("duplicated_events"),
        )

    async def _emit(self, events: Iterable[Event]) -> None:
        for event in events:
            if not await self._has_room() or self._client is None:
                return
            _send(self._client, event)
            self.sent += 1
            if self.sent % 200 == 0:
                await asyncio.sleep(0)

    async def _has_room(self) -> bool:
        """Waits while the client's queue is full; False when the shop has been switched off."""
        while self._client is not None:
            if self._client.queue.qsize() < _QUEUE - 1:
                return True
            await asyncio.sleep(0.05)
        return False

    def _open(self) -> None:
        self._client = Client(
            self.settings.write_key,
            host=self.settings.host,
            max_queue_size=_QUEUE,
            on_error=self._failed,
            max_retries=8,
        )

    def _failed(self, error: Exception, batch: list[dict[str, Any]]) -> None:
        self._failures.append(f"{len(batch)} events: {error}")

    def _close(self) -> None:
        """What is queued still goes to the old place, behind our back."""
        if self._client is not None:
            Thread(target=self._client.shutdown, daemon=True).start()
            self._client = None

    def _save(self) -> None:
        self._store.keep(_DOCUMENT, asdict(self.settings))


def _send(client: Client, event: Event) -> None:
    common: dict[str, Any] = {
        "user_id": event.user_id,
        "anonymous_id": event.anonymous_id,
        "context": dict(event.context),
        "timestamp": moment(event.at),
        "message_id": event.message_id,
    }
    if event.kind == "identify":
        client.identify(traits=event.properties, **common)
    elif event.kind == "page":
        client.page(name=event.name, properties=event.properties, **common)
    else:
        client.track(event=event.name, properties=event.properties, **common)
