"""Cuts and raises of one account: the platform holds the cuts before anything is raised, and the total never rises."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from app.core.ids import uuid7
from app.db.session import Scopes
from app.models.autopilot.actions import AutopilotAction, AutopilotPlan
from app.models.campaigns import Campaign
from app.models.trust_engine.kinds import Origin, Verdict
from app.services.autopilot.actions.execution import ActionExecution
from app.services.autopilot.actions.rules import ActionState, sized, would_stand
from app.services.autopilot.actions.service import AutopilotActions, PlanWanted, Wanted
from app.services.autopilot.enforcement.service import EnforcementService
from app.services.autopilot.strategies.running import StrategyRuns
from app.services.campaigns.service import CampaignService
from app.services.integrations.gateway import Gateway
from app.services.integrations.service import IntegrationsService
from app.services.trust_engine.gate.service import KillSwitch
from tests.factories.integrations import BROAD, connect
from tests.factories.strategies import add_days
from tests.factories.trust import trusted
from tests.sandbox_process import Sandbox, running_sandbox

UNIT = 1_000_000
CART, VIDEO = "120210000010100003", "120210000010100005"


@dataclass(frozen=True)
class Funded:
    """The dollar account's campaigns with budgets of their own, by the platform's ids."""

    account_id: UUID
    campaigns: dict[str, Campaign]

    def wanted(self, entity: str, step: int) -> Wanted:
        """Its daily budget changed by so many dollars."""
        campaign = self.campaigns[entity]
        before = campaign.daily_budget_micros
        assert before is not None
        return Wanted(
            ad_account_id=self.account_id,
            campaign_id=campaign.id,
            platform="meta",
            account="102030405060701",
            entity_type="campaign",
            entity=entity,
            entity_name=campaign.name,
            operation="set_daily_budget",
            before={"daily_budget_micros": before},
            after={"daily_budget_micros": before + step * UNIT},
            currency="USD",
            reason="It earns more there.",
            idempotency_key=uuid7().hex,
            origin=Origin.AUTOPILOT,
            strategy="reallocation",
        )

    def plan(self, cuts: dict[str, int], raises: dict[str, int]) -> PlanWanted:
        return PlanWanted(
            ad_account_id=self.account_id,
            strategy="reallocation",
            idempotency_key=uuid7().hex,
            cuts=[self.wanted(entity, -step) for entity, step in cuts.items()],
            raises=[self.wanted(entity, step) for entity, step in raises.items()],
        )


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Our own: after another test's large change its campaigns would be learning, and wait."""
    with running_sandbox("--seed", "7") as running:
        yield running


@pytest.fixture
async def funded(scopes: Scopes, sandbox: Sandbox, platforms: Gateway) -> Funded:
    assert platforms.settings.meta_base_url == sandbox.url
    account = (await connect(scopes, sandbox)).dollars
    await synchronised(scopes, account)
    await trusted(scopes, account)
    async with scopes() as scope:
        await EnforcementService(scope).set_limits({"level": 1})
        mine = select(Campaign).where(Campaign.ad_account_id == account)
        found = {each.external_id: each for each in await scope.session.scalars(mine)}
        add_days(scope, found[BROAD].id, [500.0] * 30, lambda spend: 4 * spend)
    return Funded(account, found)


async def synchronised(scopes: Scopes, account: UUID) -> None:
    platform = await IntegrationsService(scopes).connector(account)
    campaigns, ad_sets = await platform.list_campaigns(), await platform.list_ad_sets()
    async with scopes() as scope:
        await CampaignService(scope).absorb(account, "meta", campaigns, ad_sets)


async def begin(scopes: Scopes, wanted: PlanWanted) -> list[AutopilotAction]:
    async with scopes() as scope:
        return await AutopilotActions(scope).plans.begin(wanted)


async def go_on(scopes: Scopes) -> int:
    return await StrategyRuns(scopes).go_on_with_plans()


async def raises(scopes: Scopes) -> dict[str, int]:
    """What was proposed beyond the cuts: by how many dollars each is raised."""
    async with scopes() as scope:
        found, _ = await AutopilotActions(scope).listed()
        steps = {
            each.entity: each.after["daily_budget_micros"] - each.before["daily_budget_micros"]
            for each in found
        }
    return {entity: step // UNIT for entity, step in steps.items() if step > 0}


def held(sandbox: Sandbox, entity: str) -> int:
    return int(sandbox.graph("GET", entity, fields="daily_budget").json()["daily_budget"]) // 100


async def test_raises_wait_for_the_cuts_and_take_no_more_than_they_gave(
    scopes: Scopes, funded: Funded, sandbox: Sandbox
) -> None:
    total = held(sandbox, BROAD) + held(sandbox, VIDEO)
    cuts = await begin(scopes, funded.plan({VIDEO: 60}, {BROAD: 60}))
    assert [(each.entity, each.state) for each in cuts] == [(VIDEO, "approved")]
    assert await go_on(scopes) == 0
    assert await ActionExecution(scopes).run(cuts[0].id) is ActionState.VERIFIED
    assert held(sandbox, BROAD) + held(sandbox, VIDEO) == total - 60
    assert await go_on(scopes) == 0, "the account was not read again yet"
    await synchronised(scopes, funded.account_id)
    assert await go_on(scopes) == 1
    assert await raises(scopes) == {BROAD: 60}
    async with scopes() as scope:
        raised = next(each for each in (await AutopilotActions(scope).listed())[0] if each.entity == BROAD)
    assert raised.plan_id == cuts[0].plan_id
    assert await ActionExecution(scopes).run(raised.id) is ActionState.VERIFIED
    assert held(sandbox, BROAD) + held(sandbox, VIDEO) == total


async def test_a_cut_that_does_not_pass_leaves_its_raise_unmade(scopes: Scopes, funded: Funded) -> None:
    cuts = await begin(scopes, funded.plan({VIDEO: 40, CART: 40}, {BROAD: 80}))
    assert len(cuts) == 2
    await ended(scopes, cuts[0], ActionState.FAILED)
    await ended(scopes, cuts[1], ActionState.VERIFIED)
    assert await go_on(scopes) == 1
    assert await raises(scopes) == {BROAD: 40}
    assert await go_on(scopes) == 0, "a plan goes on once"


async def test_nothing_is_cut_for_a_raise_that_the_gate_would_not_let_pass(
    scopes: Scopes, funded: Funded
) -> None:
    await trusted(scopes, funded.account_id, score=65.0)
    assert await begin(scopes, funded.plan({VIDEO: 40}, {BROAD: 40})) == []
    await trusted(scopes, funded.account_id)
    too_large = (funded.campaigns[BROAD].daily_budget_micros or 0) // UNIT // 2
    cuts = await begin(scopes, funded.plan({VIDEO: 60, CART: 20}, {BROAD: too_large, CART: 20}))
    assert sum(-step(each) for each in cuts) <= 20


async def test_a_raise_of_what_somebody_changed_meanwhile_is_left_out(scopes: Scopes, funded: Funded) -> None:
    cuts = await begin(scopes, funded.plan({VIDEO: 40}, {BROAD: 40}))
    await ended(scopes, cuts[0], ActionState.VERIFIED)
    async with scopes() as scope:
        changed = update(Campaign).where(Campaign.external_id == BROAD).values(daily_budget_micros=UNIT)
        await scope.session.execute(changed)
    assert await go_on(scopes) == 1
    assert await raises(scopes) == {}


async def test_a_plan_whose_time_is_over_raises_nothing(scopes: Scopes, funded: Funded) -> None:
    cuts = await begin(scopes, funded.plan({VIDEO: 40}, {BROAD: 40}))
    await ended(scopes, cuts[0], ActionState.VERIFIED)
    async with scopes() as scope:
        past = scope.now() - timedelta(minutes=1)
        await scope.session.execute(update(AutopilotPlan).values(expires_at=past))
    assert await go_on(scopes) == 1
    assert await raises(scopes) == {}


async def test_an_engaged_kill_switch_begins_nothing(scopes: Scopes, funded: Funded) -> None:
    async with scopes() as scope:
        await KillSwitch(scope).set(engaged=True, reason="Stop everything.")
    assert await begin(scopes, funded.plan({VIDEO: 40}, {BROAD: 40})) == []


async def ended(scopes: Scopes, cut: AutopilotAction, state: ActionState) -> None:
    """As if the executor had brought it there, and a synchronisation had read it."""
    async with scopes() as scope:
        values = {"state": state, "verified_at": scope.now(), "applied_at": scope.now()}
        await scope.session.execute(
            update(AutopilotAction).where(AutopilotAction.id == cut.id).values(**values)
        )
        if state is ActionState.VERIFIED:
            await scope.session.execute(
                update(Campaign).where(Campaign.id == cut.campaign_id).values(**cut.after)
            )


def step(action: AutopilotAction) -> int:
    found: int = (action.after["daily_budget_micros"] - action.before["daily_budget_micros"]) // UNIT
    return found


@given(st.lists(st.integers(0, 10**12), max_size=6), st.integers(-(10**9), 10**12))
def test_raises_are_never_sized_beyond_what_was_freed(wanted: list[int], freed: int) -> None:
    found = sized(wanted, freed)
    assert sum(found) <= max(0, freed)
    assert all(0 <= got <= want and got % UNIT == 0 for got, want in zip(found, wanted, strict=True))


def test_what_waits_for_a_person_alone_stands_and_what_the_health_holds_does_not() -> None:
    assert would_stand(Verdict.PASS, frozenset())
    assert would_stand(Verdict.HOLD, frozenset({"suggest_only"}))
    assert would_stand(Verdict.HOLD, frozenset({"approval_required", "daily_cap"}))
    assert would_stand(Verdict.BLOCK, frozenset({"daily_cap"}))
    assert not would_stand(Verdict.HOLD, frozenset({"approval_required", "degraded"}))
    assert not would_stand(Verdict.BLOCK, frozenset({"kill_switch"}))
