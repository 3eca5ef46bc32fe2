"""Strategies: what is set is kept, and a run tells what it found of every campaign."""

from uuid import UUID

from sqlalchemy import Integer, cast, func, update

from app.auth.permissions import Role
from app.core.ids import uuid7
from app.models.autopilot.actions import AutopilotAction
from app.models.campaigns import Campaign
from app.models.campaigns.metrics import CampaignMetricsDay
from app.models.integrations.ad_accounts import PlatformEdit
from app.services.autopilot.enforcement.service import EnforcementService
from app.services.autopilot.recommendations.service import RecommendationService
from tests.factories.access import Company
from tests.factories.autopilot import permits_spent
from tests.factories.strategies import add_campaign, steered_account
from tests.factories.trust import make_account, trusted

URL = "/api/v1/autopilot/strategies"


async def test_a_strategy_is_off_until_somebody_switches_it_on(acme: Company) -> None:
    found = (await acme.client().get(URL)).json()
    assert {each["name"]: each["enabled"] for each in found} == dict.fromkeys(
        ("performance_scaling", "reallocation", "budget_pacing", "status_management", "ad_fatigue"), False
    )


async def test_settings_are_kept_and_bounded(acme: Company) -> None:
    manager = acme.client(Role.MANAGER)
    changed = await manager.patch(
        f"{URL}/performance_scaling", json={"enabled": True, "config": {"target_roas": 3.0}}
    )
    assert (changed.json()["enabled"], changed.json()["config"]["target_roas"]) == (True, 3.0)
    assert changed.json()["config"]["raise_step"] == 0.15
    assert (
        await manager.patch(f"{URL}/performance_scaling", json={"config": {"raise_step": 0.5}})
    ).status_code == 422
    assert (await manager.get(f"{URL}/magic")).status_code == 404


async def test_a_setting_of_nothing_is_refused_by_its_name(acme: Company) -> None:
    manager = acme.client(Role.MANAGER)
    for strategy, name in (("budget_pacing", "budgets"), ("performance_scaling", "raise_step")):
        answer = await manager.patch(f"{URL}/{strategy}", json={"config": {name: None}})
        assert (answer.status_code, answer.json()["code"]) == (422, "autopilot.strategies.bad_setting")
        assert name in answer.text


async def test_a_run_tells_what_it_found_and_proposes_through_the_gate(acme: Company) -> None:
    await make_account(acme.scopes)
    run = (await acme.client(Role.MANAGER).post(f"{URL}/performance_scaling/run")).json()["considered"]
    assert len(run) == 1
    assert run[0]["sentence"]
    if run[0]["action_id"]:
        action = (await acme.client().get(f"/api/v1/autopilot/actions/{run[0]['action_id']}")).json()
        assert (action["strategy"], action["origin"]) == ("performance_scaling", "autopilot")
        assert action["decision_id"] is not None


async def test_a_setting_of_another_strategy_is_refused(acme: Company) -> None:
    manager = acme.client(Role.MANAGER)
    answer = await manager.patch(f"{URL}/ad_fatigue", json={"config": {"target_roas": 2.0}})
    assert (answer.status_code, answer.json()["code"]) == (422, "autopilot.strategies.bad_setting")
    kept = await manager.patch(f"{URL}/ad_fatigue", json={"config": {"least_fall": 0.3}})
    assert kept.json()["config"] == {"window_days": 28, "least_fall": 0.3, "minimum_clicks": 500}
    assert kept.json()["only_advises"] is True


async def test_an_accounts_month_is_paced_by_its_budget(acme: Company) -> None:
    account = await make_account(acme.scopes)
    await trusted(acme.scopes, account.id)
    manager = acme.client(Role.MANAGER)
    budgets = {str(account.id): 10**15}
    changed = await manager.patch(f"{URL}/budget_pacing", json={"config": {"budgets": budgets}})
    assert changed.json()["config"]["budgets"] == budgets
    assert (
        await manager.patch(f"{URL}/budget_pacing", json={"config": {"budgets": {str(uuid7()): 10**6}}})
    ).status_code == 422
    async with acme.scopes() as scope:
        await EnforcementService(scope).set_limits({"level": 1})
    run = (await manager.post(f"{URL}/budget_pacing/run")).json()["considered"]
    assert [(each["why"], each["budget_micros"]) for each in run] == [("behind", 120_000_000)]
    assert run[0]["effect"]["spend_micros"] == 20_000_000
    action = (await acme.client().get(f"/api/v1/autopilot/actions/{run[0]['action_id']}")).json()
    assert (action["justified_by"], action["state"]) == (["freshness"], "approved")
    again = (await manager.post(f"{URL}/budget_pacing/run")).json()["considered"]
    assert again[0]["action_id"] is None
    await manager.patch(f"{URL}/budget_pacing", json={"config": {"budgets": {str(account.id): 10**6}}})
    async with acme.scopes() as scope:
        await scope.session.execute(update(AutopilotAction).values(state="expired"))
    cut = (await manager.post(f"{URL}/budget_pacing/run")).json()["considered"]
    action = (await acme.client().get(f"/api/v1/autopilot/actions/{cut[0]['action_id']}")).json()
    assert (action["spend_only"], action["after"]) == (True, {"daily_budget_micros": 80_000_000})


async def test_what_wastes_is_paused_and_enabled_again_when_its_days_were_others(acme: Company) -> None:
    steered = await steered_account(acme.scopes)
    idle = await add_campaign(
        acme.scopes, steered.account_id, budget=50, spends=[50.0] * 40, value=lambda _: 0.0, name="Idle"
    )
    manager = acme.client(Role.MANAGER)
    run = (await manager.post(f"{URL}/status_management/run")).json()["considered"]
    paused = next(each for each in run if each["campaign_id"] == str(idle))
    assert (paused["why"], paused["state"]) == ("wastes", "approved")
    assert paused["effect"]["spend_micros"] == -50_000_000
    assert [each["why"] for each in run if each is not paused] == ["earns", "earns"]
    async with acme.scopes() as scope:
        values = {"state": "verified", "applied_at": scope.now()}
        await scope.session.execute(update(AutopilotAction).values(**values))
        await permits_spent(scope)
        await scope.session.execute(update(Campaign).where(Campaign.id == idle).values(status="paused"))
    assert await why_of(acme, idle) == "stays_paused"
    async with acme.scopes() as scope:
        restated = {"conversion_value_micros": 100_000_000, "conversions": 2}
        mine = CampaignMetricsDay.campaign_id == idle
        await scope.session.execute(update(CampaignMetricsDay).where(mine).values(**restated))
    assert await why_of(acme, idle) == "restated"
    async with acme.scopes() as scope:
        campaign = await scope.session.get_one(Campaign, (scope.tenant_id, idle))
        edit = PlatformEdit(
            ad_account_id=campaign.ad_account_id,
            fingerprint=uuid7().hex,
            edited_at=scope.now(),
            entity_type="campaign",
            entity=campaign.external_id,
            event_type="update_campaign_run_status",
            by_others=True,
            detail={},
        )
        scope.session.add(edit)
    assert await why_of(acme, idle) == "not_ours"


async def test_what_somebody_else_touched_is_not_enabled(acme: Company) -> None:
    steered = await steered_account(acme.scopes)
    paused = await add_campaign(
        acme.scopes,
        steered.account_id,
        budget=50,
        spends=[50.0] * 40,
        value=lambda spend: 9 * spend,
        status="paused",
    )
    assert await why_of(acme, paused) == "not_ours"


async def why_of(company: Company, campaign: UUID) -> str:
    run = (await company.client(Role.MANAGER).post(f"{URL}/status_management/run")).json()["considered"]
    found: str = next(each["why"] for each in run if each["campaign_id"] == str(campaign))
    return found


async def test_tired_ads_are_told_of_and_nothing_is_changed(acme: Company) -> None:
    account = await make_account(acme.scopes)
    async with acme.scopes() as scope:
        day = CampaignMetricsDay
        age = cast(func.current_date() - day.day, Integer)
        await scope.session.execute(
            update(day).where(day.campaign_id == account.campaign_id).values(clicks=300 + 10 * age)
        )
    run = (await acme.client(Role.MANAGER).post(f"{URL}/ad_fatigue/run")).json()["considered"]
    assert [(each["why"], each["recommended"], each["action_id"]) for each in run] == [("tired", True, None)]
    async with acme.scopes() as scope:
        await RecommendationService(scope).refresh()
    found = (await acme.client().get("/api/v1/autopilot/recommendations")).json()["items"]
    told = next(each for each in found if each["strategy"] == "ad_fatigue")
    assert told["changes"] == []
    said = {"version": told["version"]}
    refused = await acme.client().post(f"/api/v1/autopilot/recommendations/{told['id']}/accept", json=said)
    assert refused.json()["code"] == "autopilot.recommendations.nothing_to_accept"
