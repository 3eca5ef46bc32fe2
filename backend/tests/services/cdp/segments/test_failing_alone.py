"""A segment that cannot be evaluated stops no other; it is computed whole once it can be."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from prometheus_client import REGISTRY
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.config import Settings
from app.db.outbox import OutboxMessage
from app.db.roles import owner_dsn
from app.models.cdp.segments import CdpSegment
from app.services.cdp.events.service import Ingestion
from app.services.cdp.segments.service import Recomputation
from tests.factories.access import Company
from tests.factories.cdp import track
from tests.factories.segments import Lab

BOUGHT: dict[str, Any] = {"kind": "event", "event": "Order Completed", "window": {"kind": "last", "days": 7}}
_REFUSE = """
CREATE FUNCTION refuse_one_segment() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN RAISE EXCEPTION 'this segment takes nobody'; END $$;
CREATE TRIGGER refuse_one_segment BEFORE INSERT ON cdp_segment_members FOR EACH ROW
  WHEN (NEW.segment_id = '{}') EXECUTE FUNCTION refuse_one_segment();
"""
_ALLOW = "DROP TRIGGER refuse_one_segment ON cdp_segment_members; DROP FUNCTION refuse_one_segment();"


@pytest.fixture
def lab(acme: Company, engine: AsyncEngine, ingestion: Ingestion) -> Lab:
    return Lab(acme, engine, ingestion)


@pytest.fixture
async def owner(settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(owner_dsn(settings))
    yield connection
    await connection.close()


def failures() -> float:
    return REGISTRY.get_sample_value("stratum_cdp_segment_failures_total") or 0


@pytest.mark.parametrize("fault", ["database", "rule"])
async def test_the_others_follow_and_the_one_that_fails_is_computed_whole(
    lab: Lab, owner: asyncpg.Connection, fault: str
) -> None:
    first = await lab.segment(BOUGHT, "First")
    broken = await lab.segment(BOUGHT, "Broken")
    last = await lab.segment(BOUGHT, "Last")
    async with lab.scopes() as scope:
        rule = await scope.session.scalar(select(CdpSegment.rule).where(CdpSegment.id == broken))
    if fault == "database":
        await owner.execute(_REFUSE.format(broken))
    else:
        await _ask(lab, broken, {"kind": "of a later release"})
    before = failures()
    try:
        await lab.send(track("Order Completed", userId="u-1"))
        await lab.follow()
        await lab.send(track("Order Completed", userId="u-2"))
        await lab.follow()
    finally:
        if fault == "database":
            await owner.execute(_ALLOW)
    assert len(await lab.members(first)) == len(await lab.members(last)) == 2
    assert await lab.members(broken) == set()
    assert failures() == before + 1, "it follows no more, so it fails once"
    async with lab.scopes() as scope:
        waiting = await scope.session.scalars(
            select(OutboxMessage.payload).where(OutboxMessage.name == "cdp.segments.recompute")
        )
        asked = [each["segment_id"] for each in waiting].count(str(broken))
        assert await scope.session.scalar(select(CdpSegment.computed_version).filter_by(id=broken)) is None
    assert asked == 2, "when it was made, and when it failed"
    await _ask(lab, broken, rule)
    await Recomputation(lab.scopes).run(broken)
    assert await lab.members(broken) == await lab.answer(broken) == await lab.members(first)
    await lab.send(track("Order Completed", userId="u-3"))
    await lab.follow()
    assert len(await lab.members(broken)) == 3


async def _ask(lab: Lab, segment_id: Any, rule: Any) -> None:
    async with lab.scopes() as scope:
        segment = await scope.session.scalar(select(CdpSegment).where(CdpSegment.id == segment_id))
        assert segment is not None
        segment.rule = rule
