import pytest
from httpx2 import AsyncClient

from app.auth.permissions import Role
from tests.factories.access import Company

URL = "/api/v1/tenants/current"


async def test_everybody_reads_their_company(acme: Company) -> None:
    body = (await acme.client(Role.VIEWER).get(URL)).json()
    assert (body["id"], body["name"], body["timezone"], body["currency"]) == (acme.id, "Acme", "UTC", "USD")


async def test_a_change_shows_at_once_and_in_the_audit_trail(acme: Company) -> None:
    changes = {"name": "Acme GmbH", "timezone": "Europe/Berlin", "currency": "EUR", "country": "DE"}
    for role in (Role.ADMIN, Role.VIEWER):
        # Whatever remembers an answer has one to remember.
        assert (await acme.client(role).get(URL)).json()["name"] == "Acme"
    assert (await acme.client().patch(URL, json=changes)).status_code == 200
    assert (await acme.client(Role.VIEWER).get(URL)).json()["name"] == "Acme GmbH"
    body = (await acme.client().get(URL)).json()
    assert {name: body[name] for name in changes} == changes
    entries = (await acme.client().get("/api/v1/audit-logs", params={"entity": "tenants"})).json()["items"]
    assert [(each["action"], each["before"]["currency"]) for each in entries] == [("tenants.changed", "USD")]


async def test_what_is_left_out_stays(acme: Company) -> None:
    await acme.client().patch(URL, json={"country": "DE"})
    await acme.client().patch(URL, json={"currency": "HUF"})
    body = (await acme.client().get(URL)).json()
    assert (body["name"], body["country"], body["currency"]) == ("Acme", "DE", "HUF")


@pytest.mark.parametrize(
    "body",
    [
        {"timezone": "Mars/Olympus"},
        {"currency": "eur"},
        {"currency": "XXX"},
        {"name": ""},
        {"name": None},
        {"slug": "mine"},
        {"name": "a\x00b"},
        {"is_active": False},
    ],
)
async def test_what_makes_no_sense_is_refused(acme: Company, body: dict[str, object]) -> None:
    answer = await acme.client().patch(URL, json=body)
    assert answer.status_code == 422
    assert answer.json()["fields"]


async def test_a_manager_changes_nothing(acme: Company) -> None:
    answer = await acme.client(Role.MANAGER).patch(URL, json={"name": "Mine"})
    assert (answer.status_code, answer.json()["code"]) == (403, "auth.permission_missing")


async def test_an_admin_makes_another_company_and_works_there(acme: Company) -> None:
    body = {"name": "Next Client", "timezone": "Europe/Berlin", "currency": "EUR"}
    made = await acme.client().post("/api/v1/tenants", json=body)
    assert made.status_code == 201, made.text
    switched = await acme.client().post("/api/v1/auth/switch-tenant", json={"tenant_id": made.json()["id"]})
    there = {"Authorization": f"Bearer {switched.json()['access_token']}"}
    found = (await acme.client().get(URL, headers=there)).json()
    assert (found["id"], found["currency"]) == (made.json()["id"], "EUR")
    people = (await acme.client().get("/api/v1/users", headers=there)).json()["items"]
    assert [(each["email"], each["role"]) for each in people] == [(acme.person().email, "admin")]
    trail = (await acme.client().get("/api/v1/audit-logs", headers=there)).json()["items"]
    assert "tenants.created" in {each["action"] for each in trail}


async def test_a_key_makes_no_company(acme: Company, anonymous: AsyncClient) -> None:
    body = {"name": "Program", "scopes": ["tenants:admin"]}
    key = (await acme.client().post("/api/v1/api-keys", json=body)).json()["key"]
    answer = await anonymous.post("/api/v1/tenants", json={"name": "Its own"}, headers={"X-API-Key": key})
    assert (answer.status_code, answer.json()["code"]) == (403, "onboarding.person_needed")


async def test_a_manager_makes_no_company(acme: Company) -> None:
    answer = await acme.client(Role.MANAGER).post("/api/v1/tenants", json={"name": "Mine"})
    assert (answer.status_code, answer.json()["code"]) == (403, "auth.permission_missing")
