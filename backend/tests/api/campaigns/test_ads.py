"""Ads are listed by campaign and by verdict, with what they show and every verdict that was seen."""

import pytest
from httpx2 import AsyncClient

from app.core.ids import uuid7
from app.models.integrations.kinds import AdReview
from tests.factories.access import Company
from tests.factories.ads import absorb, an_ad, campaign_id_at_the_platform
from tests.factories.integrations import BROAD
from tests.factories.trust import Account, make_account

ADS = "/api/v1/campaigns/ads"
WHY = "Trademarks in ad text: Gore-Tex"


@pytest.fixture
async def account(acme: Company) -> Account:
    account = await make_account(acme.scopes)
    campaign = await campaign_id_at_the_platform(acme.scopes, account.campaign_id)
    refused = an_ad("Coat 2", campaign, review=AdReview.DISAPPROVED, reasons=[WHY])
    unknown = an_ad("Coat 3", campaign, review=None, status="paused")
    await absorb(acme.scopes, account.id, an_ad("Coat 1", campaign), refused, unknown)
    await absorb(acme.scopes, account.id, an_ad("Coat 1", campaign), refused)
    return account


async def test_ads_are_filtered_paged_and_sorted(client: AsyncClient, account: Account) -> None:
    mine = {"campaign_id": str(account.campaign_id)}
    listed = (await client.get(ADS, params=mine)).json()
    assert [one["name"] for one in listed["items"]] == ["Coat 1", "Coat 2"]
    every = (await client.get(ADS, params={**mine, "gone": True, "sort": "-name"})).json()
    assert [(one["name"], one["gone"]) for one in every["items"]] == [
        ("Coat 3", True), ("Coat 2", False), ("Coat 1", False),
    ]  # fmt: skip
    (refused,) = (await client.get(ADS, params={**mine, "review": "disapproved"})).json()["items"]
    assert (refused["name"], refused["review_reasons"]) == ("Coat 2", [WHY])
    assert (refused["headline"], refused["call_to_action"]) == ("Ready for the weather", "Shop now")
    page = (await client.get(ADS, params={**mine, "limit": 1, "page": 2})).json()
    assert ([one["name"] for one in page["items"]], page["total"]) == (["Coat 2"], 2)
    assert (await client.get(ADS, params={**mine, "q": "t_2"})).json()["items"] == []
    beyond = (await client.get(ADS, params={**mine, "limit": 1, "page": 9})).json()
    assert (beyond["items"], beyond["total"]) == ([], 2)
    assert (await client.get(ADS, params={"review": "splendid"})).status_code == 422


async def test_an_ad_by_itself_tells_every_verdict_newest_first(
    client: AsyncClient, acme: Company, account: Account
) -> None:
    campaign = await campaign_id_at_the_platform(acme.scopes, account.campaign_id)
    await absorb(acme.scopes, account.id, an_ad("Coat 2", campaign), whole=False)
    listed = (await client.get(ADS, params={"campaign_id": str(account.campaign_id), "q": "Coat 2"})).json()
    detail = (await client.get(f"{ADS}/{listed['items'][0]['id']}")).json()
    assert {name: detail[name] for name in listed["items"][0]} == listed["items"][0]
    assert [(one["review"], one["reasons"]) for one in detail["reviews"]] == [
        ("approved", []), ("disapproved", [WHY]),
    ]  # fmt: skip
    assert detail["reviewed_at"] == detail["reviews"][0]["seen_at"]
    waits = an_ad("Coat 1", campaign, review=AdReview.PENDING)
    for told in (waits, waits, an_ad("Coat 1", campaign)):
        await absorb(acme.scopes, account.id, told, whole=False)
    listed = (await client.get(ADS, params={"campaign_id": str(account.campaign_id), "q": "Coat 1"})).json()
    detail = (await client.get(f"{ADS}/{listed['items'][0]['id']}")).json()
    assert [one["review"] for one in detail["reviews"]] == ["approved", "pending", "approved"]


async def test_what_another_tenant_has_does_not_exist(
    client: AsyncClient, globex: Company, account: Account
) -> None:
    mine = {"campaign_id": str(account.campaign_id)}
    (first, _) = (await client.get(ADS, params=mine)).json()["items"]
    assert (await globex.client().get(ADS, params=mine)).json()["total"] == 0
    assert (await globex.client().get(f"{ADS}/{first['id']}")).status_code == 404
    assert (await client.get(f"{ADS}/{uuid7()}")).json()["code"] == "campaigns.ads.not_found"


@pytest.mark.usefixtures("synced")
async def test_a_synchronisation_brings_a_campaigns_ads(client: AsyncClient) -> None:
    campaigns = (await client.get("/api/v1/campaigns", params={"q": "Broad"})).json()["items"]
    broad = next(one for one in campaigns if one["external_id"] == BROAD)
    ads = (await client.get(ADS, params={"campaign_id": broad["id"]})).json()["items"]
    assert len(ads) == 4
    assert {one["ad_set_name"] for one in ads} >= {"Broad 18+"}
    assert {one["creative_kind"] for one in ads} == {"image", "video"}
    assert all(one["landing_url"].startswith("https://shop.northwind.example/") for one in ads)
    accounts = (await client.get("/api/v1/integrations/ad-accounts")).json()["items"]
    assert [one["ads_error"] for one in accounts if one["ads_read_at"]] == [None]
