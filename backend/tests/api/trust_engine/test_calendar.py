"""The calendar over the wire: entered, read by the gate, struck out."""

from datetime import timedelta
from typing import Any

import pytest

from app.auth.permissions import Role
from app.core.clock import real_now
from tests.factories.access import Company
from tests.factories.trust import BUDGET, Account, make_account, trusted

URL = "/api/v1/trust/calendar"


def window(kind: str = "change_freeze", **over: Any) -> dict[str, Any]:
    now = real_now()
    body = {
        "kind": kind,
        "name": "Black Friday",
        "starts_at": (now - timedelta(hours=1)).isoformat(),
        "ends_at": (now + timedelta(days=2)).isoformat(),
    }
    return body | over


async def raised(company: Company, account: Account) -> dict[str, Any]:
    """What the gate says of a raise by a tenth."""
    body = {
        "ad_account_id": str(account.id),
        "entity_id": "c1",
        "daily_budget_micros": [BUDGET, BUDGET * 11 // 10],
    }
    found: dict[str, Any] = (await company.client().post("/api/v1/trust/gate/check", json=body)).json()
    return found


async def test_a_freeze_holds_raises_until_it_is_struck_out_and_the_audit_tells_who(acme: Company) -> None:
    account = await make_account(acme.scopes)
    await trusted(acme.scopes, account.id)
    assert (await raised(acme, account))["result"] == "PASS"
    entry = (await acme.client(Role.MANAGER).post(URL, json=window())).json()
    held = await raised(acme, account)
    assert held["result"] == "HOLD"
    assert held["reasons"][0]["message"] == "A change freeze is on: Black Friday."
    assert (await acme.client(Role.MANAGER).delete(f"{URL}/{entry['id']}")).status_code == 204
    assert (await raised(acme, account))["result"] == "PASS"
    log = (await acme.client().get("/api/v1/audit-logs", params={"entity": "trust_engine.calendar"})).json()
    assert [each["action"] for each in log["items"]] == [
        "trust_engine.calendar.struck",
        "trust_engine.calendar.entered",
    ]
    assert log["items"][0]["before"]["name"] == "Black Friday"


async def test_a_persons_pause_passes_a_freeze(acme: Company) -> None:
    account = await make_account(acme.scopes)
    await acme.client().post(URL, json=window())
    body = {"campaign_id": str(account.campaign_id), "status": "paused", "reason": "Stop it now."}
    made = (await acme.client().post("/api/v1/autopilot/actions", json=body)).json()
    assert made["verdict"] == "pass"


@pytest.mark.parametrize("hours", [(-48, -1), (1, 48)])
async def test_what_is_over_or_still_to_come_holds_nothing(acme: Company, hours: tuple[int, int]) -> None:
    account = await make_account(acme.scopes)
    await trusted(acme.scopes, account.id)
    starts, ends = (real_now() + timedelta(hours=each) for each in hours)
    await acme.client().post(URL, json=window(starts_at=starts.isoformat(), ends_at=ends.isoformat()))
    assert (await raised(acme, account))["result"] == "PASS"


async def test_an_accounts_freeze_is_not_another_accounts(acme: Company) -> None:
    frozen, free = await make_account(acme.scopes), await make_account(acme.scopes, with_orders=False)
    for account in (frozen, free):
        await trusted(acme.scopes, account.id)
    await acme.client().post(URL, json=window(ad_account_id=str(frozen.id)))
    assert (await raised(acme, frozen))["result"] == "HOLD"
    assert (await raised(acme, free))["result"] == "PASS"


async def test_it_is_listed_by_what_is_on_or_still_to_come(acme: Company, globex: Company) -> None:
    now = real_now()
    over = window(
        name="Spring sale",
        kind="promotion",
        starts_at=(now - timedelta(days=9)).isoformat(),
        ends_at=(now - timedelta(days=8)).isoformat(),
    )
    for body in (over, window()):
        assert (await acme.client().post(URL, json=body)).status_code == 201
    names = [each["name"] for each in (await acme.client(Role.VIEWER).get(URL)).json()["items"]]
    every = (await acme.client().get(URL, params={"past": True})).json()["items"]
    assert (names, [each["name"] for each in every]) == (["Black Friday"], ["Black Friday", "Spring sale"])
    assert (await globex.client().get(URL)).json()["items"] == []


async def test_what_ends_before_it_starts_or_names_no_account_is_refused(
    acme: Company, globex: Company
) -> None:
    now = real_now().isoformat()
    backwards = await acme.client().post(URL, json=window(starts_at=now, ends_at=now))
    assert (backwards.status_code, backwards.json()["code"]) == (422, "trust_engine.calendar.unsound")
    theirs = await make_account(globex.scopes)
    foreign = await acme.client().post(URL, json=window(ad_account_id=str(theirs.id)))
    assert foreign.status_code == 404
    naive = await acme.client().post(URL, json=window(starts_at="2026-11-27T00:00:00"))
    assert naive.status_code == 422
