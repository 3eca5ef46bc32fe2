"""What the caps are held against: our own changes, other people's edits, and what was given back."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, select

from app.core.ids import uuid7
from app.db.session import Scopes
from app.models.autopilot.actions import AutopilotPlan
from app.models.campaigns import AdSet, Campaign
from app.models.campaigns.metrics import CampaignMetricsDay
from app.models.integrations.ad_accounts import PlatformEdit
from app.services.autopilot.actions.activity import ActivityReader, Seen
from app.services.autopilot.actions.service import AutopilotActions
from app.services.trust_engine.gate.service import Limits
from tests.factories.autopilot import Target, approved_action
from tests.factories.trust import BUDGET, UNIT, Account, make_account

HOUR = timedelta(hours=1)


@pytest.fixture
async def account(scopes: Scopes) -> Account:
    return await make_account(scopes, with_orders=False)


async def changed(
    scopes: Scopes, account: Account, before: int, after: int, *, ago: timedelta, **columns: Any
) -> UUID:
    """A change of ours that the platform has held since then."""
    async with scopes() as scope:
        now = scope.now()
    return await approved_action(
        scopes,
        Target(account.id, account.campaign_id, before),
        after,
        **{"entity": "c1", "state": "verified", "applied_at": now - ago, **columns},
    )


async def edited_elsewhere(scopes: Scopes, account: Account, *, ago: timedelta) -> None:
    async with scopes() as scope:
        scope.session.add(
            PlatformEdit(
                ad_account_id=account.id,
                fingerprint=uuid7().hex,
                edited_at=scope.now() - ago,
                entity_type="campaign",
                entity="c1",
                event_type="update_campaign_budget",
                actor_name="Robin Vance",
                by_others=True,
                detail={},
            )
        )


async def seen(scopes: Scopes, account: Account, *, wanting: int = 100) -> Seen:
    """As the next change of the campaign, to that budget, would see it."""
    wanted = await approved_action(
        scopes, Target(account.id, account.campaign_id, BUDGET), wanting, entity="c1"
    )
    async with scopes() as scope:
        action = await AutopilotActions(scope).get(wanted)
        return await ActivityReader(scope).read(action, Limits(min_hours_between=4))


async def test_a_quiet_entity_has_no_past(scopes: Scopes, account: Account) -> None:
    found = await seen(scopes, account)
    assert (found.activity.changes_24h, found.activity.last_change_at) == (0, None)
    assert (found.restores_micros, found.untouched_since) == (None, True)


async def test_edits_from_elsewhere_consume_limits_and_start_cooldowns(
    scopes: Scopes, account: Account
) -> None:
    await changed(scopes, account, BUDGET, BUDGET + 1, ago=5 * HOUR)
    await edited_elsewhere(scopes, account, ago=2 * HOUR)
    await edited_elsewhere(scopes, account, ago=25 * HOUR)
    found = await seen(scopes, account)
    assert found.activity.changes_24h == 2
    assert found.activity.last_change_at is not None
    async with scopes() as scope:
        age = scope.now() - found.activity.last_change_at
    assert HOUR < age < 3 * HOUR
    assert not found.untouched_since


async def test_an_edit_from_before_our_own_write_is_known_to_us(scopes: Scopes, account: Account) -> None:
    await edited_elsewhere(scopes, account, ago=5 * HOUR)
    await changed(scopes, account, BUDGET, BUDGET + 1, ago=2 * HOUR)
    assert (await seen(scopes, account)).untouched_since


async def test_the_days_raises_of_the_whole_account_are_summed_and_cuts_are_none(
    scopes: Scopes, account: Account
) -> None:
    await changed(scopes, account, 100, 130, ago=HOUR)
    await changed(scopes, account, 200, 250, ago=2 * HOUR, entity="c2")
    await changed(scopes, account, 500, 100, ago=3 * HOUR, entity="c3")
    await changed(scopes, account, 100, 900, ago=25 * HOUR)
    assert (await seen(scopes, account)).activity.account_raised_24h_micros == 80


async def test_the_lowest_budget_of_the_day_and_where_it_began(scopes: Scopes, account: Account) -> None:
    await changed(scopes, account, 100, 70, ago=5 * HOUR)
    await changed(scopes, account, 70, 120, ago=HOUR)
    found = (await seen(scopes, account)).activity
    assert (found.lowest_24h_micros, found.budget_24h_ago_micros) == (70, 100)


async def test_our_last_cut_can_be_given_back_and_one_before_a_raise_cannot(
    scopes: Scopes, account: Account
) -> None:
    await changed(scopes, account, 100, 70, ago=5 * HOUR)
    assert (await seen(scopes, account)).restores_micros == 100
    await changed(scopes, account, 70, 80, ago=HOUR)
    assert (await seen(scopes, account)).restores_micros is None


async def test_a_raise_past_what_our_cut_took_gives_nothing_back(scopes: Scopes, account: Account) -> None:
    """Or a small cut would open the way past every limit of pace and return."""
    await changed(scopes, account, 100, 99, ago=HOUR)
    assert (await seen(scopes, account, wanting=100)).restores_micros == 100
    assert (await seen(scopes, account, wanting=101)).restores_micros is None


async def test_what_was_rolled_back_is_no_cut_to_be_given_back(scopes: Scopes, account: Account) -> None:
    """Its raise did harm: to do it again is a new decision, after the cooldown, on good signals."""
    raised = await changed(scopes, account, 70, 80, ago=5 * HOUR, state="rolled_back")
    await changed(scopes, account, 80, 70, ago=HOUR, rollback_of=raised)
    assert (await seen(scopes, account, wanting=80)).restores_micros is None


async def test_a_rollback_doubles_the_cooldown(scopes: Scopes, account: Account) -> None:
    async with scopes() as scope:
        ended = scope.now() - HOUR
    await changed(scopes, account, 100, 130, ago=30 * HOUR, state="rolled_back", ended_at=ended)
    assert (await seen(scopes, account)).activity.cooldown_until == ended + 8 * HOUR


async def test_the_usual_day_is_the_middle_of_those_that_spent(scopes: Scopes, account: Account) -> None:
    """Of today, which is not over, and of an account that is new, nothing is taken for usual."""
    found = await seen(scopes, account)
    assert found.activity.usual_daily_micros == 90 * UNIT
    assert found.activity.usual_daily_conversions == pytest.approx(60, abs=1)
    async with scopes() as scope:
        kept = select(CampaignMetricsDay.day).order_by(CampaignMetricsDay.day.desc()).limit(14)
        await scope.session.execute(delete(CampaignMetricsDay).where(CampaignMetricsDay.day.not_in(kept)))
    found = await seen(scopes, account, wanting=101)
    assert (found.activity.usual_daily_micros, found.activity.usual_daily_conversions) == (None, None)


async def test_budgets_of_ad_sets_count_among_the_accounts_others(scopes: Scopes, account: Account) -> None:
    """Or an account whose money is set below its campaigns would have a cap for each ad set, and none in all."""
    async with scopes() as scope:
        now = scope.now()
        shared = {
            "ad_account_id": account.id, "platform": "meta", "status": "active", "effective_status": "active",
            "currency": "USD", "synced_at": now,
        }  # fmt: skip
        other = Campaign(id=uuid7(), external_id="c2", name="Other", budget_level="ad_set", **shared)
        scope.session.add(other)
        await scope.session.flush()
        for external_id, status, gone in (
            ("s1", "active", False),
            ("s2", "active", False),
            ("s3", "paused", False),
            ("s4", "active", True),
        ):
            scope.session.add(
                AdSet(
                    campaign_id=other.id,
                    external_id=external_id,
                    name=external_id,
                    status=status,
                    effective_status=status,
                    currency="USD",
                    synced_at=now,
                    gone=gone,
                    daily_budget_micros=40 * UNIT,
                )
            )
    assert (await seen(scopes, account)).activity.others_daily_micros == 80 * UNIT
    wanted = await approved_action(scopes, Target(account.id, other.id, BUDGET), 101, entity="s1")
    async with scopes() as scope:
        action = await AutopilotActions(scope).get(wanted)
        found = await ActivityReader(scope).read(action, Limits())
    # The campaign that the account has of its own, and the other ad set.
    assert found.activity.others_daily_micros == BUDGET + 40 * UNIT


async def test_what_has_passed_and_is_not_there_yet_counts_among_the_days_raises(
    scopes: Scopes, account: Account
) -> None:
    """Or a hundred that are asked for at once would each be the first."""
    await changed(scopes, account, 200, 250, ago=HOUR, entity="c2", state="approved", applied_at=None)
    await changed(scopes, account, 300, 200, ago=HOUR, entity="c3", state="approved", applied_at=None)
    await changed(scopes, account, 100, 900, ago=HOUR, entity="c4", state="held", applied_at=None)
    found = (await seen(scopes, account)).activity
    assert (found.account_raised_24h_micros, found.others_daily_micros) == (50, 50)


async def test_what_was_cut_to_be_spent_elsewhere_is_not_given_back(scopes: Scopes, account: Account) -> None:
    plan = uuid7()
    async with scopes() as scope:
        now = scope.now()
        scope.session.add(
            AutopilotPlan(
                id=plan,
                ad_account_id=account.id,
                strategy="reallocation",
                idempotency_key=plan.hex,
                state="ended",
                raises=[],
                made_at=now,
                expires_at=now,
            )
        )
    await changed(scopes, account, 100, 70, ago=HOUR, plan_id=plan)
    assert (await seen(scopes, account)).restores_micros is None


async def test_what_we_stopped_and_start_again_is_given_back_and_raises_nothing(
    scopes: Scopes, account: Account
) -> None:
    target = Target(account.id, account.campaign_id, BUDGET)
    async with scopes() as scope:
        now = scope.now()

    async def turned(to: str, was: str, **columns: Any) -> UUID:
        its = {"entity": "c1", "operation": "set_status", "before": {"status": was}, "after": {"status": to}}
        return await approved_action(scopes, target, 0, **its, **columns)

    async def turned_ago(to: str, was: str, ago: timedelta) -> None:
        await turned(to, was, state="verified", applied_at=now - ago)

    wanted = await turned("active", "paused")

    async def reads() -> tuple[int | None, int]:
        async with scopes() as scope:
            action = await AutopilotActions(scope).get(wanted)
            found = await ActivityReader(scope).read(action, Limits())
        assert found.activity.own_daily_micros == BUDGET
        return found.restores_micros, found.activity.account_raised_24h_micros

    assert await reads() == (None, 0)
    await turned_ago("paused", "active", 14 * HOUR)
    assert await reads() == (BUDGET, 0)
    await turned_ago("active", "paused", 5 * HOUR)
    assert await reads() == (None, 0), "what is given back already"
    await turned_ago("active", "paused", 2 * HOUR)
    assert await reads() == (None, BUDGET), "one that nothing of ours had stopped"


async def test_what_starts_raises_by_its_budget_wherever_that_stands(
    scopes: Scopes, account: Account
) -> None:
    """A campaign's own, or those of what runs below it; one of them that is not known makes it unknown."""
    async with scopes() as scope:
        now = scope.now()
        shared = {
            "ad_account_id": account.id, "platform": "meta", "status": "paused", "effective_status": "paused",
            "currency": "USD", "synced_at": now - timedelta(hours=2),
        }  # fmt: skip
        whole = Campaign(
            id=uuid7(),
            external_id="c2",
            name="Own",
            budget_level="campaign",
            lifetime_budget_micros=70,
            **shared,
        )
        below = Campaign(id=uuid7(), external_id="c3", name="Below", budget_level="ad_set", **shared)
        dark = Campaign(id=uuid7(), external_id="c4", name="Dark", budget_level="ad_set", **shared)
        scope.session.add_all([whole, below, dark])
        await scope.session.flush()
        for campaign, external_id, set_to, budget in (
            (below, "s1", "active", 30),
            (below, "s2", "active", 10),
            (below, "s3", "paused", 500),
            (dark, "s4", "active", 30),
            (dark, "s5", "active", None),
            (whole, "s6", "paused", None),
        ):
            scope.session.add(
                AdSet(
                    campaign_id=campaign.id,
                    external_id=external_id,
                    name=external_id,
                    status=set_to,
                    effective_status=set_to,
                    currency="USD",
                    synced_at=now,
                    daily_budget_micros=budget,
                )
            )
    found = {}
    for entity in ("c2", "c3", "c4", "s3", "s5", "s6", "nowhere"):
        found[entity] = (await starting(scopes, account, entity)).activity.own_daily_micros
    assert found == {"c2": 70, "c3": 40, "c4": None, "s3": 500, "s5": None, "s6": 0, "nowhere": None}
    # One is on its way, one came there after the account was read, one was read since, one waits for a person.
    for entity, state, applied_at in (
        ("c2", "approved", None),
        ("c3", "verified", now - HOUR),
        ("s3", "verified", now - HOUR),
        ("s1", "held", None),
    ):
        await approved_action(
            scopes,
            Target(account.id, account.campaign_id, BUDGET),
            BUDGET,
            entity=entity,
            state=state,
            applied_at=applied_at,
            operation="set_status",
            before={"status": "paused"},
            after={"status": "active"},
        )
    activity = (await seen(scopes, account)).activity
    assert (activity.account_raised_24h_micros, activity.others_daily_micros) == (610, 110)


async def starting(scopes: Scopes, account: Account, entity: str) -> Seen:
    wanted = await approved_action(
        scopes,
        Target(account.id, account.campaign_id, BUDGET),
        BUDGET,
        entity=entity,
        state="proposed",
        before={"status": "paused"},
        after={"status": "active"},
    )
    async with scopes() as scope:
        return await ActivityReader(scope).read(await AutopilotActions(scope).get(wanted), Limits())
