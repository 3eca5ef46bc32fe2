"""What strategies would do, and what becomes of a person's yes or no: never past the gate."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx2 import AsyncClient
from sqlalchemy import update

from app.auth.permissions import Role
from app.db.session import Scopes
from app.models.autopilot.recommendations import AutopilotRecommendation
from app.models.campaigns import Campaign
from app.services.autopilot.actions.service import AutopilotActions
from app.services.autopilot.recommendations.service import RecommendationService
from app.services.autopilot.strategies.running import StrategyRuns
from app.services.trust_engine.gate.service import GateService, read_entry
from tests.factories.access import Company
from tests.factories.strategies import UNIT, Steered, add_campaign, steered_account
from tests.factories.trust import make_account, trusted

URL = "/api/v1/autopilot/recommendations"


async def refreshed(company: Company) -> list[dict[str, Any]]:
    """What is open after the clock asked every strategy."""
    async with company.scopes() as scope:
        await RecommendationService(scope).refresh()
    return await opened(company)


async def opened(company: Company) -> list[dict[str, Any]]:
    found = (await company.client().get(URL, params={"state": "open"})).json()["items"]
    return [each for each in found if each["state"] == "open"]


async def a_winner(company: Company) -> UUID:
    """A campaign whose return is surely above target."""
    account = await make_account(company.scopes)
    await trusted(company.scopes, account.id)
    return account.campaign_id


async def of(company: Company, strategy: str) -> dict[str, Any]:
    found = [each for each in await refreshed(company) if each["strategy"] == strategy]
    assert len(found) == 1
    return found[0]


async def test_what_scaling_would_do_stands_with_what_it_read_and_expects(acme: Company) -> None:
    campaign = await a_winner(acme)
    told = await of(acme, "performance_scaling")
    assert told["campaign_id"] == str(campaign)
    assert told["changes"][0]["after"] == {"daily_budget_micros": 115 * UNIT}
    assert told["effect"]["spend_micros"] == 15 * UNIT
    assert told["effect"]["value_micros"] is None
    assert 0 == told["effect"]["value_low_micros"] < told["effect"]["value_high_micros"]
    assert told["evidence"]["campaigns"][0]["roas"] > 2
    assert "surely above target" in told["sentence"]


async def test_a_yes_is_an_action_under_the_persons_name(acme: Company) -> None:
    await a_winner(acme)
    told = await of(acme, "performance_scaling")
    answer = (
        await acme.client(Role.MANAGER).post(f"{URL}/{told['id']}/accept", json={"version": told["version"]})
    ).json()
    action = answer["actions"][0]
    assert answer["recommendation"]["state"] == "accepted"
    assert answer["recommendation"]["action_ids"] == [action["id"]]
    assert (action["strategy"], action["origin"]) == ("performance_scaling", "autopilot")
    assert action["approved_by"] == action["requested_label"] == answer["recommendation"]["ended_by"]
    async with acme.scopes() as scope:
        decision = await GateService(scope).decision(UUID(action["decision_id"]))
        facts, _ = read_entry(decision)
    assert facts.ask.approval is not None
    assert facts.ask.approval.by == action["approved_by"]
    again = await acme.client(Role.MANAGER).post(
        f"{URL}/{told['id']}/accept", json={"version": told["version"]}
    )
    assert (again.status_code, again.json()["code"]) == (409, "autopilot.recommendations.not_open")


async def test_a_yes_is_to_the_amounts_that_were_shown(acme: Company) -> None:
    """It is renewed each hour, under the same id."""
    await a_winner(acme)
    shown = await of(acme, "performance_scaling")
    async with acme.scopes() as scope:
        row = await scope.session.get_one(AutopilotRecommendation, (scope.tenant_id, UUID(shown["id"])))
        row.changes = [{**row.changes[0], "after": {"daily_budget_micros": 130 * UNIT}}]
    url = f"{URL}/{shown['id']}/accept"
    answer = await acme.client().post(url, json={"version": shown["version"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "autopilot.recommendations.changed")
    [now] = await opened(acme)
    assert (now["id"], now["version"] == shown["version"]) == (shown["id"], False)
    assert (await acme.client().post(url, json={})).status_code == 422


async def test_a_yes_does_not_lead_past_the_gate(acme: Company) -> None:
    campaign = await a_winner(acme)
    told = await of(acme, "performance_scaling")
    async with acme.scopes() as scope:
        account = (await scope.session.get_one(Campaign, (scope.tenant_id, campaign))).ad_account_id
    await trusted(acme.scopes, account, score=20.0)
    action = (
        await acme.client().post(f"{URL}/{told['id']}/accept", json={"version": told["version"]})
    ).json()["actions"][0]
    assert (action["state"], action["verdict"]) == ("blocked", "block")


async def test_what_changed_since_is_not_proposed(acme: Company) -> None:
    campaign = await a_winner(acme)
    told = await of(acme, "performance_scaling")
    async with acme.scopes() as scope:
        await scope.session.execute(
            update(Campaign).where(Campaign.id == campaign).values(daily_budget_micros=77 * UNIT)
        )
    answer = await acme.client().post(f"{URL}/{told['id']}/accept", json={"version": told["version"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "autopilot.recommendations.no_longer_holds")
    assert (await opened(acme))[0]["id"] == told["id"]


async def test_a_no_is_silence_for_a_week(acme: Company) -> None:
    await a_winner(acme)
    told = await of(acme, "performance_scaling")
    manager = acme.client(Role.MANAGER)
    dismissed = (await manager.post(f"{URL}/{told['id']}/dismiss", json={"reason": "Stock is low."})).json()
    assert (dismissed["state"], dismissed["note"]) == ("dismissed", "Stock is low.")
    assert await refreshed(acme) == []
    async with acme.scopes() as scope:
        earlier = scope.now() - timedelta(days=8)
        await scope.session.execute(update(AutopilotRecommendation).values(ended_at=earlier))
    assert len(await refreshed(acme)) == 1


async def test_it_is_renewed_while_it_holds_and_lapses_by_itself(acme: Company) -> None:
    campaign = await a_winner(acme)
    told = await of(acme, "performance_scaling")
    assert [each["id"] for each in await refreshed(acme)] == [told["id"]]
    async with acme.scopes() as scope:
        await scope.session.execute(update(Campaign).where(Campaign.id == campaign).values(status="paused"))
    assert await refreshed(acme) == []
    lapsed = (await acme.client().get(f"{URL}/{told['id']}")).json()
    assert (lapsed["state"], lapsed["note"]) == ("expired", "The figures no longer call for it.")


async def test_silence_expires_it(acme: Company) -> None:
    await a_winner(acme)
    told = await of(acme, "performance_scaling")
    async with acme.scopes() as scope:
        past = scope.now() - timedelta(minutes=1)
        await scope.session.execute(update(AutopilotRecommendation).values(expires_at=past))
        assert await RecommendationService(scope).expire() == 1
    assert (await acme.client().get(f"{URL}/{told['id']}")).json()["state"] == "expired"


@pytest.fixture
async def steered(scopes: Scopes) -> Steered:
    return await steered_account(scopes, level=0)


async def test_a_reallocation_is_one_recommendation_with_its_gain(acme: Company, steered: Steered) -> None:
    told = await of(acme, "reallocation")
    steps = {each["name"]: each["after"]["daily_budget_micros"] // UNIT for each in told["changes"]}
    assert told["campaign_id"] is None
    assert steps == {"Starved": 600, "Fed": 400}
    effect = told["effect"]
    assert effect["spend_micros"] == 0
    assert 0 < effect["value_low_micros"] < effect["value_micros"] < effect["value_high_micros"]
    assert "from Fed to Starved" in told["sentence"]


async def test_a_yes_to_a_reallocation_cuts_first_and_names_the_person_for_the_raise(
    acme: Company, steered: Steered
) -> None:
    told = await of(acme, "reallocation")
    answer = (
        await acme.client().post(
            f"{URL}/{told['id']}/accept", json={"version": told["version"], "reason": "Do it."}
        )
    ).json()
    assert [(each["entity_name"], each["state"]) for each in answer["actions"]] == [("Fed", "approved")]
    cut = answer["actions"][0]
    async with acme.scopes() as scope:
        action = await AutopilotActions(scope).locked(UUID(cut["id"]))
        action.state = "verified"
        await scope.session.execute(
            update(Campaign).where(Campaign.id == steered.fed).values(daily_budget_micros=400 * UNIT)
        )
    assert await StrategyRuns(acme.scopes).go_on_with_plans() == 1
    async with acme.scopes() as scope:
        found, _ = await AutopilotActions(scope).listed(campaign_id=steered.starved)
    assert [(each.state, each.approved_by) for each in found] == [("approved", cut["approved_by"])]
    assert found[0].after == {"daily_budget_micros": 600 * UNIT}


async def test_what_a_strategy_does_by_itself_is_not_recommended(acme: Company) -> None:
    steered = await steered_account(acme.scopes, level=1)
    manager = acme.client(Role.MANAGER)
    await manager.patch("/api/v1/autopilot/strategies/reallocation", json={"enabled": True})
    assert "reallocation" not in {each["strategy"] for each in await refreshed(acme)}
    run = (await manager.post("/api/v1/autopilot/strategies/reallocation/run")).json()["considered"]
    proposed = {each["campaign"]: each["state"] for each in run if each["action_id"]}
    assert proposed == {"Fed": "approved"}
    assert {each["campaign_id"] for each in run} == {str(steered.starved), str(steered.fed)}
    rests = (await manager.post("/api/v1/autopilot/strategies/reallocation/run")).json()["considered"]
    assert not any(each["action_id"] for each in rests)


async def test_at_level_0_a_run_recommends_and_proposes_nothing(acme: Company, steered: Steered) -> None:
    run = await acme.client().post("/api/v1/autopilot/strategies/reallocation/run")
    considered = run.json()["considered"]
    assert {each["recommended"] for each in considered} == {True}
    assert not any(each["action_id"] for each in considered)


async def test_a_key_cannot_say_yes(acme: Company, anonymous: AsyncClient) -> None:
    await a_winner(acme)
    told = await of(acme, "performance_scaling")
    key = await acme.client().post(
        "/api/v1/api-keys", json={"name": "Robot", "scopes": ["autopilot.recommendations:decide"]}
    )
    headers = {"X-API-Key": key.json()["key"]}
    answer = await anonymous.post(
        f"{URL}/{told['id']}/accept", json={"version": told["version"]}, headers=headers
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "autopilot.actions.person_needed")


async def test_a_viewer_reads_and_does_not_decide(acme: Company, globex: Company) -> None:
    await a_winner(acme)
    told = await of(acme, "performance_scaling")
    viewer = acme.client(Role.VIEWER)
    assert (await viewer.get(f"{URL}/{told['id']}")).status_code == 200
    assert (
        await viewer.post(f"{URL}/{told['id']}/accept", json={"version": told["version"]})
    ).status_code == 403
    assert (await globex.client().get(f"{URL}/{told['id']}")).status_code == 404
    assert (await globex.client().get(URL)).json()["items"] == []


async def test_only_what_is_about_an_account_of_ones_own_is_read(acme: Company, steered: Steered) -> None:
    """A campaign that has no daily budget of its own is nobody's to steer."""
    lonely = await add_campaign(
        acme.scopes, steered.account_id, budget=100, spends=[100.0] * 40, value=lambda spend: 5 * spend
    )
    async with acme.scopes() as scope:
        values = {"daily_budget_micros": None, "budget_level": "ad_set"}
        await scope.session.execute(update(Campaign).where(Campaign.id == lonely).values(**values))
    told = await refreshed(acme)
    assert str(lonely) not in {each["campaign_id"] for each in told}
