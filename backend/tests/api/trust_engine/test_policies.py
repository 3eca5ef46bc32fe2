"""Policies over the wire: versions that count up, and unsound ones refused."""

import asyncio

from app.auth.permissions import Role
from tests.factories.access import Company

URL = "/api/v1/trust/policies"


async def test_a_new_tenant_has_the_default(acme: Company) -> None:
    found = (await acme.client().get(f"{URL}/current")).json()
    assert (found["version"], found["created_by"]) == (1, None)
    assert found["document"]["thresholds"] == {
        "high": 80.0,
        "standard": 70.0,
        "conservative": 60.0,
        "cut": 40.0,
    }


async def test_a_change_is_the_next_version_and_keeps_the_rest(acme: Company) -> None:
    body = {"note": "More careful.", "document": {"rise_after": 5}}
    adopted = await acme.client().post(URL, json=body)
    assert adopted.status_code == 201
    assert (adopted.json()["version"], adopted.json()["document"]["rise_after"]) == (2, 5)
    listed = (await acme.client().get(URL)).json()["items"]
    assert [each["version"] for each in listed] == [2, 1]
    assert listed[0]["document"]["weights"] == listed[1]["document"]["weights"]


async def test_adoptions_at_once_follow_one_another(acme: Company) -> None:
    async def adopt() -> int:
        found = await acme.client().post(URL, json={"note": "Again.", "document": {}})
        return int(found.json()["version"])

    assert sorted(await asyncio.gather(*(adopt() for _ in range(5)))) == [2, 3, 4, 5, 6]


async def test_an_unsound_policy_is_refused_with_its_fault(acme: Company) -> None:
    for document in (
        {"weights": {"emq": 1.0}},
        {"weights": {"luck": 1.0}},
        {"floors": {"anomaly": 10}},
        {"dead_cap": 60},
    ):
        refused = await acme.client().post(URL, json={"note": "Bad.", "document": document})
        assert (refused.status_code, refused.json()["code"]) == (422, "trust_engine.policies.unsound"), (
            document
        )
    assert (await acme.client().get(f"{URL}/current")).json()["version"] == 1


async def test_only_an_admin_adopts(acme: Company, globex: Company) -> None:
    body = {"note": "Mine.", "document": {}}
    assert (await acme.client(Role.MANAGER).post(URL, json=body)).status_code == 403
    await acme.client().post(URL, json=body)
    assert (await globex.client().get(f"{URL}/current")).json()["version"] == 1
