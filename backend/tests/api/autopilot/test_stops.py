"""Stops as people ask for them: who may, what is answered, and what is refused."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx2 import Response
from sqlalchemy import update

from app.auth.permissions import Role
from app.core.ids import uuid7
from app.models.autopilot.actions import AutopilotAction
from app.models.integrations.ad_accounts import AdAccount
from app.services.autopilot.stops.running import StopRuns
from tests.factories.access import Company, client_of
from tests.factories.protocol import waiting
from tests.factories.trust import BUDGET, make_account

URL = "/api/v1/autopilot/stops"


async def stop(company: Company, role: Role = Role.MANAGER, **more: Any) -> Response:
    body = {"kind": "pause_all", "reason": "The pixel is dead."} | more
    return await company.client(role).post(URL, json=body)


async def test_it_answers_at_once_with_all_that_it_will_pause(acme: Company) -> None:
    account = await make_account(acme.scopes)
    made = await stop(acme)
    body = made.json()
    assert made.status_code == 202
    assert (body["kind"], body["ad_account_id"], body["reason"]) == ("pause_all", None, "The pixel is dead.")
    assert body["asked_by"] == acme.person(Role.MANAGER).email
    assert (body["tally"]["campaigns"], body["tally"]["waiting"], body["proposed_at"]) == (1, 1, None)
    assert len(await waiting(acme.scopes, "autopilot.stops.go_on")) == 1
    await StopRuns(acme.scopes).go_on(UUID(body["id"]))
    told = (await acme.client(Role.VIEWER).get(f"{URL}/{body['id']}")).json()
    assert (told["tally"]["pauses"], told["tally"]["waiting"]) == ({"approved": 1}, 0)
    assert told["proposed_at"] is not None
    [line] = (await acme.client(Role.VIEWER).get(f"{URL}/{body['id']}/campaigns")).json()["items"]
    assert (line["campaign_id"], line["state"], line["daily_micros"]) == (
        str(account.campaign_id),
        "approved",
        BUDGET,
    )
    action = (await acme.client().get(f"/api/v1/autopilot/actions/{line['action_id']}")).json()
    assert (action["safety"], action["origin"], action["requested_label"]) == (
        True,
        "stop",
        body["asked_by"],
    )
    trail = (await acme.client().get("/api/v1/audit-logs", params={"entity": "autopilot.stops"})).json()
    assert [each["action"] for each in trail["items"]] == ["autopilot.stops.asked"]


async def test_an_emergency_stop_freezes_in_the_same_breath(acme: Company) -> None:
    await make_account(acme.scopes)
    body = (await stop(acme, kind="emergency_stop")).json()
    switch = (await acme.client().get("/api/v1/autopilot/kill-switch")).json()
    assert (switch["tenant"]["engaged"], switch["tenant"]["reason"]) == (True, body["reason"])
    answer = await acme.client(Role.MANAGER).post(f"{URL}/{body['id']}/give-back", json={"reason": "It is."})
    assert (answer.status_code, answer.json()["code"]) == (409, "autopilot.stops.frozen")
    assert "release it first" in answer.text


async def test_stops_are_listed_newest_first_page_by_page(acme: Company) -> None:
    await make_account(acme.scopes)
    ids = [(await stop(acme)).json()["id"] for _ in range(3)]
    seen, cursor = [], None
    while True:
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await acme.client(Role.VIEWER).get(URL, params=params)).json()
        seen += [each["id"] for each in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == ids[::-1]


async def test_eight_who_ask_at_once_with_one_key_get_one_stop(acme: Company) -> None:
    await make_account(acme.scopes)
    answers = await asyncio.gather(*(stop(acme, idempotency_key="only-this-one") for _ in range(8)))
    assert {each.status_code for each in answers} == {202}
    assert len({each.json()["id"] for each in answers}) == 1


async def test_it_tells_beforehand_what_it_would_pause_and_what_it_would_not_reach(acme: Company) -> None:
    account, closed = await make_account(acme.scopes), await make_account(acme.scopes, read_only=True)
    told = (await acme.client(Role.VIEWER).get(f"{URL}/reach")).json()
    assert (told["campaigns"], told["accounts"]) == (1, 1)
    [missed] = told["out_of_reach"]
    assert (missed["ad_account_id"], missed["campaigns"], missed["why"]) == (str(closed.id), 1, "read_only")
    assert missed["sentence"] == "Its platform is connected read-only."
    one = (await acme.client().get(f"{URL}/reach", params={"ad_account_id": str(account.id)})).json()
    assert (one["campaigns"], one["out_of_reach"]) == (1, [])
    assert (await stop(acme)).json()["out_of_reach"] == told["out_of_reach"]


async def test_what_was_never_read_is_not_known_and_not_nothing(acme: Company) -> None:
    account = await make_account(acme.scopes)
    async with acme.scopes() as scope:
        unread = uuid7()
        connection = (await scope.session.get_one(AdAccount, (scope.tenant_id, account.id))).connection_id
        scope.session.add(
            AdAccount(
                id=unread,
                connection_id=connection,
                platform="meta",
                external_id=unread.hex,
                name="Unread",
                currency="USD",
                timezone="UTC",
                status="active",
                enabled=True,
                write_lease=True,
            )
        )
    [missed] = (await acme.client().get(f"{URL}/reach")).json()["out_of_reach"]
    assert (missed["name"], missed["campaigns"], missed["why"]) == ("Unread", None, "not_read")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ANALYST])
async def test_who_may_not_turn_the_kill_switch_may_not_stop(acme: Company, role: Role) -> None:
    assert (await stop(acme, role)).status_code == 403


async def test_a_key_neither_stops_nor_gives_back(acme: Company, app: FastAPI) -> None:
    made = (await stop(acme)).json()
    key = (
        await acme.client().post(
            "/api/v1/api-keys",
            json={"name": "k", "scopes": ["autopilot.stops:write", "autopilot.stops:read"]},
        )
    ).json()["key"]
    async with client_of(app) as program:
        program.headers["X-API-Key"] = key
        for path, body in (
            (URL, {"kind": "pause_all", "reason": "A program says so."}),
            (f"{URL}/{made['id']}/give-back", {"reason": "A program says so."}),
        ):
            answer = await program.post(path, json=body)
            assert (answer.status_code, answer.json()["code"]) == (403, "autopilot.stops.person_needed")
        assert (await program.get(URL)).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "pause_all"},
        {"kind": "pause_all", "reason": " "},
        {"kind": "pause", "reason": "The pixel is dead."},
        {"kind": "pause_all", "reason": "The pixel is dead.", "idempotency_key": "short"},
        {"kind": "pause_all", "reason": "The pixel is dead.", "everything": True},
    ],
)
async def test_what_is_no_stop_is_refused(acme: Company, body: dict[str, Any]) -> None:
    assert (await acme.client().post(URL, json=body)).status_code == 422


async def test_an_emergency_stop_is_of_the_whole_company(acme: Company) -> None:
    account = await make_account(acme.scopes)
    answer = await stop(acme, kind="emergency_stop", ad_account_id=str(account.id))
    assert (answer.status_code, answer.json()["code"]) == (422, "autopilot.stops.whole_company")
    assert not (await acme.client().get("/api/v1/autopilot/kill-switch")).json()["engaged"]


async def test_another_tenants_account_and_stop_do_not_exist(acme: Company, globex: Company) -> None:
    account = await make_account(globex.scopes)
    theirs = (await stop(globex)).json()["id"]
    answer = await stop(acme, ad_account_id=str(account.id))
    assert (answer.status_code, answer.json()["code"]) == (404, "autopilot.stops.account_not_found")
    reach = await acme.client().get(f"{URL}/reach", params={"ad_account_id": str(account.id)})
    assert reach.json()["code"] == "autopilot.stops.account_not_found"
    for path in (theirs, f"{theirs}/campaigns"):
        found = await acme.client().get(f"{URL}/{path}")
        assert (found.status_code, found.json()["code"]) == (404, "autopilot.stops.not_found")
    back = await acme.client().post(f"{URL}/{theirs}/give-back", json={"reason": "Not mine."})
    assert back.json()["code"] == "autopilot.stops.not_found"
    assert (await acme.client().get(URL)).json()["items"] == []


async def test_it_is_given_back_once_under_the_name_of_who_does(acme: Company) -> None:
    await make_account(acme.scopes)
    made = (await stop(acme)).json()
    await StopRuns(acme.scopes).go_on(UUID(made["id"]))
    async with acme.scopes() as scope:
        await scope.session.execute(update(AutopilotAction).values(state="failed"))
    url = f"{URL}/{made['id']}/give-back"
    answer = await acme.client(Role.ADMIN).post(url, json={"reason": "It counts again."})
    assert answer.status_code == 202
    assert answer.json()["given_back_by"] == acme.person(Role.ADMIN).email
    again = await acme.client(Role.ADMIN).post(url, json={"reason": "It counts again."})
    assert (again.status_code, again.json()["code"]) == (409, "autopilot.stops.being_given_back")
    await StopRuns(acme.scopes).go_on(UUID(made["id"]))
    again = await acme.client(Role.ADMIN).post(url, json={"reason": "It counts again."})
    assert (again.status_code, again.json()["code"]) == (409, "autopilot.stops.already_given_back")
    told = (await acme.client().get(f"{URL}/{made['id']}")).json()
    assert (told["tally"]["kept"], told["returned_at"] is None) == ({"not_confirmed": 1}, False)
    [line] = (await acme.client().get(f"{URL}/{made['id']}/campaigns")).json()["items"]
    assert line["sentence"] == "The platform never confirmed its pause."


async def test_where_nothing_runs_a_stop_is_at_its_end_at_once(acme: Company) -> None:
    body = (await stop(acme)).json()
    assert body["tally"]["campaigns"] == 0
    assert body["proposed_at"] is not None
