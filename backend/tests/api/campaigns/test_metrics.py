"""Campaigns are listed, searched and sorted; their days are shown with how complete they are."""

import pytest
from httpx2 import AsyncClient

from app.core.ids import uuid7
from app.db.session import Scopes
from app.services.integrations.ad_accounts.sync import AccountSyncService
from app.services.integrations.gateway import Gateway
from tests.factories.access import Company
from tests.factories.integrations import BROAD, connect
from tests.sandbox_process import Sandbox

CAMPAIGNS = "/api/v1/campaigns"


@pytest.fixture
async def synced(scopes: Scopes, sandbox: Sandbox, platforms: Gateway) -> None:
    connected = await connect(scopes, sandbox)
    await AccountSyncService(scopes).sync(connected.dollars)


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
async def test_a_campaigns_days_come_with_their_maturity(client: AsyncClient) -> None:
    items = (await client.get(CAMPAIGNS)).json()["items"]
    broad = next(one for one in items if one["external_id"] == BROAD)
    detail = (await client.get(f"{CAMPAIGNS}/{broad['id']}")).json()
    assert len(detail["ad_sets"]) == 2
    shown = (await client.get(f"{CAMPAIGNS}/{broad['id']}/metrics")).json()
    assert (shown["currency"], shown["timezone"]) == ("USD", "America/New_York")
    maturities = [day["maturity"] for day in shown["days"]]
    assert maturities == sorted(maturities, reverse=True)
    assert (maturities[0], maturities[-1]) == (1.0, 0.0)
    recent = sum(day["spend_micros"] for day in shown["days"][-8:-1])
    assert broad["spend_micros"] == pytest.approx(recent, rel=0.2)


@pytest.mark.usefixtures("synced")
async def test_another_tenants_campaign_does_not_exist(client: AsyncClient, globex: Company) -> None:
    campaign = (await client.get(CAMPAIGNS)).json()["items"][0]["id"]
    for address in (f"{CAMPAIGNS}/{campaign}", f"{CAMPAIGNS}/{campaign}/metrics"):
        assert (await globex.client().get(address)).status_code == 404
    assert (await client.get(f"{CAMPAIGNS}/{uuid7()}")).status_code == 404
