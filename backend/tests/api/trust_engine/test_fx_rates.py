"""Rates of exchange over the wire: recorded with date and source, exact, and read by the gate."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from httpx2 import Response

from app.auth.permissions import Role
from app.core.clock import real_now
from tests.factories.access import Company
from tests.factories.trust import BUDGET, Account, make_account, trusted

URL = "/api/v1/trust/fx-rates"


async def record(company: Company, age: timedelta = timedelta(0), **over: Any) -> Response:
    body = {
        "base": "USD",
        "quote": "EUR",
        "rate": "0.921743119266",
        "as_of": (real_now() - age).isoformat(),
        "source": "ECB reference rates",
    }
    return await company.client().post(URL, json=body | over)


async def raised(company: Company, account: Account) -> dict[str, Any]:
    body = {
        "ad_account_id": str(account.id),
        "entity_id": "c1",
        "daily_budget_micros": [BUDGET, BUDGET * 11 // 10],
    }
    found: dict[str, Any] = (await company.client().post("/api/v1/trust/gate/check", json=body)).json()
    return found


@pytest.fixture
async def account(acme: Company) -> Account:
    """A healthy account in dollars, under a cap in euros that a raise just fits: 192.5 dollars at worst."""
    made = await make_account(acme.scopes)
    await trusted(acme.scopes, made.id)
    cap = {"mode": "hard_block", "currency": "EUR", "max_campaign_budget_micros": 177_435_551}
    assert (await acme.client().put("/api/v1/autopilot/enforcement", json=cap)).status_code == 200
    return made


async def test_an_unknown_rate_holds_and_a_recorded_one_decides_to_the_last_micro(
    acme: Company, account: Account
) -> None:
    unknown = await raised(acme, account)
    assert (unknown["result"], unknown["reasons"][0]["code"]) == ("HOLD", "fx_unknown")
    assert (await record(acme)).status_code == 201
    # 192.5 USD x 0.921743119266 = 177.435550458705 EUR: the cap of 177.435551 is just not met.
    assert (await raised(acme, account))["result"] == "PASS"
    cap = {"max_campaign_budget_micros": 177_435_550}
    await acme.client().put("/api/v1/autopilot/enforcement", json=cap)
    assert (await raised(acme, account))["result"] == "BLOCK"


async def test_an_old_rate_holds_and_says_how_old_and_whose_it_is(acme: Company, account: Account) -> None:
    await record(acme, age=timedelta(hours=50))
    found = await raised(acme, account)
    assert (found["result"], found["reasons"][0]["code"]) == ("HOLD", "fx_stale")
    assert "50 h old (ECB reference rates)" in found["reasons"][0]["message"]


async def test_a_rate_the_other_way_round_is_none(acme: Company, account: Account) -> None:
    await record(acme, base="EUR", quote="USD", rate="1.0849")
    assert (await raised(acme, account))["reasons"][0]["code"] == "fx_unknown"


async def test_the_newest_date_counts_and_of_one_date_the_last_word(acme: Company, account: Account) -> None:
    at = (real_now() - timedelta(hours=1)).isoformat()
    await record(acme, rate="9", as_of=at)
    await record(acme, rate="0.9", as_of=at)
    await record(acme, rate="9", age=timedelta(days=1))
    assert (await raised(acme, account))["result"] == "PASS"


async def test_a_rate_is_kept_exactly_with_who_recorded_it(acme: Company, globex: Company) -> None:
    made = (await record(acme)).json()
    assert Decimal(made["rate"]) == Decimal("0.921743119266")
    assert isinstance(made["rate"], str)
    listed = (await acme.client(Role.VIEWER).get(URL, params={"base": "USD"})).json()["items"]
    assert [each["id"] for each in listed] == [made["id"]]
    assert (await globex.client().get(URL)).json()["items"] == []
    log = (await acme.client().get("/api/v1/audit-logs", params={"entity": "trust_engine.fx_rates"})).json()
    assert log["items"][0]["after"]["source"] == "ECB reference rates"


@pytest.mark.parametrize(
    "wrong",
    [
        {"rate": "0"},
        {"rate": "-1"},
        {"rate": "0.9217431192661"},
        {"rate": "NaN"},
        {"quote": "USD"},
        {"quote": "eur"},
        {"as_of": (real_now() + timedelta(days=1)).isoformat()},
        {"source": ""},
    ],
)
async def test_what_is_no_rate_is_refused(acme: Company, wrong: dict[str, str]) -> None:
    assert (await record(acme, timedelta(0), **wrong)).status_code == 422


async def test_only_an_admin_records_a_rate(acme: Company) -> None:
    answer = await acme.client(Role.MANAGER).post(URL, json={})
    assert answer.status_code == 403
