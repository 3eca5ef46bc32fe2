"""Labels: a company's own words on campaigns, put on many at once, and campaigns found by them."""

from typing import Any

import pytest
from httpx2 import AsyncClient, Response

from app.auth.permissions import Role
from app.core.ids import uuid7
from tests.factories.access import Company

URL = "/api/v1/campaigns/labels"
CAMPAIGNS = "/api/v1/campaigns"

pytestmark = pytest.mark.usefixtures("synced")


async def make(client: AsyncClient, name: str) -> str:
    answer = await client.post(URL, json={"name": name})
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["id"]
    return made


async def change(client: AsyncClient, label: str, **ids: list[str]) -> Response:
    body = {f"{verb}_campaign_ids": each for verb, each in ids.items()}
    return await client.post(f"{URL}/{label}/campaigns", json=body)


async def campaigns(client: AsyncClient, **asked: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.get(CAMPAIGNS, params=asked)).json()["items"]
    return found


async def test_campaigns_are_labelled_shown_and_found_by_their_label(client: AsyncClient) -> None:
    first, second, third = (each["id"] for each in (await campaigns(client))[:3])
    spring, brand = await make(client, "Spring"), await make(client, "brand")
    assert (await change(client, spring, add=[first, second])).json() == {
        "added": ["done"] * 2,
        "removed": [],
    }
    await change(client, brand, add=[first])
    assert {each["id"] for each in await campaigns(client, label_id=spring)} == {first, second}
    shown = {each["id"]: [label["name"] for label in each["labels"]] for each in await campaigns(client)}
    assert (shown[first], shown[second], shown[third]) == (["brand", "Spring"], ["Spring"], [])
    assert [each["name"] for each in (await client.get(f"{CAMPAIGNS}/{first}")).json()["labels"]] == shown[
        first
    ]
    counts = {each["name"]: each["campaigns"] for each in (await client.get(URL)).json()["items"]}
    assert counts == {"brand": 1, "Spring": 2}


async def test_each_campaign_has_its_own_outcome(client: AsyncClient) -> None:
    first, second = (each["id"] for each in (await campaigns(client))[:2])
    label = await make(client, "Spring")
    await change(client, label, add=[first])
    answer = await change(client, label, add=[first, str(uuid7()), second])
    assert answer.json() == {"added": ["unchanged", "not_found", "done"], "removed": []}
    gone = await change(client, label, remove=[second, str(uuid7())])
    assert gone.json() == {"added": [], "removed": ["done", "not_found"]}
    assert [each["id"] for each in await campaigns(client, label_id=label)] == [first]


async def test_a_label_is_renamed_and_deleted_with_what_bears_it(client: AsyncClient) -> None:
    first = (await campaigns(client))[0]["id"]
    label = await make(client, "Spring")
    await change(client, label, add=[first])
    renamed = (await client.patch(f"{URL}/{label}", json={"name": "Summer"})).json()
    assert (renamed["name"], renamed["campaigns"]) == ("Summer", 1)
    assert (await campaigns(client))[0]["labels"] == [{"id": label, "name": "Summer"}]
    assert (await client.delete(f"{URL}/{label}")).status_code == 204
    assert (await campaigns(client))[0]["labels"] == []
    assert (await client.get(URL)).json()["total"] == 0


async def test_a_name_is_one_labels_in_any_case(client: AsyncClient) -> None:
    await make(client, "Spring")
    other = await make(client, "Summer")
    for answer in (
        await client.post(URL, json={"name": "SPRING"}),
        await client.patch(f"{URL}/{other}", json={"name": "spring"}),
    ):
        assert (answer.status_code, answer.json()["fields"][0]["field"]) == (409, "body.name")


async def test_labels_come_in_the_order_asked_for(client: AsyncClient) -> None:
    first = (await campaigns(client))[0]["id"]
    await make(client, "A")
    await change(client, await make(client, "B"), add=[first])

    async def names(sort: str) -> list[str]:
        return [each["name"] for each in (await client.get(URL, params={"sort": sort})).json()["items"]]

    assert [await names("name"), await names("-name"), await names("-campaigns")] == [
        ["A", "B"],
        ["B", "A"],
        ["B", "A"],
    ]


@pytest.mark.parametrize("body", [{}, {"add_campaign_ids": []}, {"add_campaign_ids": ["x"]}])
async def test_a_change_of_nothing_is_refused(client: AsyncClient, body: dict[str, Any]) -> None:
    label = await make(client, "Spring")
    assert (await client.post(f"{URL}/{label}/campaigns", json=body)).status_code == 422


async def test_a_campaign_is_not_both_given_and_taken_it(client: AsyncClient) -> None:
    first = (await campaigns(client))[0]["id"]
    label = await make(client, "Spring")
    assert (await change(client, label, add=[first], remove=[first])).status_code == 422


async def test_a_viewer_reads_labels_and_a_neighbour_has_none(acme: Company, globex: Company) -> None:
    label = await make(acme.client(Role.ANALYST), "Spring")
    viewer = acme.client(Role.VIEWER)
    assert (await viewer.get(URL)).json()["total"] == 1
    assert (await viewer.post(URL, json={"name": "Mine"})).status_code == 403
    assert (await globex.client().get(URL)).json()["total"] == 0
    first = (await campaigns(acme.client()))[0]["id"]
    other = await make(globex.client(), "Theirs")
    stolen = await change(globex.client(), other, add=[first])
    assert stolen.json()["added"] == ["not_found"]
    assert (await change(globex.client(), label, add=[first])).status_code == 404
