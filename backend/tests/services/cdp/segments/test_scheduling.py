"""Segments that are computed once a day stand still between, and are what their rule gave as of that time."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.config import Settings
from app.db.outbox import OutboxMessage
from app.db.platform import Platform
from app.db.roles import owner_dsn
from app.models.cdp.identity import CdpIdentifier
from app.models.cdp.segments import CdpSegment, CdpSegmentTimer, CdpSegmentTransition
from app.schemas.cdp.segments import Daily, Live
from app.schemas.cdp.segments_tree import read_rule
from app.services.cdp.events.service import Ingestion
from app.services.cdp.identity.service import GraphChanges
from app.services.cdp.privacy.service import PrivacyRequests, PrivacyWork, RequestKind
from app.services.cdp.segments.compiling_repository import SegmentQuery
from app.services.cdp.segments.questions import question_of
from app.services.cdp.segments.service import Recomputation, SegmentService, run_scheduled
from tests.factories.access import Company
from tests.factories.cdp import track
from tests.factories.segments import Lab
from tests.workers.processes import eventually

LATELY: dict[str, Any] = {
    "kind": "event",
    "event": "Order Completed",
    "window": {"kind": "last", "days": 7},
}
SIX = Daily(mode="daily", at="06:00")


@pytest.fixture
def lab(acme: Company, engine: AsyncEngine, ingestion: Ingestion) -> Lab:
    lab = Lab(acme, engine, ingestion)
    three = lab.clock.at.replace(hour=3, minute=0, second=0, microsecond=0)
    # The next one: an event of more than a day ahead of real time would be refused.
    lab.clock.at = three if three > lab.clock.at else three + timedelta(days=1)
    return lab


async def scheduled(lab: Lab, rule: dict[str, Any] = LATELY) -> UUID:
    async with lab.scopes() as scope:
        made = await SegmentService(scope).create("Daily", "", read_rule(rule), SIX)
    await Recomputation(lab.scopes).run(made.id)
    return made.id


async def work(lab: Lab, platform: Platform) -> list[str]:
    """What the clock begins, done; the moments as of which it was."""
    async with lab.scopes() as scope:
        before = set(await scope.session.scalars(select(OutboxMessage.id)))
    await run_scheduled(platform)
    async with lab.scopes() as scope:
        tasks = (
            await scope.session.scalars(
                select(OutboxMessage).where(
                    OutboxMessage.name == "cdp.segments.recompute", OutboxMessage.id.not_in(before)
                )
            )
        ).all()
    for task in tasks:
        await Recomputation(lab.scopes).run(
            UUID(task.payload["segment_id"]), datetime.fromisoformat(task.payload["as_of"])
        )
    return [task.payload["as_of"] for task in tasks]


async def stored(lab: Lab, segment: UUID) -> CdpSegment:
    async with lab.scopes() as scope:
        found = await scope.session.scalar(select(CdpSegment).where(CdpSegment.id == segment))
        assert found is not None
        return found


async def answer_as_of(lab: Lab, segment: UUID, moment: datetime) -> set[UUID]:
    async with lab.scopes() as scope:
        found = await stored(lab, segment)
        query = SegmentQuery(question_of(found), tenant_id=lab.company.id, now=moment)
        return set(await scope.session.scalars(query.members()))


@pytest.fixture
def platform(lab: Lab, settings: Settings) -> Platform:
    return Platform(lab.engine, settings, lab.clock)


async def test_another_rule_is_computed_also_where_the_clock_has_gone_back(lab: Lab) -> None:
    segment = await scheduled(lab)
    await lab.send(track("Viewed", userId="u-1"))
    lab.clock.at -= timedelta(hours=2)
    async with lab.scopes() as scope:
        await SegmentService(scope).change(
            segment,
            name=None,
            description=None,
            rule=read_rule({"kind": "event", "event": "Viewed"}),
            live=None,
        )
    await Recomputation(lab.scopes).run(segment)
    now = await stored(lab, segment)
    assert (now.computed_version, now.as_of) == (2, lab.clock.at)


async def test_it_is_computed_when_its_time_has_come_and_not_before(lab: Lab, platform: Platform) -> None:
    segment = await scheduled(lab)
    first = await stored(lab, segment)
    assert first.next_run_at == lab.clock.at.replace(hour=6)
    await lab.send(track("Order Completed", userId="u-1"))
    await lab.follow()
    assert await lab.members(segment) == set()
    assert await work(lab, platform) == []
    lab.clock.at = lab.clock.at.replace(hour=6, minute=2)
    six = lab.clock.at.replace(minute=0)
    assert await work(lab, platform) == [six.isoformat()]
    assert len(await lab.members(segment)) == 1
    now = await stored(lab, segment)
    assert (now.as_of, now.next_run_at) == (six, six + timedelta(days=1))
    assert await work(lab, platform) == []


async def test_it_equals_the_whole_as_of_its_time_whatever_comes_between(
    lab: Lab, platform: Platform
) -> None:
    segment = await scheduled(lab)
    await lab.send(
        track("Order Completed", userId="u-1", timestamp=lab.ago(days=6, hours=23)),
        track("Order Completed", userId="u-2", timestamp=lab.ago(hours=1)),
    )
    await lab.follow()
    lab.clock.at = lab.clock.at.replace(hour=9)
    [as_of] = await work(lab, platform)
    moment = datetime.fromisoformat(as_of)
    members = await lab.members(segment)
    assert members == await answer_as_of(lab, segment, moment)
    assert len(members) == 1
    await lab.send(track("Order Completed", userId="u-3"))
    for hours in (1, 5, 14):
        lab.clock.at += timedelta(hours=hours)
        await lab.follow()
        assert await lab.members(segment) == members
    async with lab.scopes() as scope:
        assert (await scope.session.scalars(select(CdpSegmentTimer))).all() == []


async def test_times_that_were_missed_are_made_up_for_once_as_of_the_last(
    lab: Lab, platform: Platform
) -> None:
    segment = await scheduled(lab)
    lab.clock.at += timedelta(days=3, hours=5)
    [as_of] = await work(lab, platform)
    assert datetime.fromisoformat(as_of) == lab.clock.at.replace(hour=6)
    # One that comes late does not undo what was computed for a later time.
    await Recomputation(lab.scopes).run(segment, lab.clock.at - timedelta(days=2))
    assert (await stored(lab, segment)).as_of == lab.clock.at.replace(hour=6)


async def test_who_is_merged_stays_under_their_new_name(lab: Lab) -> None:
    await lab.send(track("Viewed", userId="u-1", timestamp=lab.ago(days=30)))
    await lab.send(track("Order Completed", userId=None, anonymousId="a-2"))
    segment = await scheduled(lab)
    [buyer] = await lab.members(segment)
    async with lab.scopes() as scope:
        [viewer] = set(await scope.session.scalars(select(CdpIdentifier.profile_id))) - {buyer}
        await GraphChanges(scope).merge(viewer, buyer, "The same.")
    await lab.follow()
    async with lab.scopes() as scope:
        [one] = set(await scope.session.scalars(select(CdpIdentifier.profile_id)))
    assert await lab.members(segment) == {one}
    assert (await stored(lab, segment)).member_count == 1
    await replays_to(lab, segment, {one})


async def replays_to(lab: Lab, segment: UUID, members: set[UUID]) -> None:
    async with lab.scopes() as scope:
        log = select(CdpSegmentTransition).where(CdpSegmentTransition.segment_id == segment)
        rows = (await scope.session.scalars(log.order_by(CdpSegmentTransition.seq))).all()
    replayed: set[UUID] = set()
    for row in rows:
        assert (row.profile_id in replayed) != row.entered
        (replayed.add if row.entered else replayed.remove)(row.profile_id)
    assert replayed == members


async def test_a_change_of_name_takes_nothing_from_a_time_that_has_come(lab: Lab, platform: Platform) -> None:
    segment = await scheduled(lab)
    lab.clock.at = lab.clock.at.replace(hour=6, minute=1)
    async with lab.scopes() as scope:
        await SegmentService(scope).change(segment, name="Other", description=None, rule=None, live=None)
    assert len(await work(lab, platform)) == 1


async def test_who_is_erased_leaves_at_once_also_what_is_switched_off(lab: Lab) -> None:
    await lab.send(track("Order Completed", userId="u-1"), track("Order Completed", userId="u-2"))
    daily = await scheduled(lab)
    off = await lab.segment(LATELY, "Off")
    async with lab.scopes() as scope:
        await SegmentService(scope).change(off, name=None, description=None, rule=None, live=False)
        one = min(await lab.members(daily))
        request = await PrivacyRequests(scope).request(RequestKind.ERASURE, one, "They asked.")
    await PrivacyWork(lab.scopes).run(request.id)
    for segment in (daily, off):
        assert one not in await lab.members(segment)
        assert (await stored(lab, segment)).member_count == 1


async def test_back_to_live_it_follows_again(lab: Lab, platform: Platform) -> None:
    segment = await scheduled(lab)
    async with lab.scopes() as scope:
        changed = await SegmentService(scope).change(
            segment, name=None, description=None, rule=None, live=None, evaluation=Live(mode="live")
        )
        assert changed.next_run_at is None
    await Recomputation(lab.scopes).run(segment)
    await lab.send(track("Order Completed", userId="u-1"))
    await lab.follow()
    assert await lab.members(segment) == await lab.answer(segment)
    assert len(await lab.members(segment)) == 1
    assert (await stored(lab, segment)).as_of is None


async def test_off_it_is_not_computed_and_on_again_it_has_its_next_time(lab: Lab, platform: Platform) -> None:
    segment = await scheduled(lab)
    async with lab.scopes() as scope:
        await SegmentService(scope).change(segment, name=None, description=None, rule=None, live=False)
    lab.clock.at += timedelta(days=2)
    assert await work(lab, platform) == []
    async with lab.scopes() as scope:
        on = await SegmentService(scope).change(segment, name=None, description=None, rule=None, live=True)
        assert on.next_run_at == lab.clock.at.replace(hour=6).astimezone(UTC)


async def test_the_count_of_one_that_is_switched_off_during_a_turn_stays_exact(
    lab: Lab, settings: Settings
) -> None:
    segment = await lab.segment({"kind": "event", "event": "Viewed"})
    await lab.send(track("Viewed", userId=None, anonymousId="a-1"), track("Viewed", userId="u-1"))
    await lab.follow()
    await lab.send(track("Met", userId="u-1", anonymousId="a-1"), track("Viewed", userId="u-2"))
    owner = await asyncpg.connect(owner_dsn(settings))

    async def turn_waits() -> bool:
        waiting = (
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'cdp_segment_timers'::regclass"
        )
        return bool(await owner.fetchval(waiting))

    async with owner.transaction():
        await owner.execute("LOCK TABLE cdp_segment_timers")
        turn = asyncio.create_task(lab.follow())
        await eventually(turn_waits)
        async with lab.scopes() as scope:
            await SegmentService(scope).change(segment, name=None, description=None, rule=None, live=False)
    await turn
    await owner.close()
    assert (await stored(lab, segment)).member_count == len(await lab.members(segment)) == 2
