"""The overview tells what needs a person, most urgent first, and invents no figure."""

from app.auth.permissions import Role
from app.models.trust_engine.kinds import IncidentKind, IncidentSeverity
from app.services.cdp.sources.rules import SourceKind
from app.services.cdp.sources.service import SourceService
from app.services.dashboard.rules import known, total
from app.services.trust_engine.gate.service import KillSwitch
from app.services.trust_engine.incidents.service import Incidents
from tests.factories.access import Company

TRIAGE = "/api/v1/dashboard/triage"
SUMMARY = "/api/v1/dashboard/summary"


async def test_a_new_tenant_is_led_through_its_first_run(acme: Company) -> None:
    body = (await acme.client(Role.VIEWER).get(TRIAGE)).json()
    assert [item["title"] for item in body["items"]] == ["Create a source", "Connect an ad platform"]
    assert body["counts"] == {"first_run": 2}


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
