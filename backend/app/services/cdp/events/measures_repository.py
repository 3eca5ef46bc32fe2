from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from app.db.session import TenantScope
from app.services.cdp.events.rules import MatchKey
from app.services.cdp.events.store_repository import NO_SOURCE

# Events may be received long before or after they happened by their own account; partitions are cut this far out.
_SLACK_BEFORE = timedelta(days=1)
_SLACK_AFTER = timedelta(days=14)

_REFUND = "CASE WHEN is_refund THEN properties->>'refund_id' END"
"""What tells one refund of an order from another; the shop that names none gives an order back once."""

_ORDERS = text(
    """
WITH told AS (
  SELECT DISTINCT ON (is_refund, coalesce(order_id, id::text), {refund})
    is_refund, (event_time AT TIME ZONE :zone)::date AS day, currency, value_micros
  FROM cdp_events
  WHERE tenant_id = :tenant AND (is_order OR is_refund) AND event_time >= :since AND event_time < :until
  ORDER BY is_refund, coalesce(order_id, id::text), {refund}, value_micros IS NULL, event_time, id
)
SELECT day, currency,
  count(*) FILTER (WHERE NOT is_refund) AS orders,
  coalesce(sum(value_micros) FILTER (WHERE NOT is_refund), 0)::bigint AS value_micros,
  count(*) FILTER (WHERE NOT is_refund AND value_micros IS NULL) AS orders_without_value,
  count(*) FILTER (WHERE is_refund) AS refunds,
  coalesce(sum(value_micros) FILTER (WHERE is_refund), 0)::bigint AS refunded_micros
FROM told GROUP BY day, currency ORDER BY day, currency
""".replace("{refund}", _REFUND)
)

_TOLD = text(
    """
SELECT order_id, is_refund, currency, {refund} AS refund,
  (array_agg(value_micros ORDER BY value_micros IS NULL, event_time, id))[1] AS value_micros
FROM cdp_events
WHERE tenant_id = :tenant AND (is_order OR is_refund) AND order_id = ANY(:orders)
  AND event_time >= :since AND event_time < :until AND NOT starts_with(message_id, :but)
GROUP BY order_id, is_refund, currency, refund
ORDER BY order_id, is_refund, currency, refund
""".replace("{refund}", _REFUND)
)

_TRAFFIC = text("""
WITH visits AS (
  SELECT event_time, (event_time AT TIME ZONE :zone)::date AS day, event_type,
    coalesce(anonymous_id, encode(user_id_hash, 'hex')) AS visitor,
    event_time - lag(event_time) OVER (
      PARTITION BY coalesce(anonymous_id, encode(user_id_hash, 'hex')) ORDER BY event_time) AS gap
  FROM cdp_events
  WHERE tenant_id = :tenant AND event_type IN ('page', 'screen')
    AND received_at >= :from_receipt AND received_at < :to_receipt
    AND event_time >= :since AND event_time < :until
)
SELECT day, count(*) AS pages, count(DISTINCT visitor) AS visitors,
  count(*) FILTER (WHERE gap IS NULL OR gap > interval '30 minutes') AS sessions
FROM visits GROUP BY day ORDER BY day
""")

_MATCH_KEYS = text("""
SELECT count(*) AS events, {keys} FROM cdp_events
WHERE tenant_id = :tenant AND received_at >= :since AND received_at < :until AND (NOT :orders_only OR is_order)
""".replace("{keys}", ", ".join(
    f"count(*) FILTER (WHERE match_keys & {key.value} <> 0) AS {str(key.name).lower()}" for key in MatchKey
)))  # fmt: skip

_NAMED = text(
    f"""
SELECT day, count(*) AS orders, count(*) FILTER (WHERE named) AS named
FROM (
  SELECT min((event_time AT TIME ZONE :zone)::date) AS day,
    bool_or(match_keys & {MatchKey.EMAIL | MatchKey.PHONE | MatchKey.EXTERNAL_ID} <> 0) AS named
  FROM cdp_events
  WHERE tenant_id = :tenant AND is_order AND event_time >= :since AND event_time < :until
  GROUP BY coalesce(order_id, id::text)
) AS told GROUP BY day ORDER BY day
"""  # noqa: S608  (flags of our own)
)

_MISMATCH = text("""
SELECT count(*) FILTER (WHERE browser AND NOT server) AS browser_only,
  count(*) FILTER (WHERE server AND NOT browser) AS server_only,
  count(*) FILTER (WHERE browser AND server) AS both
FROM (
  SELECT e.order_id, coalesce(bool_or(s.kind IN ('browser', 'mobile')), false) AS browser,
    bool_or(s.kind IS NULL OR s.kind = 'server') AS server
  FROM cdp_events e LEFT JOIN cdp_sources s ON s.tenant_id = e.tenant_id AND s.id = e.source_id
  WHERE e.tenant_id = :tenant AND e.is_order AND e.order_id IS NOT NULL
    AND e.event_time >= :since AND e.event_time < :until
  GROUP BY e.order_id
) AS told
""")

_SIDES_BY_DAY = text("""
SELECT (first_told AT TIME ZONE :zone)::date AS day, count(*) FILTER (WHERE browser) AS browser,
  count(*) FILTER (WHERE server) AS server
FROM (
  SELECT min(e.event_time) AS first_told, bool_or(s.kind IN ('browser', 'mobile')) AS browser,
    bool_or(s.kind IS NULL OR s.kind = 'server') AS server
  FROM cdp_events e LEFT JOIN cdp_sources s ON s.tenant_id = e.tenant_id AND s.id = e.source_id
  WHERE e.tenant_id = :tenant AND e.is_order AND e.order_id IS NOT NULL
    AND e.event_time >= :since AND e.event_time < :until
  GROUP BY e.order_id
) AS told
GROUP BY day ORDER BY day
""")

_ORDER_TELLINGS = text("""
SELECT coalesce(sum(times), 0)::bigint AS told, count(*) AS orders
FROM (
  SELECT count(*) AS times FROM cdp_events
  WHERE tenant_id = :tenant AND is_order AND order_id IS NOT NULL
    AND event_time >= :since AND event_time < :until
  GROUP BY source_id, event_name, order_id
) AS tellings
""")

_REPEATS = text("""
SELECT coalesce(sum(accepted), 0)::bigint AS accepted, coalesce(sum(duplicates), 0)::bigint AS duplicates,
  coalesce(sum(rejected), 0)::bigint AS rejected
FROM cdp_event_counts
WHERE tenant_id = :tenant AND hour >= date_trunc('hour', :since, 'UTC') AND hour < :until
""")

_FRESHNESS = text("""
SELECT source_id, max(newest_accepted_at) AS newest FROM cdp_event_counts
WHERE tenant_id = :tenant GROUP BY source_id HAVING max(newest_accepted_at) IS NOT NULL
""")


@dataclass(frozen=True, slots=True)
class Freshness:
    """`source_id` is None for events sent without a source."""

    source_id: UUID | None
    newest_accepted_at: datetime


@dataclass(frozen=True, slots=True)
class DayOrders:
    day: date
    currency: str | None
    orders: int
    value_micros: int
    orders_without_value: int
    refunds: int
    refunded_micros: int


@dataclass(frozen=True, slots=True)
class DayTraffic:
    day: date
    pages: int
    visitors: int
    sessions: int


@dataclass(frozen=True, slots=True)
class MatchKeyCoverage:
    """`present[key]` of `events` carried that key."""

    events: int
    present: dict[MatchKey, int]

    def share(self, key: MatchKey) -> float | None:
        """None where there was no event to judge by."""
        return self.present[key] / self.events if self.events else None


@dataclass(frozen=True, slots=True)
class DayNamed:
    """Distinct orders, and those of which any event says who bought: by e-mail, phone or the shop's own id."""

    day: date
    orders: int
    named: int


@dataclass(frozen=True, slots=True)
class Mismatch:
    browser_only: int
    server_only: int
    both: int


@dataclass(frozen=True, slots=True)
class DaySides:
    """Distinct orders of a day that a browser (or an app) told of, and those that a server told of."""

    day: date
    browser: int
    server: int


@dataclass(frozen=True, slots=True)
class OrderTellings:
    """`told` events for `orders` orders, an order counted once for each source and event name telling of it."""

    told: int
    orders: int

    @property
    def again(self) -> int:
        """Events that told of an order which the same source had told of by another event."""
        return self.told - self.orders


@dataclass(frozen=True, slots=True)
class ToldPart:
    """An order, or one refund of it, as events told it; `value_micros` is the first that was named."""

    order_id: str
    is_refund: bool
    currency: str | None
    value_micros: int | None


@dataclass(frozen=True, slots=True)
class Repeats:
    accepted: int
    duplicates: int
    rejected: int

    @property
    def rate(self) -> float | None:
        """Duplicates among what was well formed; None where nothing came."""
        total = self.accepted + self.duplicates
        return self.duplicates / total if total else None


class MeasuresRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session
        self._tenant_id = scope.tenant_id

    async def _rows(self, statement: Any, **values: Any) -> Sequence[Any]:
        return (await self._session.execute(statement, {"tenant": self._tenant_id, **values})).all()

    async def freshness(self) -> Sequence[Freshness]:
        return [
            Freshness(None if row.source_id == NO_SOURCE else row.source_id, row.newest)
            for row in await self._rows(_FRESHNESS)
        ]

    async def orders_by_day(self, since: datetime, until: datetime, zone: str) -> Sequence[DayOrders]:
        rows = await self._rows(_ORDERS, since=since, until=until, zone=zone)
        return [DayOrders(**row._mapping) for row in rows]  # noqa: SLF001  (SQLAlchemy's public name)

    async def traffic_by_day(self, since: datetime, until: datetime, zone: str) -> Sequence[DayTraffic]:
        rows = await self._rows(
            _TRAFFIC,
            since=since,
            until=until,
            zone=zone,
            from_receipt=since - _SLACK_BEFORE,
            to_receipt=until + _SLACK_AFTER,
        )
        return [DayTraffic(**row._mapping) for row in rows]  # noqa: SLF001  (SQLAlchemy's public name)

    async def match_keys(self, since: datetime, until: datetime, *, orders_only: bool) -> MatchKeyCoverage:
        row = (await self._rows(_MATCH_KEYS, since=since, until=until, orders_only=orders_only))[0]
        return MatchKeyCoverage(row.events, {key: getattr(row, str(key.name).lower()) for key in MatchKey})

    async def named_by_day(self, since: datetime, until: datetime, zone: str) -> Sequence[DayNamed]:
        rows = await self._rows(_NAMED, since=since, until=until, zone=zone)
        return [DayNamed(row.day, row.orders, row.named) for row in rows]

    async def browser_server_mismatch(self, since: datetime, until: datetime) -> Mismatch:
        row = (await self._rows(_MISMATCH, since=since, until=until))[0]
        return Mismatch(row.browser_only, row.server_only, row.both)

    async def sides_by_day(self, since: datetime, until: datetime, zone: str) -> Sequence[DaySides]:
        rows = await self._rows(_SIDES_BY_DAY, since=since, until=until, zone=zone)
        return [DaySides(row.day, row.browser, row.server) for row in rows]

    async def order_tellings(self, since: datetime, until: datetime) -> OrderTellings:
        row = (await self._rows(_ORDER_TELLINGS, since=since, until=until))[0]
        return OrderTellings(row.told, row.orders)

    async def told(
        self, orders: Sequence[str], since: datetime, until: datetime, but: str
    ) -> Sequence[ToldPart]:
        rows = await self._rows(_TOLD, orders=list(orders), since=since, until=until, but=but)
        return [ToldPart(row.order_id, row.is_refund, row.currency, row.value_micros) for row in rows]

    async def repeats(self, since: datetime, until: datetime) -> Repeats:
        row = (await self._rows(_REPEATS, since=since, until=until))[0]
        return Repeats(row.accepted, row.duplicates, row.rejected)
