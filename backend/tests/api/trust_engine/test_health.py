"""Health over the wire: known figures with their evidence, and unknown shown as unknown."""

from app.auth.permissions import Role
from tests.factories.access import Company
from tests.factories.trust import make_account

URL = "/api/v1/trust/health"


async def test_before_anything_is_connected_nothing_is_known(acme: Company) -> None:
    found = (await acme.client().get(URL)).json()
    assert found["score"] is None
    assert (found["status"], found["mode"], found["coverage"]) == ("unknown", "frozen", 0.0)
    assert found["accounts"] == []


async def test_an_account_is_unknown_until_it_is_evaluated(acme: Company) -> None:
    await make_account(acme.scopes)
    found = (await acme.client().get(URL)).json()
    assert found["accounts"][0]["score"] is None
    assert found["accounts"][0]["evaluated_at"] is None
    assert found["score"] is None


async def test_an_evaluation_shows_each_component_with_its_evidence(acme: Company) -> None:
    await make_account(acme.scopes)
    done = await acme.client().post(f"{URL}/evaluate")
    assert (done.status_code, done.json()) == (200, {"evaluated": 1})
    found = (await acme.client(Role.VIEWER).get(URL)).json()
    assert found["score"] >= 80
    parts = {part["name"]: part for part in found["components"]}
    assert set(parts) == {
        *("emq", "freshness", "variance", "invariants", "event_loss", "api_health", "anomaly", "cdp_quality")
    }
    assert all(part["evidence"] and part["measured_at"] for part in parts.values())
    assert parts["emq"]["evidence"]["proxy"] is True
    assert abs(sum(part["weight"] for part in parts.values()) - 1) < 0.001


async def test_a_dropped_pixel_opens_an_incident_and_its_repair_closes_it(acme: Company) -> None:
    account = await make_account(acme.scopes, reported=0.1)
    await acme.client().post(f"{URL}/evaluate")
    found = (await acme.client().get(URL)).json()
    assert (found["capped_by"], found["score"]) == ("variance", found["score"])
    assert found["score"] <= 39
    incidents = (await acme.client().get("/api/v1/trust/incidents")).json()["items"]
    assert [(each["subject"], each["status"]) for each in incidents] == [("variance", "open")]
    assert incidents[0]["ad_account_id"] == str(account.id)
    assert incidents[0]["mend"]


async def test_the_history_is_of_the_only_account(acme: Company) -> None:
    account = await make_account(acme.scopes)
    for _ in range(2):
        await acme.client().post(f"{URL}/evaluate")
    found = (await acme.client().get(f"{URL}/history")).json()
    assert found["ad_account_id"] == str(account.id)
    assert len(found["points"]) == 2
    assert found["points"][0]["evaluated_at"] <= found["points"][1]["evaluated_at"]


async def test_a_viewer_may_not_evaluate(acme: Company) -> None:
    assert (await acme.client(Role.VIEWER).post(f"{URL}/evaluate")).status_code == 403


async def test_another_tenants_history_does_not_exist(acme: Company, globex: Company) -> None:
    account = await make_account(acme.scopes)
    asked = {"ad_account_id": str(account.id)}
    assert (await globex.client().get(f"{URL}/history", params=asked)).status_code == 404
