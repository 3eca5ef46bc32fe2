"""The gate over the wire: what it would decide, and what it did."""

import re
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from app.auth.permissions import Role
from app.core.config import Settings
from app.db.roles import owner_dsn
from app.models.trust_engine.kinds import Origin
from app.services.trust_engine.gate.service import KIND, Ask, GateService, Period, Proposal
from tests.explaining import plans_of
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
    assert (found["result"], found["sequence"], found["decider_version"]) == ("BLOCK", 1, "gate/6")
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


_MANY = text(
    "INSERT INTO trust_ledger (tenant_id, id, seq, at, kind, decider, ad_account_id, body, prev_hash, hash) "
    "SELECT current_tenant(), gen_random_uuid(), n, CAST(:at AS timestamptz) + make_interval(mins => n / 2), :kind, "
    "'gate/5', CASE n % 50 WHEN 0 THEN CAST(:account AS uuid) ELSE gen_random_uuid() END, "
    "convert_to('{\"result\": {\"risk\": \"high\"}}', 'UTF8'), '', '' FROM generate_series(1, :count) n"
)
_NIGHT = datetime(2026, 3, 1, tzinfo=UTC)


async def _nights(company: Company, account: Account, count: int) -> None:
    """Two decisions a minute, every fiftieth of this account."""
    async with company.scopes() as scope:
        await scope.session.execute(
            _MANY, {"at": _NIGHT, "kind": KIND, "account": str(account.id), "count": count}
        )


async def _listed(company: Company, period: Period, **asked: Any) -> list[int]:
    found: list[int] = []
    before = None
    while True:
        async with company.scopes() as scope:
            page, before = await GateService(scope).listed(
                before_seq=before, limit=7, verdict=None, period=period, **asked
            )
        found += [each.seq for each in page]
        if before is None:
            return found


@pytest.mark.parametrize("risk", [None, "high"])
async def test_what_was_decided_in_an_hour_is_found_page_by_page(acme: Company, risk: str | None) -> None:
    account = await make_account(acme.scopes)
    await _nights(acme, account, 1_000)
    hour = Period(_NIGHT + timedelta(hours=2), _NIGHT + timedelta(hours=3))
    # The first is from 02:00 on, the last is before 03:00.
    everyones = await _listed(acme, hour, ad_account_id=None, risk=risk)
    assert everyones == list(range(359, 239, -1))
    assert await _listed(acme, hour, ad_account_id=account.id, risk=risk) == [350, 300, 250]
    since = await _listed(acme, Period(hour.since, None), ad_account_id=account.id, risk=risk)
    assert since == list(range(1_000, 239, -50))
    until = await _listed(acme, Period(None, hour.since), ad_account_id=account.id, risk=risk)
    assert until == [200, 150, 100, 50]


async def test_decisions_whose_clock_was_set_back_are_each_found_once(acme: Company) -> None:
    account = await make_account(acme.scopes)
    await _nights(acme, account, 20)
    backwards = text(str(_MANY).replace("n / 2", "20 - n").replace("id(), n,", "id(), n + 20,"))
    async with acme.scopes() as scope:
        await scope.session.execute(
            backwards, {"at": _NIGHT, "kind": KIND, "account": str(account.id), "count": 20}
        )
    found = await _listed(acme, Period(_NIGHT, None), ad_account_id=None, risk=None)
    assert sorted(found) == list(range(1, 41))
    assert found[:2] == [21, 22]


async def test_a_period_that_ends_before_it_begins_names_the_field(acme: Company) -> None:
    asked = {"since": "2026-03-01T03:00:00Z", "until": "2026-03-01T02:00:00Z"}
    refused = await acme.client().get(f"{URL}/decisions", params=asked)
    assert refused.status_code == 422
    assert [(each["field"], each["message"]) for each in refused.json()["fields"]] == [
        ("query.until", "It has to be later than `since`.")
    ]
    refused = await acme.client().get(f"{URL}/decisions", params={"since": "yesterday"})
    assert [each["field"] for each in refused.json()["fields"]] == ["query.since"]
    # Without its zone a time would be another one for each who reads it.
    refused = await acme.client().get(f"{URL}/decisions", params={"until": "2026-03-01T02:00:00"})
    assert [each["field"] for each in refused.json()["fields"]] == ["query.until"]


async def test_an_hour_of_an_account_is_read_along_an_index(acme: Company, settings: Settings) -> None:
    account = await make_account(acme.scopes)
    await _nights(acme, account, 20_000)
    owner = await asyncpg.connect(owner_dsn(settings))
    await owner.execute("VACUUM (ANALYZE) trust_ledger")
    await owner.close()
    hour = Period(_NIGHT + timedelta(hours=2), _NIGHT + timedelta(hours=3))
    # Of an hour's few rows either index by time may be read for one account; of all of them its own is.
    for period, wanted, index in (
        (hour, None, "ix_trust_ledger_at "),
        (hour, account.id, r"ix_trust_ledger_(account_)?at "),
        (Period(_NIGHT, None), account.id, "ix_trust_ledger_account_at "),
    ):
        async with acme.scopes() as scope:
            page = partial(
                GateService(scope).decisions, before_seq=300, limit=2, ad_account_id=wanted, period=period
            )
            [plan] = await plans_of(scope, page)
        assert re.search(f"using {index}", plan), plan
        assert "Seq Scan" not in plan, plan
        assert "Sort" not in plan, plan


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
