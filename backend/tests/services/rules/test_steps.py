"""An evaluation in steps: it reads once, and whoever else decides comes between its proposals."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.engine import Engine

from app.core.ids import uuid7
from app.db.session import Scopes
from app.models.autopilot.actions import AutopilotAction
from app.models.campaigns import Campaign
from app.models.integrations.connections import Connection
from app.models.notifications import Notification
from app.models.rules import Rule, RuleEvaluation, RuleFiring
from app.models.rules.kinds import Idle
from app.models.trust_engine.kinds import Origin
from app.schemas.rules.definition import read_definition
from app.services.autopilot.actions.repository import ActionRepository
from app.services.autopilot.actions.requests import ActionRequests
from app.services.autopilot.actions.service import ActionState, AutopilotActions
from app.services.autopilot.enforcement.service import EnforcementService
from app.services.campaigns.labels.service import Labels
from app.services.rules.evaluating import MOST_AT_ONCE, MOST_TRIED, RuleEvaluating
from app.services.rules.service import RuleService
from app.services.rules.wording_rules import IDLE
from app.services.trust_engine.gate.service import KillSwitch
from tests.factories.rules import a_definition, a_herd, make_rule
from tests.factories.trust import trusted
from tests.services.autopilot.test_turns import until_somebody_waits

_TOLD = select(Notification).where(Notification.kind == "rule_held")


async def spenders(scopes: Scopes, count: int) -> list[UUID]:
    """Campaigns that spent 90 each yesterday, in the order in which a rule comes to them."""
    async with scopes() as scope:
        herd = await a_herd(scope)
        found = [await herd.campaign(f"Campaign {number:03}") for number in range(count)]
        for campaign in found:
            await herd.told(campaign, 1, spend=90, conversions=1)
        await scope.session.execute(update(Connection).values(read_only=False))
        await EnforcementService(scope).set_limits({"level": 1})
    await trusted(scopes, herd.account)
    return found


async def due_now(scopes: Scopes, *, later: timedelta = timedelta(0)) -> datetime:
    async with scopes() as scope:
        return scope.now() + later


@asynccontextmanager
async def stopped_before(
    scopes: Scopes, rule: Rule, due: datetime, campaign: UUID
) -> AsyncIterator[asyncio.Task[RuleEvaluation | None]]:
    """The evaluation, standing still before its proposal about that campaign for as long as the block lasts."""
    async with scopes() as scope:
        key = f"rule:{rule.id}:{due.isoformat()}:{campaign}:pause"
        await ActionRepository(scope).lock_key(scope.tenant_id, key)
        task = asyncio.create_task(RuleEvaluating(scopes).evaluate(rule.id, due))
        await until_somebody_waits(scopes)
        yield task


async def actions_by_campaign(scopes: Scopes) -> dict[UUID | None, AutopilotAction]:
    by_name = select(AutopilotAction).order_by(AutopilotAction.entity_name)
    async with scopes() as scope:
        return {each.campaign_id: each for each in await scope.session.scalars(by_name)}


async def the_evaluation(scopes: Scopes) -> RuleEvaluation:
    async with scopes() as scope:
        return (await scope.session.scalars(select(RuleEvaluation))).one()


async def test_while_an_evaluation_proposes_a_persons_pause_is_decided(scopes: Scopes) -> None:
    """It is of one that the evaluation has not come to; in one transaction the pause would wait for the end."""
    campaigns = await spenders(scopes, 150)
    rule, due = await make_rule(scopes, enabled=True), await due_now(scopes)
    async with stopped_before(scopes, rule, due, campaigns[2]) as evaluating:
        async with asyncio.timeout(30), scopes() as scope:
            pause = await ActionRequests(scope).pause_campaign(campaigns[5], reason="Stop it now.")
        assert (pause.state, pause.origin) == (ActionState.APPROVED, Origin.PERSON)
        assert not evaluating.done()
        standing = await the_evaluation(scopes)
        assert (standing.acted, standing.ended_at) == (2, None)
    found = await evaluating
    assert found is not None
    assert (found.held, found.acted) == (150, MOST_AT_ONCE)
    assert found.idle_by_reason == {"waiting": 1, "later": 49}
    assert found.ended_at is not None
    assert (await actions_by_campaign(scopes))[campaigns[5]].id == pause.id


async def test_after_a_crash_the_rest_is_done_and_nothing_twice(scopes: Scopes) -> None:
    campaigns = await spenders(scopes, 5)
    definition = a_definition(a_definition()["condition"], {"kind": "pause"}, {"kind": "notify"})
    rule, due = await make_rule(scopes, definition, enabled=True), await due_now(scopes)
    async with stopped_before(scopes, rule, due, campaigns[3]) as evaluating:
        evaluating.cancel()
        with pytest.raises(asyncio.CancelledError):
            await evaluating
    crashed = await the_evaluation(scopes)
    assert (crashed.held, crashed.acted, crashed.ended_at) == (5, 3, None)
    before = await actions_by_campaign(scopes)
    assert list(before) == campaigns[:3]
    async with scopes() as scope:
        assert (await scope.session.get_one(Rule, (scope.tenant_id, rule.id))).last_run_at is not None
        assert list(await scope.session.scalars(_TOLD)) == []
    again = await RuleEvaluating(scopes).evaluate(rule.id, due)
    assert again is not None
    assert (again.id, again.acted, again.idle_by_reason) == (crashed.id, 5, {"resting": 3})
    after = await actions_by_campaign(scopes)
    assert list(after) == campaigns
    assert [after[each].id for each in campaigns[:3]] == [each.id for each in before.values()]
    async with scopes() as scope:
        fired = [each.campaign_id for each in await scope.session.scalars(select(RuleFiring))]
        [told] = await scope.session.scalars(_TOLD)
    assert sorted(fired) == sorted(campaigns)
    assert told.facts["campaigns"].startswith("Campaign 000, Campaign 001")
    assert "spend, yesterday: 90 USD" in told.facts["reason"]


async def test_after_a_crash_that_nobody_takes_up_the_next_evaluation_goes_on(scopes: Scopes) -> None:
    campaigns = await spenders(scopes, 3)
    rule, due = await make_rule(scopes, enabled=True), await due_now(scopes)
    async with stopped_before(scopes, rule, due, campaigns[1]) as evaluating:
        evaluating.cancel()
    following = await RuleEvaluating(scopes).evaluate(rule.id, due + timedelta(minutes=15))
    assert following is not None
    assert (following.acted, following.idle_by_reason) == (2, {"resting": 1})
    assert list(await actions_by_campaign(scopes)) == campaigns


async def test_what_was_interrupted_is_not_gone_on_with_by_another_rule(scopes: Scopes) -> None:
    campaigns = await spenders(scopes, 3)
    rule, due = await make_rule(scopes, enabled=True), await due_now(scopes)
    async with stopped_before(scopes, rule, due, campaigns[1]) as evaluating:
        evaluating.cancel()
    async with scopes() as scope:
        more = a_definition(a_definition()["condition"], {"kind": "budget_percent", "percent": "10"})
        await RuleService(scope).change(rule.id, definition=read_definition(more))
    ended = await RuleEvaluating(scopes).evaluate(rule.id, due)
    assert ended is not None
    assert (ended.version, ended.acted, ended.ended_at is None) == (1, 1, False)
    assert list(await actions_by_campaign(scopes)) == campaigns[:1]


async def test_two_workers_with_one_time_propose_once(scopes: Scopes) -> None:
    """Though the gate blocks it all, and nothing is left open that the second could meet."""
    campaigns = await spenders(scopes, 4)
    rule, due = await make_rule(scopes, enabled=True), await due_now(scopes)
    await frozen(scopes, True)
    both = (RuleEvaluating(scopes).evaluate(rule.id, due) for _ in range(2))
    first, second = await asyncio.gather(*both)
    assert first is not None
    assert second is not None
    assert first.id == second.id
    assert (await the_evaluation(scopes)).acted == 4
    assert sorted(await actions_by_campaign(scopes), key=str) == sorted(campaigns, key=str)
    async with scopes() as scope:
        assert len((await scope.session.scalars(select(RuleFiring))).all()) == 4


async def test_who_switches_the_rule_off_stops_the_rest(scopes: Scopes) -> None:
    campaigns = await spenders(scopes, 4)
    rule, due = await make_rule(scopes, enabled=True), await due_now(scopes)
    async with stopped_before(scopes, rule, due, campaigns[1]) as evaluating:
        switching = asyncio.create_task(switched_off(scopes, rule))
        await until_somebody_waits(scopes, count=2)
    await switching
    found = await evaluating
    assert found is not None
    done = len(await actions_by_campaign(scopes))
    assert found.acted == done
    assert (found.idle_by_reason, done < 4) == ({"stopped": 4 - done}, True)


async def switched_off(scopes: Scopes, rule: Rule) -> None:
    async with scopes() as scope:
        await RuleService(scope).change(rule.id, enabled=False)


async def test_what_changed_since_the_rule_looked_is_read_again(scopes: Scopes) -> None:
    campaigns = await spenders(scopes, 3)
    rule, due = await make_rule(scopes, enabled=True), await due_now(scopes)
    async with stopped_before(scopes, rule, due, campaigns[1]) as evaluating, scopes() as scope:
        await scope.session.execute(
            update(Campaign).where(Campaign.id == campaigns[2]).values(status="paused")
        )
    found = await evaluating
    assert found is not None
    assert (found.acted, found.idle_by_reason) == (2, {"stands": 1})


async def test_a_blocked_stop_is_tried_again_at_the_next_evaluation(scopes: Scopes) -> None:
    """It did not happen; and while the gate would block it still, nothing new is written."""
    [campaign] = await spenders(scopes, 1)
    rule, due = await make_rule(scopes, enabled=True, cooldown_hours=720), await due_now(scopes)
    await frozen(scopes, True)
    first = await RuleEvaluating(scopes).evaluate(rule.id, due)
    assert (await actions_by_campaign(scopes))[campaign].state == ActionState.BLOCKED
    second = await RuleEvaluating(scopes).evaluate(rule.id, due + timedelta(minutes=15))
    await frozen(scopes, False)
    third = await RuleEvaluating(scopes).evaluate(rule.id, due + timedelta(minutes=30))
    fourth = await RuleEvaluating(scopes).evaluate(rule.id, due + timedelta(minutes=45))
    assert first is not None
    assert second is not None
    assert third is not None
    assert fourth is not None
    assert [each.acted for each in (first, second, third, fourth)] == [1, 0, 1, 0]
    assert (second.idle_by_reason, fourth.idle_by_reason) == ({"blocked": 1}, {"resting": 1})


async def test_a_stop_that_failed_is_tried_again_at_the_next_evaluation(scopes: Scopes) -> None:
    [campaign] = await spenders(scopes, 1)
    rule, due = await make_rule(scopes, enabled=True, cooldown_hours=720), await due_now(scopes)
    await RuleEvaluating(scopes).evaluate(rule.id, due)
    failed = (await actions_by_campaign(scopes))[campaign]
    async with scopes() as scope:
        its = update(AutopilotAction).where(AutopilotAction.id == failed.id)
        await scope.session.execute(its.values(state=ActionState.FAILED))
    second = await RuleEvaluating(scopes).evaluate(rule.id, due + timedelta(minutes=15))
    assert second is not None
    assert second.acted == 1
    async with scopes() as scope:
        states = await scope.session.scalars(select(AutopilotAction.state))
        assert sorted(states) == ["approved", "failed"]


async def test_what_was_done_before_the_rule_was_switched_off_is_told(scopes: Scopes) -> None:
    """The worker has died, and nobody takes the rest up: an evaluation that is at its end says so."""
    campaigns = await spenders(scopes, 4)
    definition = a_definition(a_definition()["condition"], {"kind": "pause"}, {"kind": "notify"})
    rule, due = await make_rule(scopes, definition, enabled=True), await due_now(scopes)
    async with stopped_before(scopes, rule, due, campaigns[2]) as evaluating:
        evaluating.cancel()
        with pytest.raises(asyncio.CancelledError):
            await evaluating
    await switched_off(scopes, rule)
    assert await RuleEvaluating(scopes).evaluate(rule.id, due) is None
    assert (await the_evaluation(scopes)).ended_at is not None
    async with scopes() as scope:
        [told] = await scope.session.scalars(_TOLD)
    assert told.facts["campaigns"] == "Campaign 000, Campaign 001"


@contextmanager
def statements() -> Iterator[list[str]]:
    """What is asked of the database meanwhile."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def test_labels_that_stand_cost_one_statement_and_what_changes_costs_by_itself(scopes: Scopes) -> None:
    campaigns = await spenders(scopes, 6)
    async with scopes() as scope:
        await scope.session.execute(update(Campaign).values(status="paused"))
        label = (await Labels(scope).create("Dear")).label.id
        await Labels(scope).change(label, campaigns, [])
    put = {"kind": "label", "label_id": str(label)}
    condition = a_definition()["condition"]
    counts: list[int] = []
    for number, kinds in enumerate(([{"kind": "pause"}], [put, {"kind": "pause"}])):
        definition = a_definition(condition, *kinds)
        rule = await make_rule(scopes, definition, name=f"Rule {number}", enabled=True)
        due = await due_now(scopes)
        with statements() as asked:
            found = await RuleEvaluating(scopes).evaluate(rule.id, due)
        assert found is not None
        assert (found.held, found.acted, sum(found.idle_by_reason.values())) == (6, 0, 6)
        counts.append(len(asked))
    assert counts[1] == counts[0] + 1
    async with scopes() as scope:
        await Labels(scope).change(label, [], campaigns[:1])
    await RuleEvaluating(scopes).evaluate(rule.id, await due_now(scopes, later=timedelta(hours=2)))
    async with scopes() as scope:
        assert await Labels(scope).borne({label}, campaigns) == {label: frozenset(campaigns)}


async def test_a_label_does_not_put_a_stop_to_rest_that_has_to_wait(scopes: Scopes) -> None:
    [campaign] = await spenders(scopes, 1)
    async with scopes() as scope:
        label = await Labels(scope).create("Dear")
    put = {"kind": "label", "label_id": str(label.label.id)}
    definition = a_definition(a_definition()["condition"], put, {"kind": "pause"})
    rule, due = await make_rule(scopes, definition, enabled=True), await due_now(scopes)
    async with scopes() as scope:
        pause = await ActionRequests(scope).pause_campaign(campaign, reason="Stop it now.")
    first = await RuleEvaluating(scopes).evaluate(rule.id, due)
    assert first is not None
    assert (first.acted, first.idle_by_reason) == (0, {"waiting": 1})
    async with scopes() as scope:
        await AutopilotActions(scope).advance(
            await AutopilotActions(scope).locked(pause.id), ActionState.EXPIRED, note="It was too late."
        )
    second = await RuleEvaluating(scopes).evaluate(rule.id, due + timedelta(minutes=15))
    assert second is not None
    assert second.acted == 1


async def test_a_blocked_raise_rests(scopes: Scopes) -> None:
    await spenders(scopes, 1)
    more = a_definition(a_definition()["condition"], {"kind": "budget_percent", "percent": "10"})
    rule, due = await make_rule(scopes, more, enabled=True), await due_now(scopes)
    await frozen(scopes, True)
    await RuleEvaluating(scopes).evaluate(rule.id, due)
    again = await RuleEvaluating(scopes).evaluate(rule.id, due + timedelta(minutes=15))
    assert again is not None
    assert again.idle_by_reason == {"resting": 1}


async def frozen(scopes: Scopes, engaged: bool) -> None:
    async with scopes() as scope:
        await KillSwitch(scope).set(engaged=engaged, reason="A test.")


async def test_those_that_wait_do_not_starve_those_behind_them(scopes: Scopes) -> None:
    """More than one evaluation comes to, all with something open, stand before one that has nothing."""
    campaigns = await spenders(scopes, MOST_TRIED + 1)
    async with scopes() as scope:
        now, rows = scope.now(), await scope.session.scalars(select(Campaign))
        for each in rows:
            if each.id != campaigns[-1]:
                scope.session.add(an_open_action(each, now))
    rule, due = await make_rule(scopes, enabled=True), await due_now(scopes)
    found = await RuleEvaluating(scopes).evaluate(rule.id, due)
    assert found is not None
    assert (found.acted, found.idle_by_reason) == (1, {"waiting": MOST_TRIED})
    async with scopes() as scope:
        [firing] = await scope.session.scalars(select(RuleFiring))
        assert firing.action_id is not None
        assert (await AutopilotActions(scope).get(firing.action_id)).origin == Origin.RULE
    assert firing.campaign_id == campaigns[-1]


def an_open_action(campaign: Campaign, now: datetime) -> AutopilotAction:
    values: dict[str, Any] = {
        "platform": "meta", "account": "a", "entity_type": "campaign", "entity": campaign.external_id,
        "entity_name": campaign.name, "operation": "set_daily_budget", "before": {"daily_budget_micros": 1},
        "after": {"daily_budget_micros": 2}, "currency": "USD", "justified_by": [], "reason": "A test wants it.",
        "evidence": {}, "origin": Origin.PERSON, "requested_label": "test", "state": ActionState.HELD,
    }  # fmt: skip
    return AutopilotAction(
        id=uuid7(),
        ad_account_id=campaign.ad_account_id,
        campaign_id=campaign.id,
        idempotency_key=uuid7().hex,
        proposed_at=now,
        expires_at=now + timedelta(days=1),
        attempts=0,
        **values,
    )


def test_every_reason_to_do_nothing_has_its_words() -> None:
    assert IDLE.keys() == set(Idle)
