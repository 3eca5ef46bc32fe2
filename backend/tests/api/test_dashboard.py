"""The overview tells what needs a person, most urgent first, and invents no figure."""

from typing import Any

from app.auth.permissions import Role
from app.models.trust_engine.kinds import IncidentKind, IncidentSeverity
from app.services.cdp.sources.rules import SourceKind
from app.services.cdp.sources.service import SourceService
from app.services.dashboard.rules import known, set_aside, total
from app.services.integrations.ad_accounts.service import AdAccountService
from app.services.trust_engine.gate.service import KillSwitch
from app.services.trust_engine.incidents.service import Incidents
from tests.factories.access import Company
from tests.factories.trust import BUDGET, make_account, trusted

TRIAGE = "/api/v1/dashboard/triage"
SUMMARY = "/api/v1/dashboard/summary"


async def test_a_new_tenant_is_led_through_its_first_run(acme: Company) -> None:
    body = (await acme.client(Role.VIEWER).get(TRIAGE)).json()
    assert [item["title"] for item in body["items"]] == ["Create a source", "Connect an ad platform"]
    assert body["counts"] == {"first_run": 2}


async def test_a_platform_of_which_no_account_is_read_is_only_half_connected(acme: Company) -> None:
    account = await make_account(acme.scopes)
    assert "Choose" not in await _labels(acme)
    async with acme.scopes() as scope:
        await AdAccountService(scope).change(account.id, {"enabled": False, "conversions_enabled": False})
    labels = await _labels(acme)
    assert "Choose" in labels
    assert "Connect" not in labels


async def _labels(company: Company) -> list[str]:
    return [item["action"]["label"] for item in (await company.client().get(TRIAGE)).json()["items"]]


def test_how_many_events_are_set_aside_is_exact_or_says_that_it_is_not() -> None:
    assert set_aside(1, is_exact=True) == "An event is set aside"
    assert set_aside(1_234, is_exact=True) == "1,234 events are set aside"
    assert set_aside(10_000, is_exact=False) == "10,000 events or more are set aside"


async def test_a_limit_that_an_action_met_is_told_once_until_a_person_has_answered(acme: Company) -> None:
    account = await make_account(acme.scopes)
    await trusted(acme.scopes, account.id)
    admin, told = acme.client(), []
    for mode in ("hard_block", "soft_block"):
        limits = {"mode": mode, "max_campaign_budget_micros": BUDGET}
        await admin.put("/api/v1/autopilot/enforcement", json=limits)
        wanted = {"campaign_id": str(account.campaign_id), "daily_budget_micros": BUDGET * 11 // 10}
        action = (
            await admin.post("/api/v1/autopilot/actions", json=wanted | {"reason": "It earns well."})
        ).json()
        told.append(await _told_of(acme, action["id"]))
    (stopped,), (asked,) = told
    assert (stopped["kind"], stopped["title"]) == ("violation", "A budget limit was met")
    assert (asked["kind"], asked["title"]) == ("approval", f"Set daily budget: {action['entity_name']}")
    answer = await admin.post(
        f"/api/v1/autopilot/actions/{action['id']}/approve", json={"reason": "The season starts."}
    )
    assert answer.json()["state"] == "approved"
    assert await _told_of(acme, action["id"]) == []


async def _told_of(company: Company, action_id: str) -> list[dict[str, Any]]:
    items = (await company.client().get(TRIAGE)).json()["items"]
    return [item for item in items if item["action"]["href"].endswith(action_id)]


async def test_what_stops_everything_comes_first_with_its_reason(acme: Company, globex: Company) -> None:
    async with acme.scopes() as scope:
        await Incidents(scope).open(
            next(iter(IncidentKind)),
            "Something is wrong.",
            severity=IncidentSeverity.WARNING,
            mend="Mend it.",
        )
        await KillSwitch(scope).set(engaged=True, reason="A drill")
    items = (await acme.client().get(TRIAGE)).json()["items"]
    assert [(item["kind"], item["severity"], item["reason"]) for item in items[:2]] == [
        ("frozen", "critical", "A drill"),
        ("incident", "warning", "Mend it."),
    ]
    theirs = (await globex.client().get(TRIAGE)).json()["counts"]
    assert set(theirs) == {"first_run"}


async def test_an_acknowledged_incident_waits_for_nobody(acme: Company) -> None:
    async with acme.scopes() as scope:
        incident = await Incidents(scope).open(next(iter(IncidentKind)), "Something is wrong.")
    async with acme.scopes() as scope:
        await Incidents(scope).acknowledge(incident.id)
    assert "incident" not in (await acme.client().get(TRIAGE)).json()["counts"]


async def test_what_is_not_known_says_why_and_is_no_number(acme: Company) -> None:
    body = (await acme.client().get(SUMMARY)).json()
    for name in ("health", "mode", "spend_today", "conversion_value_today", "events_last_hour"):
        assert body[name]["value"] is None, name
        assert not body[name]["known"]
        assert body[name]["reason"]
    assert body["actions_waiting"] == {"value": 0, "known": True, "reason": None}


async def test_a_source_that_sent_nothing_sent_a_known_zero(acme: Company) -> None:
    async with acme.scopes() as scope:
        await SourceService(scope).create("Shop", SourceKind.SERVER)
    body = (await acme.client().get(SUMMARY)).json()
    assert body["events_last_hour"] == {"value": 0, "known": True, "reason": None}


def test_amounts_of_several_currencies_have_no_sum() -> None:
    euros, both = [("EUR", 1_000_000), ("EUR", 2_000_000)], [("EUR", 1_000_000), ("USD", 2_000_000)]
    assert total(euros, nothing="Nothing.") == (known(3_000_000), "EUR")
    figure, currency = total(both, nothing="Nothing.")
    assert (figure.value, figure.known, currency) == (None, False, None)
