"""A strategy's run in steps: others decide between, a person's no holds, and what was switched off begins nothing."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from app.core.ids import uuid7
from app.db.session import Scopes
from app.models.autopilot.actions import AutopilotAction, AutopilotPlan
from app.models.autopilot.recommendations import AutopilotRecommendation
from app.models.campaigns import Campaign
from app.models.integrations.connections import Connection
from app.models.trust_engine.kinds import Origin
from app.services.autopilot.actions.repository import ActionRepository
from app.services.autopilot.actions.requests import ActionRequests
from app.services.autopilot.actions.service import AutopilotActions
from app.services.autopilot.enforcement.service import EnforcementService
from app.services.autopilot.recommendations.service import RecommendationService
from app.services.autopilot.strategies.running import StrategyRuns
from app.services.autopilot.strategies.service import StrategyService
from tests.factories.strategies import UNIT, Steered, add_campaign, answering, steered_account, varied
from tests.services.autopilot.test_turns import until_somebody_waits

STATUS, MOVES, SCALING = "status_management", "reallocation", "performance_scaling"


@pytest.fixture
async def steered(scopes: Scopes) -> Steered:
    return await steered_account(scopes)


async def wasters(scopes: Scopes, account: UUID, count: int = 3) -> list[UUID]:
    """Campaigns that surely waste what they spend, in the order in which they are looked at."""
    return [
        await add_campaign(
            scopes, account, budget=50, spends=[50.0] * 40, value=lambda _: 0.0, name=f"Idle {number}"
        )
        for number in range(count)
    ]


async def switched(scopes: Scopes, name: str, *, on: bool) -> None:
    async with scopes() as scope:
        await StrategyService(scope).change(name, enabled=on)


async def actions(scopes: Scopes) -> dict[UUID | None, AutopilotAction]:
    """The newest of each campaign."""
    async with scopes() as scope:
        by_time = select(AutopilotAction).order_by(AutopilotAction.created_at, AutopilotAction.id)
        return {each.campaign_id: each for each in await scope.session.scalars(by_time)}


async def put(scopes: Scopes, action: AutopilotAction, **values: Any) -> None:
    async with scopes() as scope:
        await scope.session.execute(
            update(AutopilotAction).where(AutopilotAction.id == action.id).values(**values)
        )


async def test_while_a_strategy_proposes_a_persons_pause_is_decided(scopes: Scopes, steered: Steered) -> None:
    idle = await wasters(scopes, steered.account_id)
    async with scopes() as scope:
        await scope.session.execute(update(Connection).values(read_only=False))
    await switched(scopes, STATUS, on=True)
    async with scopes() as scope:
        key = f"{STATUS}:{idle[1]}:wastes:active:{scope.now():%Y-%m-%dT%H}"
        await ActionRepository(scope).lock_key(scope.tenant_id, key)
        running = asyncio.create_task(StrategyRuns(scopes).run_enabled())
        await until_somebody_waits(scopes)
        async with asyncio.timeout(30), scopes() as another:
            pause = await ActionRequests(another).pause_campaign(idle[2], reason="Stop it now.")
        assert pause.state == "approved"
        assert not running.done()
    await running
    found = await actions(scopes)
    assert {each: found[each].origin for each in idle} == {
        idle[0]: Origin.AUTOPILOT, idle[1]: Origin.AUTOPILOT, idle[2]: Origin.PERSON
    }  # fmt: skip
    async with scopes() as scope:
        strategy = await StrategyService(scope).get(STATUS)
    assert strategy.last_result == {"considered": 5, "proposed": 2}


async def test_who_switches_a_strategy_off_stops_the_rest_of_its_run(
    scopes: Scopes, steered: Steered
) -> None:
    idle = await wasters(scopes, steered.account_id)
    await switched(scopes, STATUS, on=True)
    async with scopes() as scope:
        key = f"{STATUS}:{idle[0]}:wastes:active:{scope.now():%Y-%m-%dT%H}"
        await ActionRepository(scope).lock_key(scope.tenant_id, key)
        running = asyncio.create_task(StrategyRuns(scopes).run_enabled())
        await until_somebody_waits(scopes)
        off = asyncio.create_task(switched(scopes, STATUS, on=False))
        await until_somebody_waits(scopes, count=2)
    await asyncio.gather(running, off)
    assert set(await actions(scopes)) == {idle[0]}


async def test_a_strategys_pause_does_not_wait_for_a_raise_that_waits_itself(
    scopes: Scopes, steered: Steered
) -> None:
    [idle] = await wasters(scopes, steered.account_id, 1)
    await StrategyRuns(scopes).run(STATUS)
    pause = (await actions(scopes))[idle]
    raised = {"daily_budget_micros": 50 * UNIT}, {"daily_budget_micros": 60 * UNIT}
    await put(
        scopes, pause, state="held", before=raised[0], after=raised[1], operation="set_daily_budget",
        idempotency_key="a raise", strategy=SCALING,
    )  # fmt: skip
    async with scopes() as scope:
        await scope.session.execute(
            update(AutopilotAction).where(AutopilotAction.id == pause.id).values(origin=Origin.PERSON)
        )
    await StrategyRuns(scopes).run(STATUS)
    assert (await actions(scopes))[idle].id == pause.id, "a person's raise stands"
    await put(scopes, pause, origin=Origin.RULE)
    await StrategyRuns(scopes).run(STATUS)
    stopped = (await actions(scopes))[idle]
    assert stopped.after == {"status": "paused"}
    async with scopes() as scope:
        assert (await AutopilotActions(scope).get(pause.id)).state == "expired"


async def test_a_no_to_an_action_holds_for_a_week_and_for_its_way_alone(
    scopes: Scopes, steered: Steered
) -> None:
    [idle] = await wasters(scopes, steered.account_id, 1)
    async with scopes() as scope:
        await EnforcementService(scope).set_limits({"level": 2})
    await StrategyRuns(scopes).run(STATUS)
    asked = (await actions(scopes))[idle]
    assert asked.state == "awaiting_approval"
    async with scopes() as scope:
        await AutopilotActions(scope).dismiss(asked.id, reason="It is new.")
    # As if hours had passed: the key of a proposal is the hour's.
    await put(scopes, asked, idempotency_key="an hour ago")
    await StrategyRuns(scopes).run(STATUS)
    assert (await actions(scopes))[idle].id == asked.id
    assert not await said_of(scopes, STATUS), "nor is it recommended"
    await put(scopes, asked, after={"status": "active"}, before={"status": "paused"})
    await StrategyRuns(scopes).run(STATUS)
    again = (await actions(scopes))[idle]
    assert again.id != asked.id, "the other way was not refused"
    await put(scopes, again, state="dismissed", idempotency_key="long ago")
    async with scopes() as scope:
        await scope.session.execute(
            update(AutopilotAction)
            .where(AutopilotAction.id == again.id)
            .values(ended_at=scope.now() - timedelta(days=8))
        )
    await StrategyRuns(scopes).run(STATUS)
    assert (await actions(scopes))[idle].id not in {asked.id, again.id}


async def test_a_no_to_a_recommendation_holds_once_the_strategy_is_on(
    scopes: Scopes, steered: Steered
) -> None:
    [idle] = await wasters(scopes, steered.account_id, 1)
    for strategy in (STATUS, MOVES):
        [said] = [each for each in await said_of(scopes, strategy) if each.campaign_id in {idle, None}]
        async with scopes() as scope:
            await RecommendationService(scope).dismiss(said.id, reason="Not now.")
    for strategy in (STATUS, MOVES):
        await switched(scopes, strategy, on=True)
    await StrategyRuns(scopes).run_enabled()
    assert await actions(scopes) == {}
    async with scopes() as scope:
        await scope.session.execute(
            update(AutopilotRecommendation).values(ended_at=scope.now() - timedelta(days=8))
        )
    await StrategyRuns(scopes).run_enabled()
    assert {idle, steered.fed} <= set(await actions(scopes))


async def said_of(scopes: Scopes, strategy: str) -> list[AutopilotRecommendation]:
    async with scopes() as scope:
        await RecommendationService(scope).refresh()
    async with scopes() as scope:
        row = AutopilotRecommendation
        found = select(row).where(row.strategy == strategy, row.state == "open")
        return list(await scope.session.scalars(found))


async def test_a_plan_of_a_strategy_that_is_switched_off_begins_nothing_more(
    scopes: Scopes, steered: Steered
) -> None:
    """A cut that has not begun would free money for nobody; one that holds stays, and nothing is raised for it."""
    await switched(scopes, MOVES, on=True)
    await StrategyRuns(scopes).run_enabled()
    cut = (await actions(scopes))[steered.fed]
    assert cut.state == "approved"
    await switched(scopes, MOVES, on=False)
    async with scopes() as scope:
        [plan] = await scope.session.scalars(select(AutopilotPlan))
        lapsed = await AutopilotActions(scope).get(cut.id)
        steps = await AutopilotActions(scope).timeline(cut.id)
    assert (plan.state, plan.freed_micros) == ("ended", 0)
    assert plan.note == "Its strategy was switched off. Nothing was raised."
    assert (lapsed.state, steps[-1].note) == ("expired", "Its strategy was switched off.")
    assert await StrategyRuns(scopes).go_on_with_plans() == 0


async def test_what_a_plan_has_cut_already_is_told_and_its_open_raise_lapses(
    scopes: Scopes, steered: Steered
) -> None:
    await switched(scopes, MOVES, on=True)
    await StrategyRuns(scopes).run_enabled()
    await held_there(scopes, (await actions(scopes))[steered.fed])
    await switched(scopes, MOVES, on=False)
    async with scopes() as scope:
        [plan] = await scope.session.scalars(select(AutopilotPlan))
    assert plan.freed_micros
    assert plan.note == "Its strategy was switched off. What was cut stays so. Nothing was raised."
    # Another plan had come to its raises.
    async with scopes() as scope:
        await scope.session.execute(update(AutopilotPlan).values(state="cutting", ended_at=None))
    await switched(scopes, MOVES, on=True)
    assert await StrategyRuns(scopes).go_on_with_plans() == 1
    raised = (await actions(scopes))[steered.starved]
    assert raised.state == "approved"
    await put(scopes, raised, state="held", approved_by="Ada")
    await switched(scopes, MOVES, on=False)
    assert (await actions(scopes))[steered.starved].state == "held", "a person has said yes to it"
    await put(scopes, raised, approved_by=None)
    await switched(scopes, MOVES, on=True)
    await switched(scopes, MOVES, on=False)
    assert (await actions(scopes))[steered.starved].state == "expired"


async def test_a_plan_goes_whole_or_not(scopes: Scopes, steered: Steered) -> None:
    """Its gain was counted of all of it: what a no leaves of it might lose."""
    poor = await add_campaign(
        scopes,
        steered.account_id,
        budget=250,
        spends=varied(250, 60, by=0.25, seed=3),
        value=answering(400, 60),
    )
    async with scopes() as scope:
        await EnforcementService(scope).set_limits({"level": 2})
    await StrategyRuns(scopes).run(MOVES)
    cuts = await actions(scopes)
    assert set(cuts) == {poor, steered.fed}
    async with scopes() as scope:
        await AutopilotActions(scope).dismiss(cuts[poor].id, reason="It is new.")
        await scope.session.execute(
            update(AutopilotPlan).values(idempotency_key="an hour ago", state="ended")
        )
    await put(scopes, cuts[steered.fed], state="expired", idempotency_key="an hour ago")
    await StrategyRuns(scopes).run(MOVES)
    assert {each.id for each in (await actions(scopes)).values()} == {each.id for each in cuts.values()}


async def test_a_plan_that_was_asked_for_by_hand_ends_with_the_switch_too(
    scopes: Scopes, steered: Steered
) -> None:
    await StrategyRuns(scopes).run(MOVES)
    await switched(scopes, MOVES, on=False)
    assert (await actions(scopes))[steered.fed].state == "expired"


async def test_what_a_person_said_yes_to_goes_on_whatever_the_strategy_is(
    scopes: Scopes, steered: Steered
) -> None:
    await switched(scopes, MOVES, on=True)
    await StrategyRuns(scopes).run_enabled()
    cut = (await actions(scopes))[steered.fed]
    async with scopes() as scope:
        await scope.session.execute(
            update(AutopilotPlan).values(approved_by="Ada", approved_at=scope.now(), approval_reason="Yes.")
        )
    await switched(scopes, MOVES, on=False)
    await held_there(scopes, cut)
    assert await StrategyRuns(scopes).go_on_with_plans() == 1
    assert (await actions(scopes))[steered.starved].approved_by == "Ada"


async def held_there(scopes: Scopes, cut: AutopilotAction) -> None:
    """As if the executor had brought it to the platform, and a synchronisation had read it."""
    async with scopes() as scope:
        now = scope.now()
        await scope.session.execute(
            update(Campaign).where(Campaign.id == cut.campaign_id).values(**cut.after, synced_at=now)
        )
    await put(scopes, cut, state="verified", verified_at=now, applied_at=now - timedelta(seconds=1))


async def test_only_what_was_wanted_lately_is_remembered(scopes: Scopes, steered: Steered) -> None:
    """What strategies ask of the past is bounded: years of actions are not read for a rest of weeks."""
    await StrategyRuns(scopes).run(MOVES)
    async with scopes() as scope:
        assert set(await AutopilotActions(scope).last_acted(MOVES, days=100)) == {steered.account_id}
        await scope.session.execute(
            update(AutopilotAction).values(
                proposed_at=scope.now() - timedelta(days=101), idempotency_key=uuid7().hex
            )
        )
        assert await AutopilotActions(scope).last_acted(MOVES, days=100) == {}
