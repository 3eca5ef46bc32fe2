"""Rules by the clock: evaluated when due, once; what they propose goes through the gate; nothing is done twice."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from app.db.outbox import OutboxMessage
from app.db.session import Scopes
from app.models.autopilot.actions import AutopilotAction
from app.models.campaigns import Campaign
from app.models.campaigns.labels import CampaignLabelLink
from app.models.integrations.ad_accounts import PlatformEdit
from app.models.notifications import Notification
from app.models.rules import Rule, RuleEvaluation, RuleFiring
from app.models.trust_engine.ledger import LedgerEntry
from app.services.autopilot.actions.service import AutopilotActions
from app.services.campaigns.labels.service import Labels
from app.services.rules.evaluating import RuleEvaluating, RuleRuns
from app.services.rules.service import RuleService
from tests.factories.autopilot import permits_spent
from tests.factories.rules import UNIT, YESTERDAY, a_definition, a_herd, make_rule

CONVERTED = {
    "kind": "metric",
    "metric": "conversions",
    "window": YESTERDAY,
    "op": "equals",
    "than": {"kind": "number", "value": "0"},
}


async def a_spender(scopes: Scopes, **figures: Any) -> UUID:
    """A campaign that spent 90 yesterday; its account was read a moment ago."""
    async with scopes() as scope:
        herd = await a_herd(scope)
        campaign = await herd.campaign("Prospecting")
        await herd.told(campaign, 1, **{"spend": 90, "conversions": 1, **figures})
    return campaign


async def evaluated(scopes: Scopes, rule: Rule, *, later: timedelta = timedelta(0)) -> RuleEvaluation:
    async with scopes() as scope:
        due = scope.now() + later
    found = await RuleEvaluating(scopes).evaluate(rule.id, due)
    assert found is not None
    return found


async def actions_of(scopes: Scopes) -> list[AutopilotAction]:
    async with scopes() as scope:
        return list((await scope.session.scalars(select(AutopilotAction).order_by(AutopilotAction.id))).all())


async def test_a_rule_proposes_through_the_gate_and_its_firing_names_the_action(scopes: Scopes) -> None:
    campaign = await a_spender(scopes)
    rule = await make_rule(scopes, name="Too dear", enabled=True)
    found = await evaluated(scopes, rule)
    assert (found.considered, found.held, found.unknown, found.acted) == (1, 1, 0, 1)
    [action] = await actions_of(scopes)
    assert (action.origin, action.campaign_id, action.after) == ("rule", campaign, {"status": "paused"})
    assert "Too dear" in action.reason
    assert "spend, yesterday: 90 USD" in action.reason
    async with scopes() as scope:
        [firing] = (await scope.session.scalars(select(RuleFiring))).all()
        decision = await scope.session.get_one(LedgerEntry, (scope.tenant_id, action.decision_id))
        stands = await scope.session.get_one(Campaign, (scope.tenant_id, campaign))
    assert (firing.action_id, firing.evaluation_id) == (action.id, found.id)
    assert decision.action_id == action.id
    # A rule writes to no platform and to no campaign: the executor does, with a permit.
    assert stands.status == "active"


async def test_the_same_time_is_evaluated_once_however_often_its_task_comes(scopes: Scopes) -> None:
    await a_spender(scopes)
    rule = await make_rule(scopes, enabled=True, cooldown_hours=1)
    async with scopes() as scope:
        due = scope.now()
    for _ in range(2):
        await RuleEvaluating(scopes).evaluate(rule.id, due)
    assert len(await actions_of(scopes)) == 1
    async with scopes() as scope:
        assert len((await scope.session.scalars(select(RuleEvaluation))).all()) == 1


async def test_within_its_cooldown_a_rule_leaves_a_campaign_alone(scopes: Scopes) -> None:
    campaign = await a_spender(scopes)
    rule = await make_rule(scopes, enabled=True, cooldown_hours=2)
    await evaluated(scopes, rule)
    async with scopes() as scope:
        await scope.session.execute(update(AutopilotAction).values(state="dismissed"))
    again = await evaluated(scopes, rule, later=timedelta(minutes=5))
    assert (again.held, again.acted, again.idle_by_reason) == (1, 0, {"resting": 1})
    async with scopes() as scope:
        await scope.session.execute(update(RuleFiring).values(fired_at=scope.now() - timedelta(hours=2)))
    third = await evaluated(scopes, rule, later=timedelta(minutes=10))
    assert (third.acted, len(await actions_of(scopes))) == (1, 2)
    assert campaign is not None


async def test_a_campaign_with_an_open_action_waits_whichever_rule_proposed_it(scopes: Scopes) -> None:
    await a_spender(scopes)
    first, second = await make_rule(scopes, enabled=True), await make_rule(scopes, enabled=True)
    await evaluated(scopes, first)
    async with scopes() as scope:
        await scope.session.execute(update(AutopilotAction).values(state="awaiting_approval"))
    found = await evaluated(scopes, second)
    assert (found.acted, found.idle_by_reason) == (0, {"waiting": 1})


@pytest.mark.parametrize("state", ["approved", "executing"])
@pytest.mark.parametrize("archived", [False, True])
async def test_no_attempt_of_a_raise_begins_once_its_rule_is_off(
    scopes: Scopes, state: str, *, archived: bool
) -> None:
    await a_spender(scopes)
    more = {"kind": "budget_percent", "percent": "10"}
    rule = await make_rule(scopes, a_definition(_spent(), more), enabled=True)
    await evaluated(scopes, rule)
    async with scopes() as scope:
        await scope.session.execute(update(AutopilotAction).values(state=state))
    async with scopes() as scope:
        if archived:
            await RuleService(scope).archive(rule.id)
        else:
            await RuleService(scope).change(rule.id, enabled=False)
    [found] = await actions_of(scopes)
    if state == "executing":
        assert (found.state, found.halted) == (state, "Its rule was switched off.")
        async with scopes() as scope:
            action = await AutopilotActions(scope).locked(found.id)
            await AutopilotActions(scope).decide_again(action)
        [found] = await actions_of(scopes)
    assert found.state == "expired"


async def test_who_stops_spend_does_not_wait_for_a_raise_that_waits_itself(scopes: Scopes) -> None:
    """A program's lapses; a person's stands, for they have seen what they wait for."""
    await a_spender(scopes)
    more = {"kind": "budget_percent", "percent": "10"}
    raises = await make_rule(scopes, a_definition(_spent(), more), enabled=True)
    await evaluated(scopes, raises)
    async with scopes() as scope:
        await scope.session.execute(update(AutopilotAction).values(state="held"))
    stops = await make_rule(scopes, enabled=True, cooldown_hours=1)
    async with scopes() as scope:
        await scope.session.execute(update(AutopilotAction).values(origin="person"))
    assert (await evaluated(scopes, stops)).idle_by_reason == {"waiting": 1}
    async with scopes() as scope:
        await scope.session.execute(update(AutopilotAction).values(origin="rule"))
    assert (await evaluated(scopes, stops, later=timedelta(hours=1))).acted == 1
    raised, stopped = await actions_of(scopes)
    assert (raised.state, stopped.after) == ("expired", {"status": "paused"})


async def test_a_rule_starts_again_only_what_a_rule_has_stopped(scopes: Scopes) -> None:
    campaign = await a_spender(scopes)
    async with scopes() as scope:
        await scope.session.execute(update(Campaign).values(status="paused"))
    starts = await make_rule(scopes, a_definition(_spent(), {"kind": "enable"}), enabled=True)
    assert (await evaluated(scopes, starts)).idle_by_reason == {"not_by_a_rule": 1}
    async with scopes() as scope:
        await scope.session.execute(update(Campaign).values(status="active"))
    await evaluated(scopes, await make_rule(scopes, enabled=True, accept_conflicts=True))
    async with scopes() as scope:
        await scope.session.execute(update(Campaign).values(status="paused"))
        await scope.session.execute(
            update(AutopilotAction).values(
                state="verified", applied_at=scope.now() - timedelta(hours=1), origin="person"
            )
        )
        await permits_spent(scope)
        [pause] = await scope.session.scalars(select(AutopilotAction))
    by_us = await evaluated(scopes, starts, later=timedelta(minutes=30))
    assert by_us.idle_by_reason == {"not_by_a_rule": 1}, "a person's own pause, through us"
    async with scopes() as scope:
        await scope.session.execute(update(AutopilotAction).values(origin="rule"))
    assert (await evaluated(scopes, starts, later=timedelta(hours=1))).acted == 1
    async with scopes() as scope:
        await scope.session.execute(
            update(AutopilotAction).where(AutopilotAction.id != pause.id).values(state="dismissed")
        )
        await scope.session.execute(update(RuleFiring).values(fired_at=scope.now() - timedelta(days=9)))
        scope.session.add(
            PlatformEdit(
                ad_account_id=pause.ad_account_id,
                fingerprint="by hand",
                edited_at=scope.now(),
                entity_type="campaign",
                entity=pause.entity,
                event_type="update_campaign_run_status",
                by_others=True,
                detail={},
            )
        )
    assert (await evaluated(scopes, starts, later=timedelta(hours=2))).idle_by_reason == {"not_by_a_rule": 1}
    assert campaign == pause.campaign_id


async def test_what_is_immature_is_unknown_and_never_fires(scopes: Scopes) -> None:
    await a_spender(scopes, conversions=0, maturity="0.3")
    rule = await make_rule(scopes, a_definition(CONVERTED), enabled=True)
    found = await evaluated(scopes, rule)
    assert (found.held, found.unknown_by_reason, await actions_of(scopes)) == (0, {"immature": 1}, [])
    [example] = found.unknown_examples
    assert (example["campaign"], example["why"]) == ("Prospecting", "immature")
    # Nor does its opposite: what is not known is not false.
    denied = await make_rule(scopes, a_definition({"kind": "not", "of": CONVERTED}), enabled=True)
    assert (await evaluated(scopes, denied)).unknown_by_reason == {"immature": 1}


async def test_labels_and_notifications_need_no_gate(scopes: Scopes) -> None:
    campaign = await a_spender(scopes)
    async with scopes() as scope:
        label = (await Labels(scope).create("Dear")).label.id
    actions = [{"kind": "label", "label_id": str(label)}, {"kind": "notify", "message": "Look at it."}]
    rule = await make_rule(
        scopes, a_definition(_spent(), *actions), name="Label it", enabled=True, cooldown_hours=1
    )
    await evaluated(scopes, rule)
    async with scopes() as scope:
        [link] = (await scope.session.scalars(select(CampaignLabelLink))).all()
        [told] = (await scope.session.scalars(select(Notification))).all()
    assert (link.campaign_id, await actions_of(scopes)) == (campaign, [])
    assert (told.kind, told.subject_id, told.facts["campaigns"]) == ("rule_held", rule.id, "Prospecting")
    async with scopes() as scope:
        await scope.session.execute(update(RuleFiring).values(fired_at=scope.now() - timedelta(hours=3)))
    again = await evaluated(scopes, rule, later=timedelta(hours=2))
    assert (again.acted, again.idle_by_reason) == (0, {"stands": 1})


async def test_a_label_that_was_deleted_fails_nothing_else(scopes: Scopes) -> None:
    await a_spender(scopes)
    async with scopes() as scope:
        label = (await Labels(scope).create("Dear")).label.id
    rule = await make_rule(
        scopes,
        a_definition(_spent(), {"kind": "label", "label_id": str(label)}, {"kind": "pause"}),
        enabled=True,
    )
    async with scopes() as scope:
        await Labels(scope).delete(label)
    found = await evaluated(scopes, rule)
    assert found.acted == 1
    async with scopes() as scope:
        [firing] = (await scope.session.scalars(select(RuleFiring))).all()
    assert [(each["kind"], each["idle"]) for each in firing.steps] == [("label", "no_label"), ("pause", None)]


async def test_what_is_due_is_handed_over_once_and_planned_anew(scopes: Scopes) -> None:
    rule = await make_rule(scopes, enabled=True)
    resting = await make_rule(scopes)
    async with scopes() as scope:
        passed = scope.now() - timedelta(days=3)
        await scope.session.execute(update(Rule).where(Rule.id == rule.id).values(next_run_at=passed))
    for expected in (1, 0):
        async with scopes() as scope:
            assert await RuleRuns(scope).begin_due() == expected
    async with scopes() as scope:
        messages = await scope.session.scalars(
            select(OutboxMessage).where(OutboxMessage.name == "rules.evaluate")
        )
        assert [each.payload["rule_id"] for each in messages] == [str(rule.id)]
        again = await scope.session.get_one(Rule, (scope.tenant_id, rule.id))
        off = await scope.session.get_one(Rule, (scope.tenant_id, resting.id))
        assert again.next_run_at is not None
        assert again.next_run_at > scope.now()
        assert off.next_run_at is None


async def test_a_rule_that_was_switched_off_meanwhile_does_nothing(scopes: Scopes) -> None:
    await a_spender(scopes)
    rule = await make_rule(scopes)
    async with scopes() as scope:
        due = scope.now()
    assert await RuleEvaluating(scopes).evaluate(rule.id, due) is None
    assert await actions_of(scopes) == []


async def test_old_evaluations_are_forgotten(scopes: Scopes) -> None:
    await a_spender(scopes)
    old, new = await make_rule(scopes, enabled=True), await make_rule(scopes, enabled=True)
    await evaluated(scopes, old)
    kept = await evaluated(scopes, new)
    async with scopes() as scope:
        await scope.session.execute(
            update(RuleEvaluation)
            .where(RuleEvaluation.rule_id == old.id)
            .values(evaluated_at=scope.now() - timedelta(days=181))
        )
        await RuleRuns(scope).forget_old()
    async with scopes() as scope:
        assert list(await scope.session.scalars(select(RuleEvaluation.id))) == [kept.id]


def _spent() -> dict[str, Any]:
    than = {"kind": "money", "micros": 50 * UNIT, "currency": "USD"}
    return {"kind": "metric", "metric": "spend", "window": YESTERDAY, "op": "more_than", "than": than}
