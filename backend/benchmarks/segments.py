"""What a segment costs: its whole membership against hand-written SQL, and following changes as the data grows.

    python -m benchmarks.segments [--full]

Profiles and events are made in the database: 100,000 and 1,000,000 (`--full`: 1,000,000 and 10,000,000). The rule has
five conditions, of which three read events. The hand-written statement asks the same question and stores who is in.
"""

import asyncio
import os
import sys
import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from benchmarks.stack import Stack, running_stack

SMALL, FULL = (100_000, 1_000_000), (1_000_000, 10_000_000)
CHANGED = 100

RULE: dict[str, Any] = {
    "kind": "all",
    "of": [
        {"kind": "lifecycle", "one_of": ["known", "customer"]},
        {"kind": "trait", "name": "plan", "test": {"op": "is", "text": "pro"}},
        {
            "kind": "event",
            "event": "Product Viewed",
            "window": {"kind": "last", "days": 30},
            "where": [{"property": "category", "test": {"op": "is", "text": "shoes"}}],
            "test": {"op": "times", "compare": "at_least", "value": 1},
        },
        {
            "kind": "event",
            "event": "Order Completed",
            "window": {"kind": "last", "days": 90},
            "test": {"op": "money", "currency": "EUR", "compare": "at_least", "micros": 20_000_000},
        },
        {
            "kind": "event",
            "event": "Order Refunded",
            "window": {"kind": "last", "days": 90},
            "test": {"op": "did_not"},
        },
    ],
}

_BY_HAND = """
CREATE TEMPORARY TABLE by_hand AS
SELECT p.id FROM cdp_profiles AS p JOIN (
  SELECT i.profile_id,
    count(*) FILTER (WHERE e.event_name = 'Product Viewed') AS views,
    sum(e.value_micros) FILTER (WHERE e.event_name = 'Order Completed') AS paid,
    count(*) FILTER (WHERE e.event_name = 'Order Refunded') AS refunds
  FROM cdp_events AS e JOIN cdp_identifiers AS i ON i.tenant_id = e.tenant_id AND i.key = e.person_key
  WHERE e.tenant_id = $1 AND (
    (e.event_name = 'Product Viewed' AND e.event_time > $2::timestamptz - interval '30 days'
      AND e.properties ->> 'category' = 'shoes')
    OR (e.event_name = 'Order Completed' AND e.event_time > $2 - interval '90 days' AND e.currency = 'EUR')
    OR (e.event_name = 'Order Refunded' AND e.event_time > $2 - interval '90 days'))
  GROUP BY i.profile_id
) AS did ON did.profile_id = p.id
WHERE p.tenant_id = $1 AND p.lifecycle IN ('known', 'customer') AND p.traits ->> 'plan' = 'pro'
  AND did.views >= 1 AND did.paid >= 20000000 AND did.refunds = 0
"""

_PROFILES = """
INSERT INTO cdp_profiles (tenant_id, id, created_at, lifecycle, first_seen_at, last_seen_at, event_count, order_count,
  refund_count, traits, identifier_count)
SELECT $1, md5('p' || n)::uuid, now(), CASE n % 4 WHEN 0 THEN 'customer' WHEN 1 THEN 'known' ELSE 'anonymous' END,
  now() - interval '100 days', now(), 10, 0, 0,
  jsonb_build_object('plan', CASE n % 3 WHEN 0 THEN 'pro' ELSE 'free' END), 1
FROM generate_series($2::integer, $3::integer) AS n
"""
_IDENTIFIERS = """
INSERT INTO cdp_identifiers (tenant_id, key, type, profile_id, first_seen_at, first_message_id, last_seen_on,
  event_count, first_event_at, last_event_at)
SELECT $1, md5('p' || n)::uuid, 'user_id', md5('p' || n)::uuid, now(), 'm', current_date, 10, now(), now()
FROM generate_series($2::integer, $3::integer) AS n
"""
_EVENTS = """
INSERT INTO cdp_events (tenant_id, received_at, id, message_id, event_type, event_name, event_time, properties, context,
  value_micros, currency, is_order, is_refund, match_keys, person_key)
SELECT $1, happened, gen_random_uuid(), 'b' || n, 'track', name, happened,
  jsonb_build_object('category', CASE WHEN draw < 0.2 THEN 'shoes' ELSE 'hats' END, 'product_id', 'sku-' || n % 997,
    'price', 49.9, 'page', '/products/' || n % 997), '{"library": {"name": "bench"}}',
  CASE WHEN name LIKE 'Order%' THEN (n % 50) * 1000000 END, CASE WHEN name LIKE 'Order%' THEN 'EUR' END,
  name = 'Order Completed', name = 'Order Refunded', 0, md5('p' || 1 + abs(hashint8(n)::bigint) % $4)::uuid
FROM (
  SELECT n, random() AS draw, now() - random() * interval '60 days' AS happened,
    CASE WHEN n % 20 < 2 THEN 'Order Completed' WHEN n % 200 = 7 THEN 'Order Refunded'
      WHEN n % 20 < 12 THEN 'Product Viewed' ELSE 'Page' END AS name
  FROM generate_series($2::bigint, $3::bigint) AS n
) AS drawn
"""


@dataclass(frozen=True)
class Round:
    """Seconds, but for what is named otherwise."""

    profiles: int
    events: int
    members: int
    by_hand: float
    computed: float
    settled: float
    followed: float
    rows_read: int


async def _grow(owner: Any, tenant_id: int, profiles: tuple[int, int], events: tuple[int, int]) -> None:
    await owner.execute(_PROFILES, tenant_id, profiles[0] + 1, profiles[1])
    await owner.execute(_IDENTIFIERS, tenant_id, profiles[0] + 1, profiles[1])
    await owner.execute(_EVENTS, tenant_id, events[0] + 1, events[1], profiles[1])
    await owner.execute("VACUUM ANALYZE")


def _scanned(plan: dict[str, Any]) -> int:
    """Rows that the scans of a plan gave out or threw away."""
    own = 0
    if "Scan" in plan["Node Type"] and plan.get("Relation Name", "").startswith(
        ("cdp_events", "cdp_identifiers")
    ):
        thrown = plan.get("Rows Removed by Filter", 0)
        own = int((plan["Actual Rows"] + thrown) * plan["Actual Loops"])
    return own + sum(_scanned(child) for child in plan.get("Plans", ()))


async def _measure(stack: Stack, sizes: list[tuple[int, int]]) -> list[Round]:
    from app.core.config import get_settings  # noqa: PLC0415  (reads the settings: the environment comes first)
    from app.db.session import make_engine, scopes_for  # noqa: PLC0415
    from app.schemas.cdp.segments_tree import read_rule  # noqa: PLC0415
    from app.services.cdp.profiles.service import Change, ProfileFolding  # noqa: PLC0415
    from app.services.cdp.segments.service import Following, Recomputation, SegmentService  # noqa: PLC0415

    owner = await asyncpg.connect(stack.owner_url)
    tenant_id = int(
        await owner.fetchval("INSERT INTO tenants (name, slug) VALUES ('Bench', 'bench') RETURNING id")
    )
    engine = make_engine(stack.app_url, get_settings())
    scopes = scopes_for(engine, tenant_id)
    found: list[Round] = []
    before = (0, 0)
    for number, size in enumerate(sizes):
        await _grow(owner, tenant_id, (before[0], size[0]), (before[1], size[1]))
        before = size
        async with scopes() as scope:
            made = await SegmentService(scope).create(f"Bench {number}", "", read_rule(RULE))
        by_hand, count = await _by_hand(scopes)
        started = time.perf_counter()
        await Recomputation(scopes).run(made.id)
        first = time.perf_counter() - started
        started = time.perf_counter()
        await Recomputation(scopes).run(made.id)
        again = time.perf_counter() - started
        members = await owner.fetchval(
            "SELECT member_count FROM cdp_segments WHERE tenant_id = $1 AND id = $2", tenant_id, made.id
        )
        assert members == count, (members, count)
        touched = [UUID(bytes=row[0].bytes) for row in await owner.fetch(
            "SELECT md5('p' || n)::uuid FROM generate_series(1, $1) AS n", CHANGED
        )]  # fmt: skip
        rows_read = await _rows_read(scopes, touched)
        async with scopes() as scope:
            await ProfileFolding(scope, 90).tell([Change("events", touched, ["Order Completed"])])
        started = time.perf_counter()
        await Following(scopes).drain()
        followed = time.perf_counter() - started
        found.append(Round(*size, members, by_hand, first, again, followed, rows_read))
        async with scopes() as scope:
            await SegmentService(scope).archive(made.id)
    await engine.dispose()
    await owner.close()
    return found


async def _by_hand(scopes: Any) -> tuple[float, int]:
    """The best of three, as the application's role; the answer's size."""
    times: list[float] = []
    count = 0
    for _ in range(3):
        async with scopes() as scope:
            driver = await scope.driver()
            await driver.execute("SET LOCAL statement_timeout = '10min'")
            started = time.perf_counter()
            await driver.execute(_BY_HAND, scope.tenant_id, scope.now())
            times.append(time.perf_counter() - started)
            count = await driver.fetchval("SELECT count(*) FROM by_hand")
            await driver.execute("DROP TABLE by_hand")
    return min(times), count


async def _rows_read(scopes: Any, touched: list[UUID]) -> int:
    """How many rows of events and identifiers the statement for the changed profiles looks at."""
    from app.schemas.cdp.segments_tree import read_rule  # noqa: PLC0415
    from app.services.cdp.segments.compiling_repository import SegmentQuery, ids  # noqa: PLC0415

    async with scopes() as scope:
        query = SegmentQuery(
            read_rule(RULE), tenant_id=scope.tenant_id, now=scope.now(), touched=ids(touched)
        )
        compiled = query.verdicts().compile(
            dialect=scope.session.get_bind().dialect, compile_kwargs={"render_postcompile": True}
        )
        values = [compiled.params[name] for name in compiled.positiontup or ()]
        driver = await scope.driver()
        plan = await driver.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {compiled}", *values)
    return _scanned(plan[0]["Plan"])


def main() -> None:
    top = FULL if "--full" in sys.argv else SMALL
    sizes = [(top[0] // 100, top[1] // 100), (top[0] // 10, top[1] // 10), top]
    with running_stack() as stack:
        os.environ.update(stack.environment)
        found = asyncio.run(_measure(stack, sizes))
    print(
        f"{'profiles':>10} {'events':>11} {'members':>8} {'by hand s':>10} {'whole, first s':>15} "
        f"{'whole, again s':>15} {'ratio':>6} {f'{CHANGED} changed ms':>15} {'rows read':>10}"
    )
    for each in found:
        print(
            f"{each.profiles:>10,} {each.events:>11,} {each.members:>8,} {each.by_hand:>10.2f} {each.computed:>15.2f} "
            f"{each.settled:>15.2f} {each.settled / each.by_hand:>6.2f} {each.followed * 1e3:>15.1f} "
            f"{each.rows_read:>10,}"
        )


if __name__ == "__main__":
    main()
