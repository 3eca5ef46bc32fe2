"""A change that turns out to do harm is undone by the scheduled watch, over the wire, and everybody is told."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from redis.asyncio import Redis
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.clock import RemoteClock
from app.core.config import Settings
from app.core.context import Actor, ActorKind
from app.db.session import Scopes, scopes_for
from app.models.autopilot.actions import AutopilotAction
from app.models.campaigns import Campaign
from app.models.trust_engine.kinds import CalendarKind, SignalState
from app.services.autopilot.actions.requests import ActionRequests, CampaignChange
from app.services.autopilot.actions.service import AutopilotActions
from app.services.integrations.ad_accounts.sync import AccountSyncService
from app.services.integrations.gateway import Gateway, gateway_by
from app.services.trust_engine.calendar.service import Calendar, Window
from app.services.trust_engine.gate.service import GateService, KillSwitch, deciders, read_entry
from app.services.trust_engine.ledger.service import Ledger
from app.workers.handlers import PERIODIC
from app.workers.relay import Relay
from app.workers.runtime import Delivery, Outcome, Runtime
from tests.conftest import pointed_at
from tests.factories.access import Company
from tests.factories.integrations import BROAD, connect
from tests.factories.trust import trusted
from tests.sandbox_process import Sandbox, running_sandbox

WATCH = "autopilot.actions.watch"
EXECUTE = "autopilot.actions.execute"
CENT = 10_000
MATURING = 132
"""Hours after which enough of a 7-day window's conversions must have been reported."""


@pytest.fixture
def world() -> Iterator[Sandbox]:
    """A sandbox of our own whose time moves only when it is told to, from one moment: how much of the last days has
    been reported depends on the hour.
    """
    with running_sandbox("--seed", "7", "--history", "35", "--start", "2026-11-23T15:00:00Z") as running:
        running.control("POST", "clock", json={"mode": "paused"})
        yield running


@pytest.fixture
async def way_out(settings: Settings, world: Sandbox) -> AsyncIterator[Gateway]:
    async with gateway_by(pointed_at(settings, world)) as opened:
        yield opened


@dataclass
class Story:
    """One tenant, its dollar account, the worker that serves it, and the clock that all of them follow."""

    world: Sandbox
    scopes: Scopes
    runtime: Runtime
    tenant_id: int
    account: UUID
    clock: RemoteClock

    async def pass_hours(self, hours: float) -> None:
        """Time passes at the platform; we synchronise, and the account's signals are found good."""
        self.world.advance(hours)
        await self.see()

    async def see(self) -> None:
        self.clock._due = 0.0
        await self.clock.sync()
        await AccountSyncService(self.scopes).sync(self.account)
        await trusted(self.scopes, self.account)

    async def work(self, name: str) -> None:
        """Do what waits under this name, as the broker would deliver it."""
        async with self.scopes() as scope:
            waiting = text("select id from outbox where kind = 'task' and name = :name order by seq")
            ids = [row.id for row in await scope.session.execute(waiting, {"name": name})]
        for task_id in ids:
            assert await self.runtime.deliver(name, Delivery(task_id, self.tenant_id)) is Outcome.DONE

    async def clockwork(self) -> None:
        """Beat's tick, the watch that comes of it, and the execution that may come of that."""
        await self.runtime.tick(WATCH)
        await self.work(WATCH)
        await self.work(EXECUTE)

    async def raise_by(self, percent: int) -> UUID:
        async with self.scopes() as scope:
            campaign = (
                await scope.session.scalars(select(Campaign).where(Campaign.external_id == BROAD))
            ).one()
            assert campaign.daily_budget_micros is not None
            wanted = campaign.daily_budget_micros * (100 + percent) // 100 // CENT * CENT
            change = CampaignChange(campaign.id, "It earns well.", daily_budget_micros=wanted)
            action = await ActionRequests(scope).change_campaign(change)
            assert action.verdict == "pass", action.reasons
        await self.work(EXECUTE)
        return action.id

    async def actions(self) -> list[AutopilotAction]:
        async with self.scopes() as scope:
            found = await scope.session.scalars(select(AutopilotAction).order_by(AutopilotAction.id))
            return list(found)

    def held(self) -> int:
        cents: str = self.world.graph("GET", BROAD, fields="daily_budget").json()["daily_budget"]
        return int(cents) * CENT


@pytest.fixture
async def story(
    acme: Company, engine: AsyncEngine, settings: Settings, world: Sandbox, way_out: Gateway
) -> AsyncIterator[Story]:
    assert way_out.settings.meta_base_url == world.url
    clock = RemoteClock(f"{world.url}/control/clock")
    runtime = Runtime(settings)
    runtime._clock = clock  # one reading of it: a second would be as much as half a second behind a leap
    person = Actor(ActorKind.USER, "Dana Ortiz")
    scopes = scopes_for(engine, acme.id, actor=person, clock=clock)
    account = (await connect(scopes, world)).dollars
    story = Story(world, scopes, runtime, acme.id, account, clock)
    world.control("POST", "market", json={"campaign_id": BROAD, "pull": 1.0})
    await story.pass_hours(1)
    yield story
    await runtime.aclose()


async def live(redis: Redis, settings: Settings, story: Story) -> list[dict[str, Any]]:
    """What people who watch were told of actions, after the relay has run."""
    relay = Relay(settings)
    while await relay.hand_over_live():
        pass
    await relay.aclose()
    async with story.scopes() as scope:
        entries = await redis.xrange(scope.channel("live"))
    told = [
        {_text(name): _text(value) for name, value in (fields or {}).items()} for _, fields in entries or ()
    ]
    return [json.loads(each["payload"]) for each in told if each["type"] == "action_status_update"]


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


async def test_a_raise_that_does_harm_is_undone_on_the_platform_and_everybody_is_told(
    story: Story, redis: Redis, settings: Settings
) -> None:
    assert WATCH in PERIODIC, "Beat looks at it"
    before = story.held()
    raised = await story.raise_by(10)
    assert story.held() == before * 110 // 100
    story.world.control("POST", "market", json={"campaign_id": BROAD, "pull": 0.1})
    await story.pass_hours(MATURING)

    await story.clockwork()

    assert story.held() == before
    done, undone = await story.actions()
    assert (done.id, done.state) == (raised, "rolled_back")
    assert (undone.rollback_of, undone.origin, undone.state) == (raised, "rollback", "verified")
    assert undone.requested_label == "system"
    assert undone.evidence["probability"] > 0.9
    async with story.scopes() as scope:
        steps = [step.to_state for step in await AutopilotActions(scope).timeline(raised)]
        back = [step.to_state for step in await AutopilotActions(scope).timeline(undone.id)]
        newest = (await GateService(scope).decisions(before_seq=None, limit=1))[0]
        facts, result = read_entry(newest)
        ledger = await Ledger(scope).verify(deciders())
        permits = list(
            await scope.session.scalars(
                text("select used_at is not null from trust_permits where action_id = :id").bindparams(
                    id=undone.id
                )
            )
        )
    assert steps == ["proposed", "approved", "executing", "applied", "verified", "rolled_back"]
    assert back == ["proposed", "approved", "executing", "applied", "verified"]
    assert (newest.action_id, result.verdict, facts.ask.origin) == (undone.id, "pass", "rollback")
    assert ledger.whole, ledger.faults
    assert permits == [True], "the rollback was a permitted change"
    told = [(each["action_id"], each["state"]) for each in await live(redis, settings, story)]
    assert told[-6:] == [
        (str(undone.id), "proposed"),
        (str(undone.id), "approved"),
        (str(undone.id), "executing"),
        (str(undone.id), "applied"),
        (str(undone.id), "verified"),
        (str(raised), "rolled_back"),
    ]

    await story.clockwork()
    assert len(await story.actions()) == 2, "what was undone is not undone again"


async def test_a_raise_that_does_no_harm_stays(story: Story) -> None:
    await story.raise_by(10)
    held = story.held()
    await story.pass_hours(MATURING)
    await story.clockwork()
    assert story.held() == held
    assert [each.state for each in await story.actions()] == ["verified"]


async def test_what_somebody_else_has_changed_since_is_not_undone(story: Story) -> None:
    await story.raise_by(10)
    theirs = story.held() + 12_300 * CENT
    story.world.control("POST", "market", json={"campaign_id": BROAD, "pull": 0.1})
    story.world.advance(3)
    story.world.control(
        "POST",
        "meta/edit",
        json={"object_id": BROAD, "changes": {"daily_budget": str(theirs // CENT)}},
    )
    await story.pass_hours(MATURING)
    await story.clockwork()
    assert story.held() == theirs
    assert [each.state for each in await story.actions()] == ["verified"]


async def test_a_rollback_on_bad_signals_waits_for_a_person(story: Story) -> None:
    """After a pixel drop the cost per conversion explodes in the reports alone: the raise is no culprit."""
    await story.raise_by(10)
    held = story.held()
    story.world.control("POST", "market", json={"campaign_id": BROAD, "pull": 0.1})
    await story.pass_hours(MATURING)
    await trusted(story.scopes, story.account, variance=SignalState.BAD)
    await story.clockwork()
    assert story.held() == held
    assert [each.state for each in await story.actions()] == ["verified", "held"]
    await story.clockwork()
    assert len(await story.actions()) == 2, "one question is enough"


async def test_a_blocked_rollback_is_tried_again_within_the_watch(story: Story) -> None:
    before = story.held()
    await story.raise_by(10)
    story.world.control("POST", "market", json={"campaign_id": BROAD, "pull": 0.1})
    await story.pass_hours(MATURING)
    async with story.scopes() as scope:
        await KillSwitch(scope).set(engaged=True, reason="Look first.")
    await story.clockwork()
    assert [each.state for each in await story.actions()] == ["verified", "blocked"]
    async with story.scopes() as scope:
        await KillSwitch(scope).set(engaged=False, reason="Seen.")
    await story.pass_hours(1.5)
    await story.clockwork()
    assert [each.state for each in await story.actions()] == ["rolled_back", "blocked", "verified"]
    assert story.held() == before


async def test_a_rollback_in_a_change_freeze_waits_for_a_person(story: Story) -> None:
    await story.raise_by(10)
    story.world.control("POST", "market", json={"campaign_id": BROAD, "pull": 0.1})
    await story.pass_hours(MATURING)
    async with story.scopes() as scope:
        now = scope.now()
        end = now.replace(year=now.year + 1)
        await Calendar(scope).enter(Window(CalendarKind.CHANGE_FREEZE, "Audit", now, end))
    await story.clockwork()
    assert [each.state for each in await story.actions()] == ["verified", "held"]


async def test_two_days_are_too_young_to_judge_by_at_a_window_of_seven(story: Story) -> None:
    """What is not reported yet does not count against the change: it stays, and is watched on."""
    raised = await story.raise_by(10)
    story.world.control("POST", "market", json={"campaign_id": BROAD, "pull": 0.6})
    await story.pass_hours(48)
    await story.clockwork()
    (action,) = await story.actions()
    assert (action.id, action.state) == (raised, "verified")
    assert action.applied_at is not None
    assert action.watch_until is not None
    assert (action.watch_until - action.applied_at).days == 10
