"""The queue as people meet it: proposed, decided, approved, dismissed, never past the gate."""

import asyncio
from typing import Any
from uuid import UUID

from httpx2 import AsyncClient, Response
from sqlalchemy import text

from app.auth.permissions import Role
from app.core.ids import uuid7
from app.db.session import Scopes
from app.models.trust_engine.kinds import SignalState
from app.services.autopilot.actions.service import AutopilotActions
from app.services.trust_engine.gate.service import GateService, deciders, read_entry
from app.services.trust_engine.health.service import HealthService
from app.services.trust_engine.ledger.service import Ledger
from tests.factories.access import Company
from tests.factories.trust import BUDGET, Account, make_account, trusted

URL = "/api/v1/autopilot/actions"


async def healthy_account(scopes: Scopes, **options: Any) -> Account:
    """An account that has earned its mode: evaluated often enough for hysteresis to let it rise."""
    account = await make_account(scopes, **options)
    for _ in range(4):
        async with scopes() as scope:
            await HealthService(scope).evaluate(account.id)
    return account


async def ask(
    company: Company, account: Account, after: int, role: Role = Role.MANAGER, **more: Any
) -> Response:
    body = {
        "campaign_id": str(account.campaign_id),
        "daily_budget_micros": after,
        "reason": "It earns well.",
    } | more
    return await company.client(role).post(URL, json=body)


async def test_an_action_tells_what_was_wanted_what_the_gate_said_and_why(acme: Company) -> None:
    account = await make_account(acme.scopes)
    made = await ask(acme, account, BUDGET * 2)
    body = made.json()
    assert made.status_code == 202
    assert (body["before"], body["after"]) == (
        {"daily_budget_micros": BUDGET},
        {"daily_budget_micros": BUDGET * 2},
    )
    assert (body["verdict"], body["state"]) == ("block", "blocked")
    assert body["decision_id"] is not None
    assert all(reason["sentence"] for reason in body["reasons"])


async def test_a_cut_that_rests_on_spend_alone_passes_without_a_score(acme: Company) -> None:
    account = await make_account(acme.scopes)
    made = (await ask(acme, account, BUDGET // 2, spend_only=True)).json()
    assert (made["verdict"], made["state"]) == ("pass", "approved")
    detail = (await acme.client().get(f"{URL}/{made['id']}")).json()
    assert [step["to_state"] for step in detail["timeline"]] == ["proposed", "approved"]


async def test_a_persons_pause_is_a_safety_action_that_nothing_stops(acme: Company) -> None:
    account = await make_account(acme.scopes)
    await acme.client(Role.MANAGER).post(
        "/api/v1/autopilot/kill-switch", json={"engaged": True, "reason": "Something is off."}
    )
    body = {"campaign_id": str(account.campaign_id), "status": "paused", "reason": "Stop it now."}
    made = (await acme.client(Role.MANAGER).post(URL, json=body)).json()
    assert (made["verdict"], made["state"], made["safety"]) == ("pass", "approved", True)


async def test_the_same_key_is_the_same_action(acme: Company) -> None:
    account = await make_account(acme.scopes)
    first = (await ask(acme, account, BUDGET // 2, idempotency_key="one-and-only")).json()
    again = (await ask(acme, account, BUDGET // 2, idempotency_key="one-and-only")).json()
    assert first["id"] == again["id"]


async def test_eight_who_ask_at_once_with_one_key_get_one_action(acme: Company) -> None:
    account = await make_account(acme.scopes)
    answers = await asyncio.gather(
        *(ask(acme, account, BUDGET // 2, idempotency_key="all-at-once") for _ in range(8))
    )
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len((await acme.client().get(URL)).json()["items"]) == 1


async def test_neither_both_nor_none_of_budget_and_status(acme: Company) -> None:
    account = await make_account(acme.scopes)
    for more in ({"status": "paused"}, {"daily_budget_micros": None}):
        answer = await ask(acme, account, BUDGET * 2, **more)
        assert answer.status_code == 422
        assert answer.json()["fields"][0]["code"] == "one_of"


async def test_asking_for_what_holds_already_is_no_change(acme: Company) -> None:
    account = await make_account(acme.scopes)
    answer = await ask(acme, account, BUDGET)
    assert (answer.status_code, answer.json()["code"]) == (422, "autopilot.actions.nothing_to_change")


async def test_a_blocked_action_can_neither_be_approved_nor_dismissed(acme: Company) -> None:
    account = await make_account(acme.scopes)
    made = (await ask(acme, account, BUDGET * 2)).json()
    for verb, body in (("approve", {}), ("dismiss", {"reason": "No longer."})):
        answer = await acme.client().post(f"{URL}/{made['id']}/{verb}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, "autopilot.actions.not_open")


async def test_a_viewer_looks_and_an_analyst_does_not_ask(acme: Company) -> None:
    account = await make_account(acme.scopes)
    made = (await ask(acme, account, BUDGET // 2)).json()
    assert (await acme.client(Role.VIEWER).get(f"{URL}/{made['id']}")).status_code == 200
    assert (await ask(acme, account, BUDGET // 3, Role.ANALYST)).status_code == 403
    refused = await acme.client(Role.ANALYST).post(f"{URL}/{made['id']}/approve", json={})
    assert refused.status_code == 403


async def test_another_tenants_action_and_campaign_do_not_exist(acme: Company, globex: Company) -> None:
    account = await make_account(acme.scopes)
    made = (await ask(acme, account, BUDGET // 2)).json()
    other = globex.client()
    assert (await other.get(f"{URL}/{made['id']}")).status_code == 404
    assert (await other.post(f"{URL}/{made['id']}/approve", json={})).status_code == 404
    assert (await ask(globex, account, BUDGET // 2)).status_code == 404


async def test_the_queue_is_filtered_by_state(acme: Company) -> None:
    account = await make_account(acme.scopes)
    await ask(acme, account, BUDGET * 2)
    passed = (await ask(acme, account, BUDGET // 2, spend_only=True)).json()
    found = (await acme.client().get(URL, params={"status": ["approved"]})).json()["items"]
    assert [each["id"] for each in found] == [passed["id"]]


async def test_every_decision_of_an_action_stands_in_the_ledger(acme: Company) -> None:
    account = await make_account(acme.scopes)
    made = (await ask(acme, account, BUDGET // 2)).json()
    async with acme.scopes() as scope:
        action = await AutopilotActions(scope).get(UUID(made["id"]))
    assert str(action.decision_id) == made["decision_id"]


async def test_a_cut_that_names_no_ground_rests_on_the_signals_of_a_return(acme: Company) -> None:
    """After a pixel drop the return collapses: cutting the winner would be the damage."""
    account = await make_account(acme.scopes)
    await trusted(acme.scopes, account.id, event_loss=SignalState.BAD)
    unsaid = (await ask(acme, account, BUDGET // 2)).json()
    assert (unsaid["verdict"], unsaid["state"], unsaid["spend_only"]) == ("hold", "held", False)
    assert unsaid["reasons"][0]["sentence"] == "Event delivery, which justifies this, is bad."
    other = (await ask(acme, account, BUDGET // 2, justified_by=["freshness"])).json()
    assert other["verdict"] == "pass"
    spend = (await ask(acme, account, BUDGET // 2, spend_only=True)).json()
    assert (spend["verdict"], spend["spend_only"]) == ("pass", True)


async def test_spend_alone_and_signals_exclude_each_other(acme: Company) -> None:
    account = await make_account(acme.scopes)
    answer = await ask(acme, account, BUDGET // 2, spend_only=True, justified_by=["freshness"])
    assert (answer.status_code, answer.json()["fields"][0]["code"]) == (422, "one_of")


async def test_a_campaigns_budget_takes_the_same_grounds(acme: Company) -> None:
    account = await make_account(acme.scopes)
    url = f"/api/v1/campaigns/{account.campaign_id}/budget"
    body = {"daily_budget_micros": BUDGET // 2, "reason": "Too dear."}
    assert (await acme.client().post(url, json=body)).json()["verdict"] == "block"
    spend = (await acme.client().post(url, json=body | {"spend_only": True})).json()
    assert (spend["verdict"], spend["spend_only"]) == ("pass", True)


async def test_a_decision_made_again_reads_the_approval_as_it_was_given(acme: Company) -> None:
    """Who decides again after a write that never arrived must not date the person's yes anew."""
    account = await make_account(acme.scopes)
    await trusted(acme.scopes, account.id, event_loss=SignalState.BAD)
    made = (await ask(acme, account, BUDGET * 11 // 10)).json()
    assert made["state"] == "held"
    approved = (await acme.client().post(f"{URL}/{made['id']}/approve", json={"reason": "I looked."})).json()
    assert approved["approved_at"] is not None
    await asyncio.sleep(0.01)
    async with acme.scopes() as scope:
        actions = AutopilotActions(scope)
        await actions.decide_again(await actions.locked(UUID(made["id"])))
    async with acme.scopes() as scope:
        first, again = await GateService(scope).decisions(before_seq=None, limit=2)
        facts = [read_entry(entry)[0] for entry in (first, again)]
        assert facts[0].ask == facts[1].ask
        assert facts[0].ask.approval is not None
        assert facts[0].ask.approval.reason == "I looked."
        assert (await Ledger(scope).verify(deciders())).whole


async def test_a_key_that_wants_a_change_is_not_the_person_who_approves_it(
    acme: Company, anonymous: AsyncClient
) -> None:
    account = await make_account(acme.scopes)
    await trusted(acme.scopes, account.id)
    scopes = [f"autopilot.actions:{verb}" for verb in ("read", "write", "approve")]
    made = await acme.client().post("/api/v1/api-keys", json={"name": "Agent", "scopes": scopes})
    key = {"X-API-Key": made.json()["key"]}
    wish = {
        "campaign_id": str(account.campaign_id),
        "daily_budget_micros": BUDGET * 11 // 10,
        "reason": "It earns.",
    }
    wanted = (await anonymous.post(URL, json=wish, headers=key)).json()
    assert wanted["state"] == "proposed", wanted["reasons"]
    own = await anonymous.post(f"{URL}/{wanted['id']}/approve", json={"reason": "I agree."}, headers=key)
    assert (own.status_code, own.json()["code"]) == (403, "autopilot.actions.person_needed")
    assert (await acme.client().get(f"{URL}/{wanted['id']}")).json()["state"] == "proposed"
    approved = await acme.client(Role.MANAGER).post(
        f"{URL}/{wanted['id']}/approve", json={"reason": "I looked."}
    )
    assert approved.json()["state"] == "approved"


async def test_many_campaigns_are_each_decided_by_themselves(acme: Company) -> None:
    first, second = await make_account(acme.scopes), await make_account(acme.scopes)
    unknown = str(uuid7())
    ids = [str(first.campaign_id), unknown, str(second.campaign_id), str(first.campaign_id)]
    body = {"campaign_ids": ids, "status": "paused", "reason": "The season is over."}
    answer = await acme.client(Role.MANAGER).post(f"{URL}/bulk", json=body)
    assert answer.status_code == 202
    results = answer.json()["results"]
    assert [each["error_code"] for each in results] == [None, "autopilot.actions.campaign_not_found", None]
    made = [each["action"] for each in results if each["action"] is not None]
    assert [each["campaign_id"] for each in made] == [ids[0], ids[2]]
    assert {(each["state"], each["verdict"]) for each in made} == {("approved", "pass")}
    assert len({each["decision_id"] for each in made}) == 2


async def test_many_that_rise_meet_the_gate_and_a_retry_asks_for_the_same(acme: Company) -> None:
    account = await make_account(acme.scopes)
    async with acme.scopes() as scope:
        await scope.session.execute(text("update campaigns set status = 'paused'"))
    body = {
        "campaign_ids": [str(account.campaign_id)],
        "status": "active",
        "reason": "It is spring.",
        "idempotency_key": "spring-2026",
    }
    first, again = [(await acme.client().post(f"{URL}/bulk", json=body)).json()["results"] for _ in range(2)]
    assert (first[0]["action"]["verdict"], first[0]["action"]["state"]) == ("block", "blocked")
    assert first[0]["action"]["id"] == again[0]["action"]["id"]
    nothing = body | {"status": "paused", "idempotency_key": "autumn-2026"}
    refused = (await acme.client().post(f"{URL}/bulk", json=nothing)).json()["results"]
    assert refused[0]["error_code"] == "autopilot.actions.nothing_to_change"


async def test_of_many_too_many_or_none_are_refused(acme: Company) -> None:
    body = {"status": "paused", "reason": "The season is over."}
    for ids in ([], [str(uuid7()) for _ in range(51)]):
        answer = await acme.client().post(f"{URL}/bulk", json=body | {"campaign_ids": ids})
        assert (answer.status_code, answer.json()["fields"][0]["field"]) == (422, "body.campaign_ids")
    one = body | {"campaign_ids": [str(uuid7())]}
    assert (await acme.client(Role.ANALYST).post(f"{URL}/bulk", json=one)).status_code == 403
