"""Campaigns are listed, searched and sorted; their days are shown with how complete they are."""

import pytest
from httpx2 import AsyncClient

from app.auth.permissions import Role
from app.core.ids import uuid7
from tests.factories.access import Company
from tests.factories.integrations import BROAD

CAMPAIGNS = "/api/v1/campaigns"


@pytest.mark.usefixtures("synced")
async def test_campaigns_are_searched_filtered_and_paged(client: AsyncClient, globex: Company) -> None:
    everything = (await client.get(CAMPAIGNS)).json()
    assert everything["total"] == len(everything["items"]) >= 7
    names = [one["name"] for one in everything["items"]]
    assert names == sorted(names)
    found = (await client.get(CAMPAIGNS, params={"q": "prospecting"})).json()["items"]
    assert {one["name"].split(" |")[0] for one in found} == {"Prospecting"}
    literal = (await client.get(CAMPAIGNS, params={"q": "1%"})).json()["items"]
    assert [one["name"] for one in literal] == ["Lookalike | Buyers 1%"]
    paused = (await client.get(CAMPAIGNS, params={"status": "paused"})).json()["items"]
    assert {one["effective_status"] for one in paused} == {"paused"}
    first = (await client.get(CAMPAIGNS, params={"limit": 3, "page": 1})).json()
    second = (await client.get(CAMPAIGNS, params={"limit": 3, "page": 2})).json()
    assert first["has_next"]
    assert not {one["id"] for one in first["items"]} & {one["id"] for one in second["items"]}
    assert (await globex.client().get(CAMPAIGNS)).json()["total"] == 0


@pytest.mark.usefixtures("synced")
@pytest.mark.parametrize("sort", ["spend_micros", "roas", "conversions", "daily_budget_micros"])
async def test_campaigns_are_sorted_with_the_unknown_last(client: AsyncClient, sort: str) -> None:
    items = (await client.get(CAMPAIGNS, params={"sort": f"-{sort}"})).json()["items"]
    known = [one[sort] for one in items if one[sort] is not None]
    assert known == sorted(known, reverse=True)
    assert [one[sort] for one in items][: len(known)] == known


@pytest.mark.usefixtures("synced")
async def test_a_page_past_the_end_is_empty_and_still_tells_the_total(client: AsyncClient) -> None:
    total = (await client.get(CAMPAIGNS)).json()["total"]
    beyond = (await client.get(CAMPAIGNS, params={"page": 9, "limit": 5})).json()
    assert (beyond["items"], beyond["total"], beyond["has_next"]) == ([], total, False)


@pytest.mark.usefixtures("synced")
async def test_a_campaign_by_itself_shows_what_the_list_shows(client: AsyncClient) -> None:
    for listed in (await client.get(CAMPAIGNS, params={"sort": "-spend_micros"})).json()["items"]:
        detail = (await client.get(f"{CAMPAIGNS}/{listed['id']}")).json()
        assert {name: detail[name] for name in listed} == listed


@pytest.mark.usefixtures("synced")
async def test_another_tenants_campaign_does_not_exist(client: AsyncClient, globex: Company) -> None:
    campaign = (await client.get(CAMPAIGNS)).json()["items"][0]["id"]
    for address in (f"{CAMPAIGNS}/{campaign}", f"{CAMPAIGNS}/{campaign}/metrics"):
        assert (await globex.client().get(address)).status_code == 404
    assert (await client.get(f"{CAMPAIGNS}/{uuid7()}")).status_code == 404


@pytest.mark.usefixtures("synced")
async def test_a_persons_pause_is_an_action_that_nothing_holds(client: AsyncClient, acme: Company) -> None:
    items = (await client.get(CAMPAIGNS)).json()["items"]
    broad = next(one for one in items if one["external_id"] == BROAD)
    answer = await client.post(f"{CAMPAIGNS}/{broad['id']}/pause", json={"reason": "Wrong landing page"})
    assert answer.status_code == 202, answer.text
    assert answer.json()["state"] == "approved"
    assert (
        await acme.client(Role.VIEWER).post(f"{CAMPAIGNS}/{broad['id']}/pause", json={})
    ).status_code == 403


@pytest.mark.usefixtures("synced")
async def test_a_budget_without_evidence_is_asked_for_and_not_passed(client: AsyncClient) -> None:
    items = (await client.get(CAMPAIGNS)).json()["items"]
    broad = next(one for one in items if one["external_id"] == BROAD)
    body = {"daily_budget_micros": broad["daily_budget_micros"] + 10_000_000, "reason": "More of it"}
    answer = await client.post(f"{CAMPAIGNS}/{broad['id']}/budget", json=body)
    assert answer.status_code == 202, answer.text
    assert answer.json()["state"] in {"held", "blocked"}
