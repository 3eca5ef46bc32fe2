"""The gate over the wire: what it would decide, and what it did."""

from app.auth.permissions import Role
from app.models.trust_engine.kinds import Origin
from app.services.trust_engine.gate.service import Ask, GateService, Proposal
from tests.factories.access import Company
from tests.factories.trust import BUDGET, Account, make_account, trusted

URL = "/api/v1/trust/gate"


async def _decided(company: Company, account: Account) -> str:
    async with company.scopes() as scope:
        decision = await GateService(scope).decide(
            Proposal(
                change=account.raise_by(10),
                ad_account_id=account.id,
                ask=Ask(origin=Origin.AUTOPILOT, actor="autopilot"),
            )
        )
        return str(decision.id)


async def test_a_raise_without_health_would_be_blocked_and_a_pause_would_pass(acme: Company) -> None:
    account = await make_account(acme.scopes)
    body = {"ad_account_id": str(account.id), "entity_id": "c1"}
    raised = await acme.client().post(
        f"{URL}/check", json={**body, "daily_budget_micros": [BUDGET, BUDGET * 2]}
    )
    assert raised.status_code == 200
    assert (raised.json()["result"], raised.json()["kind"]) == ("BLOCK", "increase_budget")
    assert raised.json()["entity_name"] == "Prospecting"
    paused = (await acme.client().post(f"{URL}/check", json={**body, "status": ["active", "paused"]})).json()
    assert (paused["result"], paused["risk_class"], paused["id"]) == ("PASS", "safety", None)
    assert (await acme.client().get(f"{URL}/decisions")).json()["items"] == []


async def test_a_decision_is_listed_and_explained(acme: Company) -> None:
    account = await make_account(acme.scopes)
    ids = [await _decided(acme, account) for _ in range(3)]
    first = (await acme.client().get(f"{URL}/decisions", params={"limit": 2})).json()
    rest = (await acme.client().get(f"{URL}/decisions", params={"cursor": first["next_cursor"]})).json()
    assert [each["id"] for each in first["items"] + rest["items"]] == ids[::-1]
    found = (await acme.client(Role.VIEWER).get(f"{URL}/decisions/{ids[0]}")).json()
    assert (found["result"], found["sequence"], found["decider_version"]) == ("BLOCK", 1, "gate/5")
    assert found["currency"] == found["inputs"]["platform"]["account_currency"] == "USD"
    assert found["reasons"][0]["message"] == "There is no signal health for this account."
    assert found["inputs"]["change"]["after"] == found["after"] == {"daily_budget_micros": 110_000_000}
    only = (await acme.client().get(f"{URL}/decisions", params={"result": "PASS"})).json()
    assert only["items"] == []


async def test_decisions_of_a_class_are_found_page_by_page(acme: Company) -> None:
    account = await make_account(acme.scopes)
    first = await _decided(acme, account)
    async with acme.scopes() as scope:
        pause = Proposal(
            change=account.pause(), ad_account_id=account.id, ask=Ask(origin=Origin.PERSON, actor="Ada")
        )
        stopped = await GateService(scope).decide(pause)
    last = await _decided(acme, account)
    asked: dict[str, str | int] = {"risk_class": "high", "limit": 1}
    page = (await acme.client().get(f"{URL}/decisions", params=asked)).json()
    rest = (
        await acme.client().get(f"{URL}/decisions", params={**asked, "cursor": page["next_cursor"]})
    ).json()
    assert [each["id"] for each in page["items"] + rest["items"]] == [last, first]
    safety = {"risk_class": "safety", "result": "PASS", "ad_account_id": str(account.id)}
    found = (await acme.client().get(f"{URL}/decisions", params=safety)).json()
    assert ([each["id"] for each in found["items"]], found["next_cursor"]) == ([str(stopped.id)], None)
    assert (await acme.client().get(f"{URL}/decisions", params={"risk_class": "cut"})).json()["items"] == []


async def test_another_tenants_decision_and_account_do_not_exist(acme: Company, globex: Company) -> None:
    account = await make_account(acme.scopes)
    decision = await _decided(acme, account)
    assert (await globex.client().get(f"{URL}/decisions/{decision}")).status_code == 404
    body = {"ad_account_id": str(account.id), "entity_id": "c1", "status": ["active", "paused"]}
    assert (await globex.client().post(f"{URL}/check", json=body)).status_code == 404


async def test_a_trial_meets_the_limits_that_the_real_change_would_meet(acme: Company) -> None:
    account = await make_account(acme.scopes)
    await trusted(acme.scopes, account.id)
    body = {
        "ad_account_id": str(account.id),
        "entity_id": "c1",
        "daily_budget_micros": [BUDGET, BUDGET * 12 // 10],
    }
    assert (await acme.client().post(f"{URL}/check", json=body)).json()["result"] == "PASS"
    limit = {"mode": "hard_block", "max_campaign_budget_micros": BUDGET}
    await acme.client().put("/api/v1/autopilot/enforcement", json=limit)
    tried = (await acme.client().post(f"{URL}/check", json=body)).json()
    assert tried["result"] == "BLOCK"
    assert tried["reasons"][0]["detail"] == {"verdict": "BLOCK", "violation": "budget_exceeded"}
    interventions = (await acme.client().get("/api/v1/autopilot/interventions")).json()["items"]
    assert interventions == []
