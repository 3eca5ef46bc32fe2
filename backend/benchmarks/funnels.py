"""What funnels and retention cost, against hand-written SQL of the same questions in one run, as the data grows.

    python -m benchmarks.funnels [--full]

10,000 people with 100,000 events, then ten times as many (`--full`: and ten times those). The funnel has four steps and
tells people apart by a property of their first event; retention goes over twelve weeks. The hand-written statements
give the same people, and of all else that an answer says only the median times.
"""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg

from benchmarks.segments import _grow
from benchmarks.stack import Stack, running_stack

SIZES = ((10_000, 100_000), (100_000, 1_000_000))
FULL = (1_000_000, 10_000_000)
_ROUNDS = 3
_PATIENCE = timedelta(minutes=10)

FUNNEL: dict[str, Any] = {
    "steps": [{"event": each} for each in ("Page", "Product Viewed", "Order Completed", "Order Refunded")],
    "window_seconds": 30 * 86_400,
    "days": {"kind": "last", "days": 70},
    "breakdown": {"kind": "property", "name": "category", "top": 5},
}
RETENTION: dict[str, Any] = {
    "start": {"kind": "event", "event": "Product Viewed"},
    "returning": {"kind": "any"},
    "period": "week",
    "periods": 12,
    "days": {"kind": "last", "days": 84},
}

_FUNNEL_BY_HAND = """
WITH said AS (
  SELECT i.profile_id AS p, e.event_time AS t, e.event_name AS n, e.properties ->> 'category' AS category
  FROM cdp_events AS e JOIN cdp_identifiers AS i ON i.tenant_id = e.tenant_id AND i.key = e.person_key
  WHERE e.tenant_id = $1 AND e.event_time > $2::timestamptz - interval '71 days'
    AND e.event_name IN ('Page', 'Product Viewed', 'Order Completed', 'Order Refunded')
), one AS (
  SELECT *, max(t) FILTER (WHERE n = 'Page') OVER w AS s1 FROM said WINDOW w AS (PARTITION BY p ORDER BY t)
), two AS (
  SELECT *, max(s1) FILTER (WHERE n = 'Product Viewed' AND t <= s1 + interval '30 days') OVER w AS s2
  FROM one WINDOW w AS (PARTITION BY p ORDER BY t)
), three AS (
  SELECT *, max(s2) FILTER (WHERE n = 'Order Completed' AND t <= s2 + interval '30 days') OVER w AS s3
  FROM two WINDOW w AS (PARTITION BY p ORDER BY t)
), people AS (
  SELECT p, (array_agg(category ORDER BY t) FILTER (WHERE n = 'Page'))[1] AS category,
    min(t - s1) FILTER (WHERE n = 'Product Viewed' AND t <= s1 + interval '30 days') AS took,
    bool_or(s2 IS NOT NULL) AS viewed, bool_or(s3 IS NOT NULL) AS bought,
    bool_or(n = 'Order Refunded' AND t <= s3 + interval '30 days') AS back
  FROM three GROUP BY p HAVING bool_or(n = 'Page')
)
SELECT category, count(*), count(*) FILTER (WHERE viewed), count(*) FILTER (WHERE bought),
  count(*) FILTER (WHERE back), percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM took))
FROM people GROUP BY category ORDER BY 2 DESC
"""
_RETENTION_BY_HAND = """
WITH began AS (
  SELECT i.profile_id AS p, min(e.event_time) AS t, date_trunc('week', min(e.event_time))::date AS week
  FROM cdp_events AS e JOIN cdp_identifiers AS i ON i.tenant_id = e.tenant_id AND i.key = e.person_key
  WHERE e.tenant_id = $1 AND e.event_name = 'Product Viewed' GROUP BY 1
  HAVING min(e.event_time) > $2::timestamptz - interval '98 days'
), came AS (
  SELECT DISTINCT b.p, b.week, (date_trunc('week', e.event_time)::date - b.week) / 7 AS place
  FROM cdp_events AS e JOIN cdp_identifiers AS i ON i.tenant_id = e.tenant_id AND i.key = e.person_key
    JOIN began AS b ON b.p = i.profile_id
  WHERE e.tenant_id = $1 AND e.event_time > b.t
)
SELECT week, NULL AS place, count(*) FROM began GROUP BY week
UNION ALL SELECT week, place, count(*) FROM came WHERE place <= 12 GROUP BY week, place
"""


@dataclass(frozen=True)
class Round:
    """Seconds, the best of three."""

    question: str
    people: int
    events: int
    by_hand: float
    ours: float


async def _best(ask: Callable[[], Awaitable[Any]]) -> tuple[float, Any]:
    times, found = [], None
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        found = await ask()
        times.append(time.perf_counter() - started)
    return min(times), found


async def _by_hand(scopes: Any, sql: str) -> tuple[float, list[Any]]:
    async def ask() -> Any:
        async with scopes() as scope:
            driver = await scope.driver()
            await driver.execute("SET LOCAL statement_timeout = '10min'")
            return await driver.fetch(sql, scope.tenant_id, scope.now())

    return await _best(ask)


async def _ours(scopes: Any, service: Any, definition: Any) -> tuple[float, Any]:
    async def ask() -> Any:
        async with scopes() as scope:
            return await service(scope, patience=_PATIENCE).compute(definition)

    return await _best(ask)


async def _round(scopes: Any, people: int, events: int) -> list[Round]:
    from app.schemas.cdp.funnels import FunnelDefinition  # noqa: PLC0415  (the environment comes first)
    from app.schemas.cdp.retention import RetentionDefinition  # noqa: PLC0415
    from app.services.cdp.funnels.service import FunnelService  # noqa: PLC0415
    from app.services.cdp.retention.service import RetentionService  # noqa: PLC0415

    hand, rows = await _by_hand(scopes, _FUNNEL_BY_HAND)
    ours, funnel = await _ours(scopes, FunnelService, FunnelDefinition.model_validate(FUNNEL))
    told = {each.value: [step.people for step in each.steps] for each in funnel.groups}
    assert {row[0]: list(row[1:5]) for row in rows} == told, (rows, told)
    found = [Round("funnel", people, events, hand, ours)]
    hand, rows = await _by_hand(scopes, _RETENTION_BY_HAND)
    ours, report = await _ours(scopes, RetentionService, RetentionDefinition.model_validate(RETENTION))
    sizes = {row[0]: row[2] for row in rows if row[1] is None}
    assert sizes == {each.begins_on: each.size for each in report.cohorts if each.size}
    returns = {(row[0], row[1]): row[2] for row in rows if row[1] is not None}
    assert returns == {
        (each.begins_on, place): count
        for each in report.cohorts
        for place, count in enumerate(each.returned)
        if count
    }
    return [*found, Round("retention", people, events, hand, ours)]


async def _measure(stack: Stack, sizes: list[tuple[int, int]]) -> list[Round]:
    from app.core.config import get_settings  # noqa: PLC0415  (reads the settings: the environment comes first)
    from app.db.session import make_engine, scopes_for  # noqa: PLC0415

    owner = await asyncpg.connect(stack.owner_url)
    tenant_id = int(
        await owner.fetchval("INSERT INTO tenants (name, slug) VALUES ('Bench', 'bench') RETURNING id")
    )
    engine = make_engine(stack.app_url, get_settings())
    scopes = scopes_for(engine, tenant_id)
    found: list[Round] = []
    before = (0, 0)
    for size in sizes:
        await _grow(owner, tenant_id, (before[0], size[0]), (before[1], size[1]))
        before = size
        found += await _round(scopes, *size)
    await engine.dispose()
    await owner.close()
    return found


def main() -> None:
    sizes = [*SIZES, *([FULL] if "--full" in sys.argv else [])]
    with running_stack() as stack:
        os.environ.update(stack.environment)
        found = asyncio.run(_measure(stack, sizes))
    print(f"{'question':>10} {'people':>10} {'events':>11} {'by hand s':>10} {'ours s':>8} {'ratio':>6}")
    for each in found:
        print(
            f"{each.question:>10} {each.people:>10,} {each.events:>11,} {each.by_hand:>10.2f} {each.ours:>8.2f} "
            f"{each.ours / each.by_hand:>6.2f}"
        )


if __name__ == "__main__":
    main()
