"""The vendor's own client and ours leave and read the same state."""

import asyncio
from collections.abc import Iterator

import pytest
from facebook_business.adobjects.adaccount import AdAccount as TheirAccount
from facebook_business.adobjects.campaign import Campaign as TheirCampaign
from facebook_business.api import FacebookAdsApi
from facebook_business.session import FacebookSession

from app.db.session import Scopes
from app.models.integrations.kinds import AdReview
from app.services.integrations.gateway import Gateway
from app.services.integrations.service import IntegrationsService
from app.services.trust_engine.gate.permits import Change
from tests.factories.integrations import BROAD, US_ACCOUNT, connect
from tests.sandbox_process import Sandbox
from tests.services.integrations.conftest import Desk


@pytest.fixture
def sdk(sandbox: Sandbox) -> Iterator[FacebookAdsApi]:
    vendor = FacebookSession.GRAPH
    FacebookSession.GRAPH = sandbox.url
    api = FacebookAdsApi.init(access_token=sandbox.meta_token, crash_log=False)
    yield api
    api._session.requests.close()
    FacebookAdsApi.set_default_api(None)
    FacebookSession.GRAPH = vendor


async def test_both_read_the_same_campaigns(
    scopes: Scopes, sandbox: Sandbox, platforms: Gateway, sdk: FacebookAdsApi
) -> None:
    connected = await connect(scopes, sandbox)
    ours = await (await IntegrationsService(scopes).connector(connected.dollars)).list_campaigns()
    fields = ["name", "status", "effective_status", "daily_budget", "lifetime_budget", "objective"]
    account = TheirAccount(f"act_{US_ACCOUNT}", api=sdk)
    theirs = await asyncio.to_thread(lambda: list(account.get_campaigns(fields=fields, params={"limit": 3})))
    assert {
        (one.external_id, one.name, one.status.upper(), one.objective, one.daily_budget_micros)
        for one in ours
    } == {
        (
            one["id"],
            one["name"],
            one["status"],
            one["objective"],
            int(one["daily_budget"]) * 10_000 if one.get("daily_budget") else None,
        )
        for one in theirs
    }


async def test_a_budget_written_by_either_reads_the_same(
    scopes: Scopes, sandbox: Sandbox, platforms: Gateway, sdk: FacebookAdsApi, desk: Desk
) -> None:
    connected = await connect(scopes, sandbox)
    platform = await IntegrationsService(scopes, desk).connector(connected.dollars)
    change = Change(
        platform="meta",
        account=US_ACCOUNT,
        entity_type="campaign",
        entity=BROAD,
        operation="set_daily_budget",
        before={},
        after={"daily_budget_micros": 456_780_000},
    )
    await platform.set_daily_budget(change, desk.mint(change))
    campaign = TheirCampaign(BROAD, api=sdk)
    read = await asyncio.to_thread(campaign.api_get, fields=["daily_budget"])
    assert read["daily_budget"] == "45678"
    await asyncio.to_thread(campaign.api_update, params={"daily_budget": "45679"})
    state = await platform.read_entity("campaign", BROAD)
    assert state.daily_budget_micros == 456_790_000


async def test_both_read_the_same_ads_and_why_one_was_turned_down(
    scopes: Scopes, sandbox: Sandbox, platforms: Gateway, sdk: FacebookAdsApi
) -> None:
    refused = "120210000010300101"
    connected = await connect(scopes, sandbox)
    platform = await IntegrationsService(scopes).connector(connected.dollars)
    told = {
        "ad": refused,
        "verdict": "disapproved",
        "reasons": [{"topic": "Claims", "text": "No coat does."}],
    }
    sandbox.control("POST", "meta/review", json=told)
    try:
        ours = {one.external_id: one for one in await platform.list_ads()}
        fields = [
            *("name", "effective_status", "adset_id", "campaign_id", "ad_review_feedback", "issues_info"),
            "creative",
        ]
        account = TheirAccount(f"act_{US_ACCOUNT}", api=sdk)
        few = {"limit": 5}
        theirs = await asyncio.to_thread(lambda: list(account.get_ads(fields=fields, params=few)))
        stories = await asyncio.to_thread(
            lambda: {
                one["id"]: dict(one["object_story_spec"])
                for one in account.get_ad_creatives(fields=["object_story_spec"], params=few)
            }
        )
    finally:
        sandbox.control("POST", "meta/review", json={"ad": refused, "verdict": "approved"})
    assert ours.keys() == {one["id"] for one in theirs}
    for one in theirs:
        own, story = ours[one["id"]], stories[one["creative"]["id"]]
        shown = story.get("link_data") or story["video_data"]
        assert (own.name, own.ad_set, own.campaign) == (one["name"], one["adset_id"], one["campaign_id"])
        assert own.effective_status.upper() == one["effective_status"]
        assert own.creative.body == shown["message"]
        assert own.creative.landing_url == shown["call_to_action"]["value"]["link"]
    (their,) = (one for one in theirs if one["id"] == refused)
    assert (their["effective_status"], ours[refused].review) == ("DISAPPROVED", AdReview.DISAPPROVED)
    assert dict(their["ad_review_feedback"]["global"]) == {"Claims": "No coat does."}
    assert ours[refused].reasons == (
        "Claims: No coat does.",
        f"{their['issues_info'][0]['error_summary']}: {their['issues_info'][0]['error_message']}",
    )
