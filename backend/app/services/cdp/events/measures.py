"""First-party evidence, measured by sets: what the trust engine holds the platforms' figures against.

Every window is half open, `[since, until)`. What was never seen is absent or None, never zero points.
"""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from app.db.session import TenantScope
from app.services.cdp.events.measures_repository import (
    DayNamed,
    DayOrders,
    DaySides,
    DayTraffic,
    Freshness,
    MatchKeyCoverage,
    MeasuresRepository,
    Mismatch,
    OrderTellings,
    Repeats,
    ToldPart,
)

__all__ = [
    "DayNamed",
    "DayOrders",
    "DaySides",
    "DayTraffic",
    "Freshness",
    "MatchKeyCoverage",
    "Measures",
    "Mismatch",
    "OrderTellings",
    "Repeats",
    "ToldPart",
]


class Measures:
    def __init__(self, scope: TenantScope) -> None:
        self._rows = MeasuresRepository(scope)

    async def freshness(self) -> Sequence[Freshness]:
        """The newest accepted event of each source that ever sent one."""
        return await self._rows.freshness()

    async def newest_accepted_at(self) -> datetime | None:
        return max((each.newest_accepted_at for each in await self.freshness()), default=None)

    async def orders_by_day(
        self, since: datetime, until: datetime, timezone: str = "UTC"
    ) -> Sequence[DayOrders]:
        """Distinct orders and refunds, and their exact value, by the day of the event in `timezone` and currency.

        An order told of several times (by browser and server, or retried) counts once.
        """
        return await self._rows.orders_by_day(since, until, str(ZoneInfo(timezone)))

    async def told(
        self, orders: Sequence[str], since: datetime, until: datetime, *, but: str
    ) -> Sequence[ToldPart]:
        """What events that happened in the window tell of these orders, but for those whose message id begins so.

        An order told of several times is one part for each currency, and so is each of its refunds.
        """
        return await self._rows.told(orders, since, until, but)

    async def repeats(self, since: datetime, until: datetime) -> Repeats:
        """How many events came again with a message id that had been seen, by the hours of receipt."""
        return await self._rows.repeats(since, until)

    async def order_tellings(self, since: datetime, until: datetime) -> OrderTellings:
        """How often the same source told of the same order by events with ids of their own, by event time.

        A retry carries the id that was seen and was never stored again, and a browser and a server (or two
        servers) telling of one order are two sources: neither counts here. What counts is what reaches a platform
        as two conversions.
        """
        return await self._rows.order_tellings(since, until)

    async def match_keys(
        self, since: datetime, until: datetime, *, orders_only: bool = True
    ) -> MatchKeyCoverage:
        """In how many events each key was present that a platform could match a person by."""
        return await self._rows.match_keys(since, until, orders_only=orders_only)

    async def named_by_day(
        self, since: datetime, until: datetime, timezone: str = "UTC"
    ) -> Sequence[DayNamed]:
        """Distinct orders, and those of which any event says who bought, by the day when one was first told of."""
        return await self._rows.named_by_day(since, until, str(ZoneInfo(timezone)))

    async def traffic_by_day(
        self, since: datetime, until: datetime, timezone: str = "UTC"
    ) -> Sequence[DayTraffic]:
        """Pages, visitors and sessions (30 minutes apart) by day."""
        return await self._rows.traffic_by_day(since, until, str(ZoneInfo(timezone)))

    async def browser_server_mismatch(self, since: datetime, until: datetime) -> Mismatch:
        """Orders that only the browser, only the server, or both told of."""
        return await self._rows.browser_server_mismatch(since, until)

    async def browser_server_by_day(
        self, since: datetime, until: datetime, timezone: str = "UTC"
    ) -> Sequence[DaySides]:
        """Distinct orders that browsers and servers told of, by the day when an order was first told of."""
        return await self._rows.sides_by_day(since, until, str(ZoneInfo(timezone)))
