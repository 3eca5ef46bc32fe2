"""What one more event costs, while 100,000 to 10,000,000 are stored.

    python -m benchmarks.curve [--full]

A tenth as many people as events; each has an identifier, a profile, a link and ten events, and every message id is
remembered. What is measured goes the way of real events: stored by the ingestion's own writer, resolved by one
resolver, followed by a computed trait and a live segment. Without `--full` it ends at 1,000,000. In microseconds of
CPU an event, of the process and of the database.

The stream asks for the same work at every size: it is of 10,000 shoppers, spread evenly over all that are stored. A
second line at each size is of anybody: the more people there are, the fewer events each of them shares one look-up
with, so it tells what a busier shop costs, too.
"""

import asyncio
import functools
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from benchmarks.identity import BATCH, Shop
from benchmarks.stack import Stack, database_cpu, running_stack

SIZES = (100_000, 1_000_000, 10_000_000)
SHOPPERS = 10_000
MEASURED = 40_000
WARM = 10_000
RULE: dict[str, Any] = {"kind": "event", "event": "Order Completed", "window": {"kind": "last", "days": 30}}
TRAIT: dict[str, Any] = {"kind": "count", "event": "Order Completed", "window": {"kind": "last", "days": 90}}

_PEOPLE = "CREATE UNLOGGED TABLE curve_people (n integer PRIMARY KEY, key uuid NOT NULL)"
_PROFILES = """
INSERT INTO cdp_profiles (tenant_id, id, created_at, lifecycle, first_seen_at, last_seen_at, event_count, order_count,
  refund_count, has_user_id, identifier_count)
SELECT $1, key, now() - interval '60 days', 'known', now() - interval '60 days', now() - interval '1 day', 10, 0, 0,
  true, 1
FROM curve_people WHERE n >= $2 AND n < $3
"""
_IDENTIFIERS = """
INSERT INTO cdp_identifiers (tenant_id, key, type, profile_id, first_seen_at, first_message_id, last_seen_on,
  event_count, first_event_at, last_event_at)
SELECT $1, key, 'user_id', key, now() - interval '60 days', 'm', current_date, 10, now() - interval '60 days',
  now() - interval '1 day'
FROM curve_people WHERE n >= $2 AND n < $3
"""
_LINKS = """
INSERT INTO cdp_identity_edges (tenant_id, assertion, place, kind, a_key, b_key, asserted_at, message_id, joined,
  decided_at)
SELECT $1, md5('a' || n)::uuid, 0, 'observed', md5('b' || n)::uuid, key, now() - interval '60 days', 'm', true, now()
FROM curve_people WHERE n >= $2 AND n < $3
"""
_EVENTS = """
INSERT INTO cdp_events (tenant_id, received_at, id, message_id, event_type, event_name, event_time, properties, context,
  is_order, is_refund, match_keys, person_key)
SELECT $1, happened, gen_random_uuid(), 'c' || drawn.n, 'track', 'Product Viewed', happened,
  jsonb_build_object('product_id', 'sku-' || drawn.n % 997, 'price', 49.9), '{}', false, false, 0, key
FROM (
  SELECT n, now() - random() * interval '60 days' AS happened FROM generate_series($2::bigint, $3::bigint - 1) AS n
) AS drawn JOIN curve_people AS p ON p.n = drawn.n % $4::integer
"""
_REMEMBERED = """
INSERT INTO cdp_event_dedupe (tenant_id, message_id, received_at)
SELECT $1, 'c' || n, now() FROM generate_series($2::bigint, $3::bigint - 1) AS n
"""


@dataclass(frozen=True)
class Cost:
    """Microseconds an event: of CPU in the process and in the database, and by the clock."""

    process: float
    database: float
    clock: float

    @property
    def cpu(self) -> float:
        return self.process + self.database

    def __str__(self) -> str:
        return f"{self.process:>7.1f} + {self.database:>6.1f} {self.clock:>8.1f}"


async def _grow(owner: Any, tenant_id: int, before: int, stored: int) -> None:
    from app.services.cdp.events.service import identifier_key  # noqa: PLC0415  (the environment comes first)
    from app.services.cdp.identity.rules import IdentifierType  # noqa: PLC0415

    first, people = before // 10, stored // 10
    keys = (
        (number, UUID(int=identifier_key(IdentifierType.USER_ID, f"u-{number}", tenant_id).int))
        for number in range(first, people)
    )
    await owner.copy_records_to_table("curve_people", records=keys)
    for statement in (_PROFILES, _IDENTIFIERS, _LINKS):
        await owner.execute(statement, tenant_id, first, people)
    for begin in range(before, stored, 1_000_000):
        end = min(stored, begin + 1_000_000)
        await owner.execute(_EVENTS, tenant_id, begin, end, people)
        await owner.execute(_REMEMBERED, tenant_id, begin, end)
    await owner.execute("VACUUM ANALYZE")
    await owner.execute("CHECKPOINT")


async def _cost(owner_url: str, events: int, work: Callable[[], Awaitable[object]]) -> Cost:
    process, database, started = time.process_time(), database_cpu(owner_url), time.perf_counter()
    await work()
    per = 1e6 / events
    return Cost(
        (time.process_time() - process) * per,
        (database_cpu(owner_url) - database) * per,
        (time.perf_counter() - started) * per,
    )


async def _measure(stack: Stack, sizes: tuple[int, ...]) -> None:
    from app.core.clock import SystemClock  # noqa: PLC0415  (reads the settings: the environment comes first)
    from app.core.config import get_settings  # noqa: PLC0415
    from app.db.session import door, make_engine, scopes_for  # noqa: PLC0415
    from app.schemas.cdp.segments_tree import read_rule  # noqa: PLC0415
    from app.schemas.cdp.traits import TraitDefinition  # noqa: PLC0415
    from app.services.cdp.events.service import Envelope, Ingestion  # noqa: PLC0415
    from app.services.cdp.identity.service import Resolver  # noqa: PLC0415
    from app.services.cdp.segments.service import Following, Recomputation, SegmentService  # noqa: PLC0415
    from app.services.cdp.sources.service import Sender  # noqa: PLC0415
    from app.services.cdp.traits.service import TraitFollowing, TraitService, WholeTrait  # noqa: PLC0415

    owner = await asyncpg.connect(stack.owner_url)
    tenant_id = int(
        await owner.fetchval("INSERT INTO tenants (name, slug) VALUES ('Bench', 'bench') RETURNING id")
    )
    await owner.execute(_PEOPLE)
    engine = make_engine(stack.app_url, get_settings())
    scopes = scopes_for(engine, tenant_id)
    ingestion = Ingestion(door(engine), SystemClock(), get_settings())
    sender = Sender(tenant_id, None)
    async with scopes() as scope:
        segment = await SegmentService(scope).create("Bought lately", "", read_rule(RULE))
        trait = await TraitService(scope).create("bought", "", TraitDefinition.model_validate(TRAIT))
    await Recomputation(scopes).run(segment.id)
    await WholeTrait(scopes).run(trait.id)

    async def store(batches: list[list[bytes]]) -> None:
        for items in batches:
            outcome = await ingestion.receive(sender, Envelope(items), dialect="segment")
            assert outcome.accepted == len(items), outcome

    async def follow() -> None:
        await TraitFollowing(scopes).drain()
        await Following(scopes).drain()

    async def measured(size: int, stored: int, people: int) -> list[Cost]:
        shop = Shop(size, people=people, apart=stored // 10 // people)
        costs: list[Cost] = []
        for count in (WARM, MEASURED):
            ids = f"m-{size}-{people}-{count}"
            made = [
                [
                    json.dumps(shop.event() | {"messageId": f"{ids}-{batch}-{each}"}).encode()
                    for each in range(BATCH)
                ]
                for batch in range(count // BATCH)
            ]
            costs = [
                await _cost(stack.owner_url, count, functools.partial(store, made)),
                await _cost(stack.owner_url, count, Resolver(scopes).drain),
                await _cost(stack.owner_url, count, follow),
            ]
        return costs

    before, first = 0, 0.0
    for size, stored in enumerate(sizes):
        await _grow(owner, tenant_id, before, stored)
        before = stored
        for people in dict.fromkeys((SHOPPERS, stored // 10)):
            costs = await measured(size, stored, people)
            whole = sum(each.cpu for each in costs)
            first = first or whole
            told = "   ".join(map(str, costs))
            print(f"{stored:>11,} {people:>10,}   {told}   {whole:>7.1f} {whole / first:>6.2f}", flush=True)
        known = await owner.fetchval("SELECT count(*) FROM cdp_profiles WHERE event_count > 10")
        assert known > SHOPPERS // 2, "the people of the stream are those that are stored"
    await ingestion.close()
    await engine.dispose()
    await owner.close()


def main() -> None:
    sizes = SIZES if "--full" in sys.argv else SIZES[:2]
    with running_stack() as stack:
        os.environ.update(stack.environment)
        from app.core.heap import settled_heap  # noqa: PLC0415  (as above)

        print("us an event: CPU of the process + CPU of the database, and by the clock")
        print(
            f"{'events':>11} {'people':>10}   {'stored':^25}   {'resolved':^25}   {'followed':^25}   "
            f"{'CPU':>7} {'ratio':>6}",
            flush=True,
        )
        with settled_heap():  # as a worker's is
            asyncio.run(_measure(stack, sizes))


if __name__ == "__main__":
    main()
