"""Incidents: opened once, closed when right again, seen by a person in between."""

import asyncio

from app.auth.permissions import Role
from app.models.trust_engine.kinds import IncidentKind
from app.services.trust_engine.incidents.service import Incidents
from tests.factories.access import Company

URL = "/api/v1/trust/incidents"


async def _open(company: Company, sentence: str = "The pixel is silent.") -> str:
    async with company.scopes() as scope:
        incident = await Incidents(scope).open(IncidentKind.SIGNAL_DEAD, sentence, subject="variance")
        return str(incident.id)


async def test_what_goes_wrong_twice_is_one_incident_with_a_timeline(acme: Company) -> None:
    first, second = await _open(acme), await _open(acme, "The pixel is still silent.")
    found = (await acme.client().get(URL)).json()["items"]
    assert first == second
    assert [each["id"] for each in found] == [first]
    assert [note["note"] for note in found[0]["timeline"]] == [
        "The pixel is silent.",
        "The pixel is still silent.",
    ]


async def test_ten_who_open_one_at_once_open_one(acme: Company) -> None:
    assert len(set(await asyncio.gather(*(_open(acme) for _ in range(10))))) == 1


async def test_a_person_acknowledges_and_it_closes_when_right_again(acme: Company) -> None:
    incident = await _open(acme)
    seen = await acme.client(Role.MANAGER).post(f"{URL}/{incident}/acknowledge")
    assert (seen.status_code, seen.json()["status"]) == (200, "acknowledged")
    read = (await acme.client(Role.VIEWER).get(f"{URL}/{incident}")).json()
    assert read["timeline"][-1]["note"] == f"{read['acknowledged_by']} acknowledged it."
    live = await acme.client().get(URL, params={"status": ["open", "acknowledged"]})
    assert [each["id"] for each in live.json()["items"]] == [incident]
    assert (await acme.client().get(URL, params={"status": "open"})).json()["items"] == []
    async with acme.scopes() as scope:
        await Incidents(scope).close(IncidentKind.SIGNAL_DEAD, "Orders agree again.", subject="variance")
    found = (await acme.client().get(URL, params={"status": "closed"})).json()["items"]
    assert found[0]["closed_at"] is not None
    again = await acme.client().post(f"{URL}/{incident}/acknowledge")
    assert (again.status_code, again.json()["code"]) == (409, "trust_engine.incidents.closed")


async def test_a_viewer_may_look_and_not_acknowledge(acme: Company) -> None:
    incident = await _open(acme)
    viewer = acme.client(Role.VIEWER)
    assert (await viewer.get(URL)).status_code == 200
    assert (await viewer.post(f"{URL}/{incident}/acknowledge")).status_code == 403


async def test_another_tenants_incident_does_not_exist(acme: Company, globex: Company) -> None:
    incident = await _open(acme)
    assert (await globex.client().post(f"{URL}/{incident}/acknowledge")).status_code == 404
    assert (await globex.client().get(URL)).json()["items"] == []
