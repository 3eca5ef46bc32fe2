"""Resolvers are killed (SIGKILL) at random moments while events come in: what is counted equals the events, always."""

import asyncio
import random
import sys
from typing import Any

import pytest
from sqlalchemy import text

from app.core.ids import uuid7
from app.services.cdp.events.service import Ingestion
from app.services.cdp.identity.service import Resolver
from app.services.cdp.sources.service import Sender
from tests.factories.access import Company
from tests.factories.cdp import ingest, track
from tests.house.source import BACKEND
from tests.services.cdp.identity.test_order import found

# One snapshot: an event is counted, or it waits.
_BALANCE = text(
    "SELECT (SELECT count(*) FROM cdp_events), (SELECT coalesce(sum(event_count), 0) FROM cdp_identifiers), "
    "(SELECT coalesce(sum(event_count), 0) FROM cdp_profiles), "
    "(SELECT coalesce(sum(cardinality(event_ids)), 0) FROM cdp_identity_queue)"
)
_BY_PERSON = text(
    "SELECT count(*) FROM (SELECT person_key, count(*) AS events, count(*) FILTER (WHERE is_order) AS orders "
    "FROM cdp_events GROUP BY 1) AS e FULL JOIN (SELECT * FROM cdp_identifiers WHERE event_count > 0) AS i "
    "ON i.key = e.person_key WHERE i.event_count IS DISTINCT FROM e.events OR i.order_count IS DISTINCT FROM e.orders"
)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kills", [12, pytest.param(100, marks=pytest.mark.long)])
async def test_counters_equal_the_events_whoever_is_killed(
    acme: Company, ingestion: Ingestion, kills: int
) -> None:
    run, dice = uuid7().hex, random.Random(kills)  # noqa: S311  (the same events each time)
    command = (sys.executable, "-m", "tests.services.cdp.identity.doomed", str(acme.id), str(kills), "7")
    storm = await asyncio.create_subprocess_exec(*command, cwd=BACKEND)
    ended = asyncio.create_task(storm.wait())
    sent = resolved = 0
    while not ended.done():
        await ingest(ingestion, Sender(acme.id, None), *(_event(run, sent + n, dice) for n in range(20)))
        sent += 20
        async with acme.scopes() as scope:
            stored, by_identifier, by_profile, waiting = (await scope.session.execute(_BALANCE)).one()
        assert stored == sent
        assert stored - waiting == by_identifier == by_profile
        resolved = by_identifier
        await asyncio.sleep(0.02)
    assert ended.result() == 0
    assert resolved > 0, "those who were killed had resolved something"
    await Resolver(acme.scopes).drain()
    async with acme.scopes() as scope:
        assert (await scope.session.execute(_BALANCE)).one() == (sent, sent, sent, 0)
        assert await scope.session.scalar(_BY_PERSON) == 0
    stored_people, expected = await found(acme, run)
    assert stored_people["people"] == expected["people"]
    assert stored_people["counts"] == expected["counts"]


def _event(run: str, number: int, dice: random.Random) -> dict[str, Any]:
    visitor, order = (
        f"{run}-a{dice.randrange(200)}",
        {"order_id": f"o{number}", "revenue": 5, "currency": "EUR"},
    )
    return track(
        "Order Completed" if dice.random() < 0.2 else "Seen",
        messageId=f"{run}-{number}",
        userId=f"{run}-u{dice.randrange(60)}" if dice.random() < 0.4 else None,
        anonymousId=visitor if dice.random() < 0.8 else f"{run}-b{number}",
        properties=order,
    )
