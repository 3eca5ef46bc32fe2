"""How fast events become people, and that an event costs the same however many are stored.

    python -m benchmarks.identity [events a round] [rounds]

Events are stored through the ingestion's own writer and then resolved by one resolver over a durable database:
half of them of known people, a tenth orders, a twentieth an identify with traits, the rest of new visitors, of
whom one in four signs in. How long an event waits for it at a steady rate is `benchmarks.visible`'s to tell.
"""

import asyncio
import json
import os
import random
import sys
import time
from dataclasses import dataclass
from typing import Any

import asyncpg

from benchmarks.stack import Stack, database_cpu, running_stack

EVENTS = 20_000
ROUNDS = 4
BATCH = 500


@dataclass(frozen=True)
class Round:
    """One round: what was stored before it, and microseconds an event."""

    stored: int
    seconds: float
    events: int
    cpu: float
    database_cpu: float


class Shop:
    """A seeded stream of events; half of them are of `people` known ones: every `apart`th of those that there are."""

    def __init__(self, seed: int, people: int = 20_000, apart: int = 1) -> None:
        self._people, self._apart = people, apart
        self._random = random.Random(seed)  # noqa: S311  (a stream, not a secret)
        self._number = 0

    def event(self) -> dict[str, Any]:
        self._number += 1
        draw, number = self._random, self._number
        kind = draw.random()
        person = f"u-{draw.randrange(self._people) * self._apart}"
        event: dict[str, Any] = {
            "type": "track",
            "event": "Product Viewed",
            "messageId": f"b-{os.getpid()}-{number}",
        }
        event["properties"] = {"product_id": f"sku-{number % 997}", "price": 49.9}
        if kind < 0.35:
            return event | {"userId": person}
        if kind < 0.45:
            order = {"order_id": f"o-{number}", "revenue": 49.9, "currency": "EUR"}
            return event | {"userId": person, "event": "Order Completed", "properties": order}
        if kind < 0.5:
            traits = {"email": f"{person}@shop.example", "plan": draw.choice(["free", "pro"])}
            return {"type": "identify", "userId": person, "messageId": event["messageId"], "traits": traits}
        visitor = f"a-{draw.randrange(10**9)}"
        if kind < 0.6:
            return event | {"userId": f"n-{number}", "anonymousId": visitor}
        return event | {"anonymousId": visitor}


async def _tenant(owner_url: str) -> int:
    connection = await asyncpg.connect(owner_url)
    try:
        return int(
            await connection.fetchval(
                "INSERT INTO tenants (name, slug) VALUES ('Bench', 'bench') RETURNING id"
            )
        )
    finally:
        await connection.close()


async def _measure(stack: Stack, events: int, rounds: int) -> list[Round]:
    from app.core.clock import SystemClock  # noqa: PLC0415  (reads the settings: the environment comes first)
    from app.core.config import get_settings  # noqa: PLC0415
    from app.db.session import door, make_engine, scopes_for  # noqa: PLC0415
    from app.services.cdp.events.service import Envelope, Ingestion  # noqa: PLC0415
    from app.services.cdp.identity.service import Resolver  # noqa: PLC0415
    from app.services.cdp.sources.service import Sender  # noqa: PLC0415

    tenant_id = await _tenant(stack.owner_url)
    engine = make_engine(stack.app_url, get_settings())
    ingestion = Ingestion(door(engine), SystemClock(), get_settings())
    sender, shop = Sender(tenant_id, None), Shop(1)
    scopes = scopes_for(engine, tenant_id)

    async def store(count: int) -> None:
        items = [json.dumps(shop.event()).encode() for _ in range(count)]
        outcome = await ingestion.receive(sender, Envelope(items), dialect="segment")
        assert outcome.accepted == count, outcome

    found: list[Round] = []
    for number in range(rounds):
        for _ in range(events // BATCH):
            await store(BATCH)
        process, before = time.process_time(), database_cpu(stack.owner_url)
        started = time.perf_counter()
        resolved = await Resolver(scopes).drain()
        seconds = time.perf_counter() - started
        cpu, base_cpu = time.process_time() - process, database_cpu(stack.owner_url) - before
        found.append(Round(number * events, seconds, resolved, cpu, base_cpu))
    await ingestion.close()
    await engine.dispose()
    return found


def main() -> None:
    events = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS
    with running_stack() as stack:
        os.environ.update(stack.environment)
        from app.core.heap import settled_heap  # noqa: PLC0415  (as above)

        with settled_heap():  # as a worker's is
            found = asyncio.run(_measure(stack, events, rounds))
    print(
        f"{'stored before':>14} {'events/s':>10} {'us/event':>9} {'of which CPU: resolver':>23} {'database':>9}"
    )
    for each in found:
        per = 1e6 / each.events
        print(
            f"{each.stored:>14,} {each.events / each.seconds:>10,.0f} {each.seconds * per:>9.1f} "
            f"{each.cpu * per:>23.1f} {each.database_cpu * per:>9.1f}"
        )


if __name__ == "__main__":
    main()
