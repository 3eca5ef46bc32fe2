"""Standing envelopes as people give and revoke them."""

from datetime import timedelta
from typing import Any

from fastapi import FastAPI
from httpx2 import Response

from app.auth.permissions import Role
from app.core.clock import real_now
from tests.factories.access import Company, client_of
from tests.factories.trust import BUDGET, UNIT, make_account

URL = "/api/v1/autopilot/envelopes"


async def given(company: Company, role: Role = Role.MANAGER, **more: Any) -> Response:
    account = more.pop("ad_account_id", None) or str((await make_account(company.scopes)).id)
    body = {
        "ad_account_id": account,
        "most_daily_micros": 2 * BUDGET,
        "most_raised_micros": 15 * UNIT,
        "ends_at": (real_now() + timedelta(hours=12)).isoformat(),
        "reason": "For the night.",
    }
    return await company.client(role).post(URL, json=body | more)


async def test_it_is_given_seen_and_revoked(acme: Company) -> None:
    made = await given(acme)
    assert made.status_code == 201, made.text
    body = made.json()
    assert (body["given_by"], body["currency"], body["raised_micros"], body["actions"]) == (
        acme.person(Role.MANAGER).email,
        "USD",
        0,
        0,
    )
    viewer = acme.client(Role.VIEWER)
    assert (await viewer.get(URL)).json()["items"] == [body]
    assert (await viewer.get(f"{URL}/{body['id']}")).json() == body
    revoked = await acme.client(Role.MANAGER).post(
        f"{URL}/{body['id']}/revoke", json={"reason": "The stock is out."}
    )
    assert (revoked.json()["revoked_by"], revoked.json()["revoked_reason"]) == (
        acme.person(Role.MANAGER).email,
        "The stock is out.",
    )
    again = await acme.client(Role.MANAGER).post(f"{URL}/{body['id']}/revoke", json={"reason": "Again."})
    assert (again.status_code, again.json()["code"]) == (409, "autopilot.envelopes.ended")
    trail = (await acme.client().get("/api/v1/audit-logs", params={"entity": "autopilot.envelopes"})).json()
    assert {each["action"] for each in trail["items"]} == {
        "autopilot.envelopes.given",
        "autopilot.envelopes.revoked",
    }


async def test_a_retry_of_one_key_is_one_envelope(acme: Company, globex: Company) -> None:
    account = str((await make_account(acme.scopes)).id)
    made, again = [
        (await given(acme, ad_account_id=account, idempotency_key="dialog-0001")).json() for _ in range(2)
    ]
    assert made == again
    assert len((await acme.client().get(URL)).json()["items"]) == 1
    theirs = (await given(globex, idempotency_key="dialog-0001")).json()
    assert theirs["id"] != made["id"], "a neighbour's key is another's"


async def test_what_is_wrong_is_named(acme: Company) -> None:
    ahead = {"starts_at": real_now() + timedelta(days=300), "ends_at": real_now() + timedelta(days=301)}
    late = await given(acme, Role.MANAGER, **{name: at.isoformat() for name, at in ahead.items()})
    assert late.status_code == 422
    late = await given(acme, ends_at=(real_now() + timedelta(days=15)).isoformat())
    assert late.status_code == 422
    assert late.json()["fields"][0]["field"] == "ends_at"
    nobody = await given(acme, ad_account_id="01a22c00-0000-7000-8000-000000000000")
    assert (nobody.status_code, nobody.json()["code"]) == (404, "autopilot.envelopes.account_not_found")
    naive = await given(acme, ends_at="2026-12-01T08:00:00")
    assert naive.status_code == 422
    assert (await given(acme, most_daily_micros=-1)).status_code == 422
    both = await given(acme, campaign_ids=["01a22c00-0000-7000-8000-000000000000"])
    assert (both.status_code, both.json()["fields"][0]["code"]) == (422, "one_of")


async def test_a_viewer_gives_none(acme: Company) -> None:
    assert (await given(acme, Role.VIEWER)).status_code == 403


async def test_a_key_gives_none(acme: Company, app: FastAPI) -> None:
    body = {"name": "k", "scopes": ["autopilot.envelopes:write"]}
    key = (await acme.client().post("/api/v1/api-keys", json=body)).json()["key"]
    account = await make_account(acme.scopes)
    wanted = {
        "ad_account_id": str(account.id),
        "ends_at": (real_now() + timedelta(hours=1)).isoformat(),
        "reason": "A program says so.",
    }
    async with client_of(app) as program:
        answer = await program.post(URL, json=wanted, headers={"X-API-Key": key})
    assert (answer.status_code, answer.json()["code"]) == (403, "autopilot.envelopes.person_needed")
