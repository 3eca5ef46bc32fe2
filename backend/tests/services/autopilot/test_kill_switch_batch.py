"""The kill switch stops a batch that is running: nothing leaves later than a second after its commit.

Asked of the platform's own log. What was on its way is listed and read back; the rest stays undone, and says why.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest
from sqlalchemy import select

from app.core.clock import real_now
from app.core.config import Settings
from app.db.session import Scopes
from app.models.campaigns import Campaign
from app.services.autopilot.actions.bulk import BulkRequests
from app.services.autopilot.actions.requests import ActionRequests, CampaignChange
from app.services.autopilot.actions.rules import ActionState
from app.services.autopilot.actions.service import AutopilotActions
from app.services.autopilot.enforcement.freeze import Freeze
from app.services.campaigns.service import CampaignService
from app.services.integrations.gateway import Gateway, gateway_by
from app.services.integrations.service import IntegrationsService
from app.services.trust_engine.gate.service import deciders
from app.services.trust_engine.ledger.service import Ledger
from app.workers.runtime import Delivery, Runtime
from tests.conftest import pointed_at
from tests.factories.access import Company
from tests.factories.integrations import US_ACCOUNT, connect
from tests.factories.protocol import EXECUTE, PlatformLog, actions, waiting
from tests.factories.trust import trusted
from tests.sandbox_process import Sandbox, running_sandbox
from tests.workers.processes import Process, eventually, relay, running

CENT = 10_000
_WITHIN = 1.0
"""Seconds after the switch's commit."""


@pytest.fixture(scope="module")
def world() -> Iterator[Sandbox]:
    """Our own: its account is filled with campaigns."""
    with running_sandbox("--seed", "7", "--history", "2") as running_one:
        yield running_one


@pytest.fixture
async def way_out(settings: Settings, world: Sandbox) -> AsyncIterator[Gateway]:
    async with gateway_by(pointed_at(settings, world)) as opened:
        yield opened


@dataclass
class Batch:
    """So many campaigns, each with an approved raise that waits for a worker."""

    scopes: Scopes
    world: Sandbox
    campaigns: dict[str, UUID]
    log: PlatformLog

    def written(self) -> list[float]:
        """When each write of a campaign reached the platform, in real seconds."""
        return [each.began_at for each in self.log.writes()]

    def held(self) -> dict[str, tuple[int, str]]:
        """The budget in micros and the status of each, as the platform has them."""
        asked = {"fields": "daily_budget,status", "limit": "1000"}
        rows = self.world.graph("GET", f"act_{US_ACCOUNT}/campaigns", **asked).json()["data"]
        return {
            each["id"]: (int(each["daily_budget"]) * CENT, each["status"])
            for each in rows
            if each["id"] in self.campaigns
        }


async def approved_batch(company: Company, world: Sandbox, size: int) -> Batch:
    account = (await connect(company.scopes, world)).dollars
    made = [await asyncio.to_thread(_campaign, world, number) for number in range(size)]
    platform = await IntegrationsService(company.scopes).connector(account)
    listed = [each for each in await platform.list_campaigns() if each.external_id in made]
    async with company.scopes() as scope:
        await CampaignService(scope).absorb(account, "meta", listed, [])
    await trusted(company.scopes, account)
    async with company.scopes() as scope:
        rows = list(await scope.session.scalars(select(Campaign).where(Campaign.external_id.in_(made))))
    wanted = [
        CampaignChange(row.id, "All of them earn.", daily_budget_micros=row.daily_budget_micros * 105 // 100)
        for row in rows
        if row.daily_budget_micros is not None
    ]
    outcomes = await BulkRequests(company.scopes).change(wanted)
    assert [each.action.state for each in outcomes if each.action] == [ActionState.APPROVED] * size
    log = PlatformLog(world, "POST", tuple(f"/{each}" for each in made))
    return Batch(company.scopes, world, {row.external_id: row.id for row in rows}, log)


def _campaign(world: Sandbox, number: int) -> str:
    told = world.graph(
        "POST",
        f"act_{US_ACCOUNT}/campaigns",
        name=f"Batch | {number}",
        objective="OUTCOME_SALES",
        status="ACTIVE",
        special_ad_categories="[]",
        daily_budget="10000",
    ).json()
    return str(told["id"])


async def the_switch_is_thrown(batch: Batch, after: int) -> tuple[float, set[UUID]]:
    """In the middle, when so many writes have left: before when it was committed, and what it lists."""

    async def is_the_moment() -> bool:
        return len(await asyncio.to_thread(batch.written)) >= after

    await eventually(is_the_moment, within=200)
    async with batch.scopes() as scope:
        frozen = await Freeze(scope).set(engaged=True, reason="Stop everything.")
        committing = real_now().timestamp()
    return committing, {each.id for each in frozen.in_flight}


async def nothing_waits_any_more(batch: Batch) -> bool:
    return not await waiting(batch.scopes)


async def it_was_stopped(batch: Batch, committing: float, listed: set[UUID]) -> None:
    written, held = batch.written(), batch.held()
    assert max(written) <= committing + _WITHIN, "nothing leaves later"
    rows = await actions(batch.scopes)
    states = {row.id: ActionState(row.state) for row in rows.values()}
    assert set(states.values()) == {ActionState.VERIFIED, ActionState.BLOCKED}
    done = {row.id for row in rows.values() if row.state == ActionState.VERIFIED}
    assert len(written) == len(done), "one write for each that was done, and none for the rest"
    assert states.keys() - listed <= done, "what had not ended by then is listed"
    for row in rows.values():
        side = row.after if row.id in done else row.before
        assert held[row.entity][0] == side["daily_budget_micros"], "what we say is what the platform holds"
    async with batch.scopes() as scope:
        for action_id in states.keys() - done:
            last = (await AutopilotActions(scope).timeline(action_id))[-1]
            assert "kill switch" in (last.note or ""), "and it says why"
        assert (await Ledger(scope).verify(deciders())).whole


async def paused_by_a_person(batch: Batch) -> str:
    """The campaign that a person stops while the switch is on."""
    entity, campaign = next(iter(batch.campaigns.items()))
    async with batch.scopes() as scope:
        await ActionRequests(scope).pause_campaign(campaign, reason="That one too.")
    return entity


@contextlib.asynccontextmanager
async def workers_of_our_own(scopes: Scopes, settings: Settings, count: int = 4) -> AsyncIterator[None]:
    """Runtimes of this process, each with what it runs; they take what waits as long as they are asked to."""
    async with scopes() as scope:
        tenant_id = scope.tenant_id
    runtime = Runtime(settings)
    taken: set[UUID] = set()

    async def works() -> None:
        while True:
            found = [each for each in await waiting(scopes) if each not in taken]
            if not found:
                await asyncio.sleep(0.02)
                continue
            taken.add(found[0])
            await runtime.deliver(EXECUTE, Delivery(found[0], tenant_id))
            taken.discard(found[0])

    working = [asyncio.create_task(works()) for _ in range(count)]
    try:
        yield
    finally:
        for each in working:
            each.cancel()
        await asyncio.gather(*working, return_exceptions=True)
        await runtime.aclose()


@contextlib.asynccontextmanager
async def worker_processes(world: Sandbox) -> AsyncIterator[tuple[Process, ...]]:
    """Celery's own, as production has them, and the relay that hands them what waits."""
    led = {name: str(value) for name, value in world.control("GET", "platforms").items()}
    words = ("celery", "-A", "app.workers.celery_app", "worker", "--concurrency", "4", "-Q", "default")
    with (
        running(*words, "--without-gossip", "--without-mingle", **led) as working,
        relay(**led) as relaying,
    ):
        yield working, relaying


async def test_a_running_batch_is_stopped_within_a_second(
    acme: Company, world: Sandbox, settings: Settings, way_out: Gateway
) -> None:
    size = 40
    batch = await approved_batch(acme, world, size)
    async with workers_of_our_own(acme.scopes, settings):
        after = random.randrange(size // 8, size // 2)  # noqa: S311  (any moment is as good)
        committing, listed = await the_switch_is_thrown(batch, after)
        await eventually(lambda: nothing_waits_any_more(batch))
        await it_was_stopped(batch, committing, listed)
        entity = await paused_by_a_person(batch)
        await eventually(lambda: nothing_waits_any_more(batch))
    assert batch.held()[entity][1] == "PAUSED"


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_five_hundred_in_real_workers_are_stopped_within_a_second(
    acme: Company, world: Sandbox, way_out: Gateway, nothing_waits: None
) -> None:
    size = 500
    batch = await approved_batch(acme, world, size)
    async with worker_processes(world) as watched:
        after = random.randrange(size // 20, size // 2)  # noqa: S311  (any moment is as good)
        committing, listed = await the_switch_is_thrown(batch, after)
        await eventually(lambda: nothing_waits_any_more(batch), within=400, watched=watched)
        await it_was_stopped(batch, committing, listed)
        entity = await paused_by_a_person(batch)
        await eventually(lambda: nothing_waits_any_more(batch), watched=watched)
    assert batch.held()[entity][1] == "PAUSED"
