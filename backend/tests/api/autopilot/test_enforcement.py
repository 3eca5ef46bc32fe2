"""Limits and the kill switch."""

import pytest
from sqlalchemy import select

from app.auth.permissions import Role
from app.core.ids import uuid7
from app.db.outbox import OutboxMessage
from app.services.trust_engine.health.service import HealthService
from tests.factories.access import Company
from tests.factories.drafts import asked_to_publish
from tests.factories.trust import BUDGET, make_account

LIMITS = "/api/v1/autopilot/enforcement"
SWITCH = "/api/v1/autopilot/kill-switch"


async def test_a_new_tenant_is_advised_and_nothing_is_done_for_it(acme: Company) -> None:
    found = (await acme.client(Role.VIEWER).get(LIMITS)).json()
    assert (found["mode"], found["level"]) == ("advisory", 0)
    assert (found["increase_limit_pct"], found["total_raise_pct"], found["max_changes_per_day"]) == (
        30,
        20,
        5,
    )


async def test_what_is_set_holds_and_what_is_left_out_stays(acme: Company) -> None:
    admin = acme.client(Role.ADMIN)
    await admin.put(LIMITS, json={"level": 1, "max_changes_per_day": 3})
    found = (await admin.put(LIMITS, json={"mode": "hard_block"})).json()
    assert (found["level"], found["mode"], found["max_changes_per_day"]) == (1, "hard_block", 3)


async def test_a_limit_is_taken_back_by_null(acme: Company) -> None:
    admin = acme.client(Role.ADMIN)
    await admin.put(LIMITS, json={"max_campaign_budget_micros": BUDGET, "roas_floor": 3})
    found = (await admin.put(LIMITS, json={"max_campaign_budget_micros": None})).json()
    assert (found["max_campaign_budget_micros"], found["roas_floor"]) == (None, 3)


async def test_an_account_that_differs_is_listed_until_it_says_nothing_any_more(acme: Company) -> None:
    admin, account = acme.client(Role.ADMIN), await make_account(acme.scopes)
    of_account = {"applies_to": "account", "entity_id": str(account.id)}
    own = (await admin.put(LIMITS, json={**of_account, "level": 2, "max_changes_per_day": 2})).json()
    assert (own["level"], own["increase_limit_pct"]) == (2, 30)
    tenant = (await admin.get(LIMITS)).json()
    assert (tenant["level"], tenant["max_changes_per_day"]) == (0, 5)
    (listed,) = (await acme.client(Role.VIEWER).get(f"{LIMITS}/overrides")).json()["items"]
    assert (listed["applies_to"], listed["entity_id"]) == ("account", str(account.id))
    assert {name: value for name, value in listed["says"].items() if value is not None} == {
        "level": 2,
        "max_changes_per_day": 2,
    }
    back = (await admin.put(LIMITS, json={**of_account, "level": None, "max_changes_per_day": None})).json()
    assert (back["level"], back["max_changes_per_day"]) == (0, 5)
    assert (await admin.get(f"{LIMITS}/overrides")).json()["items"] == []


async def test_limits_of_an_account_name_it_and_those_of_the_tenant_name_none(acme: Company) -> None:
    admin = acme.client(Role.ADMIN)
    nameless = await admin.put(LIMITS, json={"applies_to": "account", "level": 1})
    named = await admin.put(LIMITS, json={"entity_id": str(uuid7()), "level": 1})
    assert (nameless.status_code, named.status_code) == (422, 422)


@pytest.mark.parametrize("kind", ["account", "campaign"])
async def test_limits_of_what_does_not_exist_or_is_anothers_are_404(
    acme: Company, globex: Company, kind: str
) -> None:
    theirs = await make_account(globex.scopes)
    foreign = theirs.id if kind == "account" else theirs.campaign_id
    for entity_id in (uuid7(), foreign):
        asked = {"applies_to": kind, "entity_id": str(entity_id), "level": 1}
        answer = await acme.client().put(LIMITS, json=asked)
        assert (answer.status_code, answer.json()["code"]) == (404, "autopilot.enforcement.entity_not_found")
    assert (await acme.client().get(f"{LIMITS}/overrides")).json()["items"] == []


async def test_what_a_campaigns_limits_answer_counts_its_accounts_in(acme: Company) -> None:
    admin, account = acme.client(Role.ADMIN), await make_account(acme.scopes)
    await admin.put(LIMITS, json={"applies_to": "account", "entity_id": str(account.id), "level": 2})
    of_campaign = {"applies_to": "campaign", "entity_id": str(account.campaign_id)}
    found = (await admin.put(LIMITS, json={**of_campaign, "max_changes_per_day": 1})).json()
    assert (found["level"], found["max_changes_per_day"]) == (2, 1)


async def test_an_account_cannot_say_amounts_in_another_currency_than_the_company(acme: Company) -> None:
    admin, account = acme.client(Role.ADMIN), await make_account(acme.scopes)
    await admin.put(LIMITS, json={"currency": "EUR", "max_campaign_budget_micros": BUDGET})
    own = {"applies_to": "account", "entity_id": str(account.id), "max_daily_budget_micros": 7}
    for meant in ("USD", None):
        answer = await admin.put(LIMITS, json={**own, "currency": meant})
        assert (answer.status_code, answer.json()["code"]) == (
            422,
            "autopilot.enforcement.currency_not_the_companys",
        )
    said = (await admin.put(LIMITS, json={**own, "currency": "EUR"})).json()
    assert (said["currency"], said["max_daily_budget_micros"], said["max_campaign_budget_micros"]) == (
        "EUR",
        7,
        BUDGET,
    )


async def test_a_new_currency_names_every_amount_anew_and_waits_for_the_accounts_own(acme: Company) -> None:
    admin, account = acme.client(Role.ADMIN), await make_account(acme.scopes)
    await admin.put(
        LIMITS, json={"currency": "EUR", "max_campaign_budget_micros": BUDGET, "cpa_ceiling_micros": 9}
    )
    of_account = {"applies_to": "account", "entity_id": str(account.id)}
    await admin.put(LIMITS, json={**of_account, "max_daily_budget_micros": 7})
    anew = {"currency": "USD", "max_campaign_budget_micros": BUDGET, "cpa_ceiling_micros": None}
    held = await admin.put(LIMITS, json=anew)
    assert (held.status_code, held.json()["code"]) == (409, "autopilot.enforcement.currency_in_use")
    await admin.put(LIMITS, json={**of_account, "max_daily_budget_micros": None})
    silent = await admin.put(LIMITS, json={"currency": "USD", "max_campaign_budget_micros": BUDGET})
    assert (silent.status_code, silent.json()["code"]) == (422, "autopilot.enforcement.amounts_not_named")
    assert (await admin.get(LIMITS)).json()["currency"] == "EUR"
    found = (await admin.put(LIMITS, json=anew)).json()
    assert (found["currency"], found["max_campaign_budget_micros"], found["cpa_ceiling_micros"]) == (
        "USD",
        BUDGET,
        None,
    )


async def test_only_an_admin_sets_limits(acme: Company) -> None:
    assert (await acme.client(Role.MANAGER).put(LIMITS, json={"level": 1})).status_code == 403


async def test_a_total_raise_above_twenty_percent_is_refused(acme: Company) -> None:
    answer = await acme.client().put(LIMITS, json={"total_raise_pct": 25})
    assert answer.status_code == 422
    assert answer.json()["fields"][0]["field"] == "body.total_raise_pct"


async def test_the_kill_switch_is_turned_recorded_and_released(acme: Company) -> None:
    manager = acme.client(Role.MANAGER)
    on = (await manager.post(SWITCH, json={"engaged": True, "reason": "The figures look wrong."})).json()
    assert (on["engaged"], on["tenant"]["reason"]) == (True, "The figures look wrong.")
    off = (await manager.post(SWITCH, json={"engaged": False, "reason": "Mended."})).json()
    assert off["engaged"] is False
    record = (await manager.get("/api/v1/autopilot/interventions")).json()["items"]
    assert [each["kind"] for each in record] == ["kill_switch_changed", "kill_switch_changed"]


async def test_a_viewer_cannot_turn_it_and_only_a_superadmin_stops_everyone(acme: Company) -> None:
    body = {"engaged": True, "reason": "Let me try."}
    assert (await acme.client(Role.VIEWER).post(SWITCH, json=body)).status_code == 403
    assert (await acme.client(Role.ADMIN).post(f"{SWITCH}/platform", json=body)).status_code == 403


async def test_one_tenants_switch_is_not_anothers(acme: Company, globex: Company) -> None:
    await acme.client().post(SWITCH, json={"engaged": True, "reason": "Ours alone."})
    assert (await globex.client().get(SWITCH)).json()["engaged"] is False


async def test_a_broken_limit_warns_a_person_in_advisory_mode_and_stops_them_in_a_hard_one(
    acme: Company,
) -> None:
    account = await make_account(acme.scopes)
    for _ in range(4):
        async with acme.scopes() as scope:
            await HealthService(scope).evaluate(account.id)
    for mode, kind in (("advisory", "warned"), ("hard_block", "blocked")):
        await acme.client().put(LIMITS, json={"mode": mode, "max_campaign_budget_micros": BUDGET})
        body = {"campaign_id": str(account.campaign_id), "daily_budget_micros": BUDGET * 11 // 10}
        made = await acme.client(Role.MANAGER).post(
            "/api/v1/autopilot/actions", json=body | {"reason": "It earns well."}
        )
        found = (await acme.client().get("/api/v1/autopilot/interventions")).json()["items"]
        mine = [each for each in found if each["action_id"] == made.json()["id"]]
        assert [(each["kind"], each["violation"]) for each in mine] == [(kind, "budget_exceeded")]


async def test_the_switch_names_what_had_left_and_has_it_read_back(acme: Company) -> None:
    account = await make_account(acme.scopes)
    asked = {"campaign_id": str(account.campaign_id), "daily_budget_micros": BUDGET // 2, "reason": "Less."}
    action = (
        await acme.client(Role.MANAGER).post("/api/v1/autopilot/actions", json={**asked, "spend_only": True})
    ).json()
    draft = await asked_to_publish(acme.scopes, account.id)
    quiet = {each["id"] for each in (await acme.client(Role.VIEWER).get(SWITCH)).json()["in_flight"]}
    assert quiet == {action["id"], str(draft)}
    turned = await acme.client(Role.MANAGER).post(SWITCH, json={"engaged": True, "reason": "Stop."})
    named = {(each["kind"], each["id"]): each["state"] for each in turned.json()["in_flight"]}
    assert named == {("action", action["id"]): "approved", ("draft", str(draft)): "publishing"}
    async with acme.scopes() as scope:
        owed = await scope.session.execute(select(OutboxMessage.name, OutboxMessage.payload))
        tasks = [(each.name, *each.payload.values()) for each in owed]
    assert ("campaigns.drafts.publish", str(draft)) in tasks
    assert tasks.count(("autopilot.actions.execute", action["id"])) == 2
