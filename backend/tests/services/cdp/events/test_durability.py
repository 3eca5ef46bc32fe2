"""Acknowledged means durable: processes are killed during a load, and each acknowledged event is there once."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from app.core.config import Settings
from app.db.session import make_engine, scopes_for
from app.schemas.cdp.segments_tree import read_rule
from app.services.cdp.segments.service import SegmentService
from tests.services.cdp.events.durable import Load, Place, durable_place
from tests.workers.processes import Process, eventually, running

_LOAD_SECONDS = 25
_KILLS = 50
_PEOPLE = 400
_PRICE = 12_500_000

_CELERY = ("celery", "-A", "app.workers.celery_app")
_WORKER = (*_CELERY, "worker", "--concurrency", "2", "--loglevel", "INFO", "--without-gossip")
_UNLIKE_THEIR_EVENTS = """
WITH told AS (
  SELECT i.profile_id, count(*) AS events, count(*) FILTER (WHERE e.is_order) AS orders,
    coalesce(sum(e.value_micros) FILTER (WHERE e.is_order), 0) AS paid
  FROM cdp_events AS e JOIN cdp_identifiers AS i ON i.tenant_id = e.tenant_id AND i.key = e.person_key
  GROUP BY 1
)
SELECT count(*) FROM cdp_profiles AS p FULL JOIN told AS t ON t.profile_id = p.id
WHERE (p.event_count, p.order_count, coalesce((p.revenue ->> 'EUR')::bigint, 0))
  IS DISTINCT FROM (t.events, t.orders::integer, t.paid::bigint)
"""
_WAITS = """
SELECT (SELECT count(*) FROM cdp_identity_queue) + (SELECT count(*) FROM outbox WHERE kind = 'task')
"""
_BUYERS_UNLIKE_MEMBERS = """
SELECT count(*) FROM (SELECT id FROM cdp_profiles WHERE order_count > 0) AS buyers
FULL JOIN cdp_segment_members AS m ON m.profile_id = buyers.id WHERE buyers.id IS NULL OR m.profile_id IS NULL
"""


@pytest.fixture
async def place(settings: Settings) -> AsyncIterator[Place]:
    async with durable_place(settings) as place:
        yield place


@pytest.mark.long
@pytest.mark.timeout(240)
@pytest.mark.parametrize("killing", [Place.kill_api, Place.kill_postgres], ids=["api", "postgres"])
async def test_each_acknowledged_event_is_there_exactly_once(
    place: Place, killing: Callable[[Place], Awaitable[None]]
) -> None:
    load = Load(place.server.url, place.key)
    running_load = asyncio.create_task(load.run())
    for _ in range(3):
        await asyncio.sleep(_LOAD_SECONDS / 4)
        await killing(place)
    await asyncio.sleep(_LOAD_SECONDS / 4)
    load.stop = True
    await running_load
    await _stored_once(place, load)


async def _stored_once(place: Place, load: Load) -> None:
    connection = await asyncpg.connect(place.owner_url)
    stored = [row["message_id"] for row in await connection.fetch("select message_id from cdp_events")]
    counted = await connection.fetchval("select sum(accepted) from cdp_event_counts")
    waiting = await connection.fetchval(
        "select coalesce(sum((kind->>3)::int), 0) from cdp_event_arrivals, jsonb_array_elements(said) as kind"
    )
    await connection.close()
    assert len(load.acknowledged) > 1_000
    assert len(stored) == len(set(stored))
    assert load.acknowledged <= set(stored) <= load.sent
    assert counted == len(stored)
    # Where no worker runs, what follows each event still waits.
    assert waiting in {0, counted}
    assert load.statuses.keys() <= {200, 429, 503}


class _Street:
    """People who browse, sign in and buy; who somebody is follows from their number alone."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice

    def event(self, message_id: str) -> dict[str, Any]:
        person, draw = self._dice.randrange(_PEOPLE), self._dice.random()
        browser = f"browser-{person}-{self._dice.randrange(3)}"
        if draw < 0.6:
            return {"type": "track", "event": "Viewed", "anonymousId": browser, "messageId": message_id}
        if draw < 0.8:
            traits = {"email": f"p{person}@shop.example"}
            return {
                "type": "identify",
                "userId": f"user-{person}",
                "anonymousId": browser,
                "traits": traits,
                "messageId": message_id,
            }
        return {
            "type": "track",
            "event": "Order Completed",
            "userId": f"user-{person}",
            "properties": {"order_id": message_id, "revenue": _PRICE / 1_000_000, "currency": "EUR"},
            "messageId": message_id,
        }


class _House:
    """Every process of ours that a batch goes through, each of which may die at any moment."""

    def __init__(self, place: Place, worker: Process, relay: Process) -> None:
        self._place = place
        self._worker, self._relay = worker, relay
        self.killings: dict[str, Callable[[], Awaitable[None]]] = {
            "api": place.kill_api,
            "postgres": place.kill_postgres,
            "worker": self._kill_worker,
            "relay": self._kill_relay,
        }

    async def kill(self, victim: str) -> None:
        await self.killings[victim]()
        # What could not bear it is started again, as its supervisor does.
        self._worker.keep_up()
        self._relay.keep_up()

    async def _kill_worker(self) -> None:
        await asyncio.to_thread(self._worker.kill)

    async def _kill_relay(self) -> None:
        await asyncio.to_thread(self._relay.kill)


@contextlib.asynccontextmanager
async def _house(place: Place) -> AsyncIterator[_House]:
    environment = {**place.environment, "TASK_REDELIVERY_SECONDS": "2"}
    with (
        running(*_WORKER, **environment) as worker,
        running("app.workers.relay", **environment) as relay,
        running(*_CELERY, "beat", "--loglevel", "INFO", **environment),
    ):
        yield _House(place, worker, relay)


async def _segment_of_buyers(place: Place, settings: Settings) -> None:
    rule = {
        "kind": "event",
        "event": "Order Completed",
        "test": {"op": "times", "compare": "at_least", "value": 1},
    }
    engine = make_engine(place.environment["DATABASE_URL"], settings)
    async with scopes_for(engine, place.tenant_id)() as scope:
        await SegmentService(scope).create("Buyers", "", read_rule(rule))
    await engine.dispose()


async def _asked(place: Place, question: str) -> int:
    connection = await asyncpg.connect(place.owner_url)
    try:
        return int(await connection.fetchval(question))
    finally:
        await connection.close()


@pytest.mark.long
@pytest.mark.timeout(1_500)
async def test_fifty_deaths_lose_nothing_double_nothing_and_leave_people_equal_to_their_events(
    place: Place, settings: Settings
) -> None:
    dice = random.Random(50)  # noqa: S311  (the same storm each time)
    load = Load(place.server.url, place.key, _Street(dice).event)
    await _segment_of_buyers(place, settings)
    async with _house(place) as house:
        running_load = asyncio.create_task(load.run())
        died: dict[str, int] = {}
        for _ in range(_KILLS):
            before = len(load.acknowledged)

            async def flows(before: int = before) -> bool:
                return len(load.acknowledged) > before

            # Each death comes to a load that flows, at a moment of its own.
            await eventually(flows)
            await asyncio.sleep(dice.uniform(0.0, 1.5))
            victim = dice.choice(list(house.killings))
            died[victim] = died.get(victim, 0) + 1
            await house.kill(victim)
        await asyncio.sleep(2)
        load.stop = True
        await running_load

        async def all_followed() -> bool:
            return await _asked(place, _WAITS) == 0 and await _asked(place, _BUYERS_UNLIKE_MEMBERS) == 0

        await eventually(all_followed, within=300)
    assert sum(died.values()) == _KILLS
    assert died.keys() == house.killings.keys()
    await _stored_once(place, load)
    assert await _asked(place, "select count(*) from cdp_profiles") > 0
    assert await _asked(place, _UNLIKE_THEIR_EVENTS) == 0
    assert await _asked(place, "select count(*) from cdp_segment_members") > 0
