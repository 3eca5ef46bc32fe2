"""Rules over the wire: saved, previewed, backtested, held against each other, and their history."""

from typing import Any

import pytest
from httpx2 import AsyncClient

from app.auth.permissions import Role
from app.core.ids import uuid7
from tests.factories.access import Company
from tests.factories.rules import DAILY, SPENT, UNIT, a_definition, a_herd

URL = "/api/v1/rules"
ENABLE = {"kind": "enable"}


def a_body(**changes: Any) -> dict[str, Any]:
    return {"name": f"Rule {uuid7()}", "definition": a_definition(), "schedule": DAILY, **changes}


@pytest.fixture
def manager(acme: Company) -> AsyncClient:
    return acme.client(Role.MANAGER)


async def made(client: AsyncClient, **changes: Any) -> dict[str, Any]:
    answer = await client.post(URL, json=a_body(**changes))
    assert answer.status_code == 201, answer.text
    rule: dict[str, Any] = answer.json()
    return rule


async def a_spender(company: Company) -> str:
    async with company.scopes() as scope:
        herd = await a_herd(scope)
        campaign = await herd.campaign("Prospecting")
        await herd.told(campaign, 1, spend=90)
        await herd.told(await herd.campaign("Quiet"), 1, spend=5)
    return str(campaign)


async def test_a_rule_is_kept_found_changed_and_archived(manager: AsyncClient) -> None:
    rule = await made(manager, name="Too dear")
    assert (rule["state"], rule["version"], rule["next_run_at"]) == ("off", 1, None)
    assert rule["definition"]["minimum_maturity"] == "0.95"
    on = (await manager.patch(f"{URL}/{rule['id']}", json={"enabled": True})).json()
    assert (on["state"], on["version"]) == ("on", 1)
    assert on["next_run_at"] is not None
    other = a_definition(SPENT, {"kind": "notify"})
    assert (await manager.patch(f"{URL}/{rule['id']}", json={"definition": other})).json()["version"] == 2
    listed = (await manager.get(URL, params={"q": "dear"})).json()["items"]
    assert [each["id"] for each in listed] == [rule["id"]]
    assert (await manager.delete(f"{URL}/{rule['id']}")).status_code == 204
    assert (await manager.get(URL)).json()["items"] == []
    assert (await manager.get(f"{URL}/{rule['id']}")).json()["state"] == "archived"
    await made(manager, name="too dear")


async def test_a_name_is_one_rules(manager: AsyncClient) -> None:
    await made(manager, name="Too dear")
    answer = await manager.post(URL, json=a_body(name="TOO DEAR"))
    assert (answer.status_code, answer.json()["fields"][0]["field"]) == (409, "body.name")
    other = await made(manager)
    answer = await manager.patch(f"{URL}/{other['id']}", json={"name": "too dear"})
    assert (answer.status_code, answer.json()["code"]) == (409, "rules.name_taken")


@pytest.mark.parametrize(
    ("definition", "field", "said"),
    [
        (
            a_definition({**SPENT, "than": {"kind": "number", "value": "5"}}),
            "condition",
            "compare it with `money`",
        ),
        (a_definition({**SPENT, "window": None}), "condition", "name the days"),
        (a_definition(SPENT, {"kind": "pause"}, ENABLE), "actions", "make another rule of `enable`"),
        (a_definition({"kind": "label", "label_id": str(uuid7())}), "condition.label_id", "no such label"),
        (
            a_definition(scope={"ad_account_ids": [str(uuid7())]}),
            "scope.ad_account_ids.0",
            "no such ad account",
        ),
        (
            a_definition(SPENT, {"kind": "label", "label_id": str(uuid7())}),
            "actions.0.label_id",
            "no such label",
        ),
        (a_definition({"kind": "all", "of": [SPENT] * 21}), "condition", "20"),
    ],
)
async def test_a_fault_names_its_field_and_the_mend(
    manager: AsyncClient, definition: dict[str, Any], field: str, said: str
) -> None:
    answer = await manager.post(URL, json=a_body(definition=definition))
    assert answer.status_code == 422, answer.text
    [fault] = [each for each in answer.json()["fields"] if said in each["message"]]
    assert fault["field"].startswith(f"body.definition.{field}")


async def test_rules_that_collide_are_refused_with_an_example_until_that_is_accepted(
    manager: AsyncClient,
) -> None:
    stop = await made(manager, name="Stop", enabled=True)
    body = a_body(definition=a_definition(SPENT, ENABLE), name="Start")
    refused = await manager.post(URL, json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "rules.collide")
    [fault] = refused.json()["fields"]
    assert fault["field"] == "body.definition.condition"
    assert "“Stop”" in fault["message"]
    assert "USD" in fault["message"]
    told = (await manager.post(f"{URL}/conflicts", json={"definition": body["definition"]})).json()[
        "conflicts"
    ]
    assert [(each["rule_id"], each["overlap"]) for each in told] == [(stop["id"], "witness")]
    start = await manager.post(URL, json={**body, "accept_conflicts": True})
    assert start.status_code == 201
    # Switched off, it hinders nobody; switched on, it is looked at again.
    answer = await manager.patch(f"{URL}/{start.json()['id']}", json={"enabled": True})
    assert answer.status_code == 409
    own = {"definition": stop["definition"], "rule_id": stop["id"]}
    assert (await manager.post(f"{URL}/conflicts", json=own)).json()["conflicts"] == []


async def test_a_preview_tells_what_would_be_done_with_the_figures_and_writes_nothing(
    acme: Company, manager: AsyncClient
) -> None:
    campaign = await a_spender(acme)
    found = (await manager.post(f"{URL}/preview", json={"definition": a_definition()})).json()
    assert (found["considered"], found["held"], found["unknown"]) == (2, 1, 0)
    first, other = found["campaigns"]
    assert (first["campaign_id"], first["holds"], other["holds"]) == (campaign, True, False)
    assert (first["before"], first["after"]) == ({"status": "active"}, {"status": "paused"})
    assert first["figures"] == [
        {"metric": "spend", "window": "yesterday", "value": 90.0 * UNIT, "unknown": None}
    ]
    assert first["verdict"] in {"pass", "hold", "block"}
    assert (await manager.get("/api/v1/autopilot/actions")).json()["items"] == []
    assert (await manager.get(URL)).json()["items"] == []


async def test_a_run_leaves_its_history(acme: Company, manager: AsyncClient) -> None:
    campaign = await a_spender(acme)
    rule = await made(manager)
    run = (await manager.post(f"{URL}/{rule['id']}/run")).json()
    assert (run["considered"], run["held"], run["acted"]) == (2, 1, 1)
    [evaluation] = (await manager.get(f"{URL}/{rule['id']}/evaluations", params={"telling": True})).json()[
        "items"
    ]
    [firing] = (await manager.get(f"{URL}/{rule['id']}/firings")).json()["items"]
    assert (evaluation["id"], firing["evaluation_id"], firing["campaign_id"]) == (
        run["id"],
        run["id"],
        campaign,
    )
    action = (await manager.get(f"/api/v1/autopilot/actions/{firing['action_id']}")).json()
    assert (action["origin"], action["evidence"]["rule_id"]) == ("rule", rule["id"])
    assert action["decision_id"] is not None


async def test_a_backtest_answers_for_every_day(acme: Company, manager: AsyncClient) -> None:
    await a_spender(acme)
    body = {"definition": a_definition(), "schedule": DAILY, "days": 5}
    found = (await manager.post(f"{URL}/backtest", json=body)).json()
    assert len(found["days"]) == 5
    assert found["not_looked_at"] == []
    assert len(found["unknowable"]) >= 4


async def test_another_tenants_campaigns_are_in_no_rules_set(acme: Company, globex: Company) -> None:
    await a_spender(globex)
    found = (await acme.client().post(f"{URL}/preview", json={"definition": a_definition()})).json()
    assert (found["considered"], found["campaigns"]) == (0, [])
