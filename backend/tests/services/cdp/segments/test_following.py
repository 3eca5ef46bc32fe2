"""Who enters and who leaves, as events come and time passes."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.models.cdp.identity import CdpIdentifier
from app.models.cdp.profiles import CdpProfile
from app.models.cdp.segments import CdpSegment, CdpSegmentTimer, CdpSegmentTransition
from app.services.cdp.events.service import Ingestion
from app.services.cdp.identity.service import GraphChanges
from tests.factories.access import Company
from tests.factories.cdp import track
from tests.factories.segments import Lab

BOUGHT_LATELY: dict[str, Any] = {
    "kind": "event",
    "event": "Order Completed",
    "window": {"kind": "last", "days": 7},
}


@pytest.fixture
def lab(acme: Company, engine: AsyncEngine, ingestion: Ingestion) -> Lab:
    return Lab(acme, engine, ingestion)


async def log(lab: Lab) -> list[tuple[bool, str]]:
    async with lab.scopes() as scope:
        rows = await scope.session.scalars(select(CdpSegmentTransition).order_by(CdpSegmentTransition.seq))
        return [(row.entered, row.reason) for row in rows]


async def profiles(lab: Lab) -> list[UUID]:
    async with lab.scopes() as scope:
        return list(await scope.session.scalars(select(CdpProfile.id)))


async def key_of(lab: Lab, identifier_type: str) -> UUID:
    async with lab.scopes() as scope:
        found = select(CdpIdentifier.key).where(CdpIdentifier.type == identifier_type)
        return (await scope.session.scalars(found)).one()


def evaluated() -> float:
    return REGISTRY.get_sample_value("stratum_cdp_segment_evaluations_total", {"how": "followed"}) or 0


async def test_who_buys_enters_and_leaves_when_the_window_has_passed(lab: Lab) -> None:
    segment = await lab.segment(BOUGHT_LATELY)
    await lab.send(track("Order Completed", userId="u-1"), track("Viewed", userId="u-2"))
    assert await lab.members(segment) == set()
    await lab.follow()
    assert len(await lab.members(segment)) == 1
    lab.clock.at += timedelta(days=7, seconds=1)
    await lab.follow()
    assert await lab.members(segment) == set()
    assert await log(lab) == [(True, "events"), (False, "time")]
    async with lab.scopes() as scope:
        assert (await scope.session.scalars(select(CdpSegmentTimer))).all() == []
        counts = (await scope.session.scalars(select(CdpSegment))).one()
        assert counts.member_count == 0


async def timers(lab: Lab) -> list[datetime]:
    async with lab.scopes() as scope:
        return list(await scope.session.scalars(select(CdpSegmentTimer.next_evaluation_at)))


async def test_each_has_a_timer_of_its_own_that_a_later_event_leaves(lab: Lab) -> None:
    await lab.segment(BOUGHT_LATELY)
    await lab.send(track("Order Completed", userId="u-1"))
    await lab.follow()
    [first] = await timers(lab)
    await lab.send(*(track("Order Completed", userId=user) for user in ("u-1", "u-2")))
    await lab.follow()
    left, other = sorted(await timers(lab))
    assert left == first < other


async def test_who_stays_away_enters_when_the_window_has_passed(lab: Lab) -> None:
    segment = await lab.segment({**BOUGHT_LATELY, "test": {"op": "did_not"}})
    await lab.send(track("Order Completed", userId="u-1"), track("Viewed", userId="u-2"))
    await lab.follow()
    [other] = await lab.members(segment)
    lab.clock.at += timedelta(days=8)
    await lab.follow()
    assert await lab.members(segment) > {other}


async def test_a_membership_that_is_computed_whole_is_the_same(lab: Lab) -> None:
    await lab.send(track("Order Completed", userId="u-1"), track("Viewed", userId="u-2"))
    segment = await lab.segment(BOUGHT_LATELY)
    assert await lab.members(segment) == await lab.answer(segment)
    assert len(await lab.members(segment)) == 1
    assert await log(lab) == [(True, "recompute")]


async def test_only_segments_that_read_what_changed_are_evaluated(lab: Lab) -> None:
    segment = await lab.segment(BOUGHT_LATELY)
    await lab.send(track("Viewed", userId="u-1"))
    before = evaluated()
    await lab.follow()
    assert evaluated() == before
    await lab.send(track("Order Completed", userId="u-1"))
    await lab.follow()
    assert evaluated() == before + 1
    assert len(await lab.members(segment)) == 1


async def test_live_views_hear_of_counts_however_far_the_domains_clock_is_ahead(lab: Lab) -> None:
    lab.clock.at += timedelta(days=1)
    segment = await lab.segment(BOUGHT_LATELY)
    told = text("select payload -> 'segments' -> 0 from outbox where name = 'segment_counts' order by seq")
    await lab.send(track("Order Completed", properties={"order_id": "o-1", "revenue": 5, "currency": "EUR"}))
    async with lab.scopes() as scope:
        seconds_pass = text("update cdp_segment_cursors set announced_at = announced_at - interval '2 s'")
        await scope.session.execute(seconds_pass)
    await lab.follow()
    async with lab.scopes() as scope:
        assert list(await scope.session.scalars(told))[-1] == {"id": str(segment), "member_count": 1}


async def test_a_profile_that_is_left_with_no_event_leaves(lab: Lab) -> None:
    """Its founder was only ever named: what acted is split off again, and the profile is no more."""
    segment = await lab.segment({"kind": "event", "event": "Viewed"})
    await lab.send(track("Added", userId="u-1", anonymousId="a-1"))
    [known], visitor = await profiles(lab), await key_of(lab, "anonymous_id")
    async with lab.scopes() as scope:
        await GraphChanges(scope).split(known, [visitor], "Two.")
    await lab.send(
        track("Viewed", userId=None, anonymousId="a-1", context={"traits": {"email": "a@b.example"}})
    )
    await lab.follow()
    assert await lab.members(segment) == {visitor}
    async with lab.scopes() as scope:
        await GraphChanges(scope).split(visitor, [visitor], "Two again.")
    await lab.follow()
    assert await lab.members(segment) == await lab.answer(segment)


async def test_a_sealed_trait_with_a_dot_in_its_name_is_heard_of(lab: Lab) -> None:
    """Its value names a person, so it is found by its whole name, and not inside an object."""
    segment = await lab.segment({"kind": "trait", "name": "work.contact", "test": {"op": "exists"}})
    await lab.send({"type": "identify", "userId": "u-1", "traits": {"work.contact": "jo@example.com"}})
    await lab.follow()
    assert await lab.members(segment) == await lab.answer(segment) != set()
