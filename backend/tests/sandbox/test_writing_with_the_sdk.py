"""Edits through the unmodified SDK: applied once, logged with their author, and felt by the world."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from facebook_business.adobjects.ad import Ad
from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.adobjects.adcreative import AdCreative
from facebook_business.adobjects.adimage import AdImage
from facebook_business.adobjects.adset import AdSet
from facebook_business.adobjects.campaign import Campaign
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError

from tests.factories.assets import jpeg
from tests.sandbox.conftest import daily
from tests.sandbox_process import HU_ACCOUNT, US_ACCOUNT, US_PIXEL, Sandbox, running_sandbox

PAGE = "770000000000001"
BROAD, INTERESTS = "120210000010100001", "120210000010100002"
LOOKALIKE, VIDEO = "120210000010100004", "120210000010100005"
HIKING, BROAD_WOMEN, LOOKALIKE_SET = "120210000010200020", "120210000010200011", "120210000010200040"


def story(digest: str, **changes: Any) -> dict[str, Any]:
    action = {"type": "SHOP_NOW", "value": {"link": "https://northwind.example/"}}
    link = {"link": "https://northwind.example/", "message": "Dry.", "name": "Trail", "image_hash": digest}
    return {"page_id": PAGE, "link_data": {**link, "call_to_action": action, **changes}}


def image(account: AdAccount, shade: int = 30) -> str:
    """Its hash."""
    sent = base64.b64encode(jpeg(1200, 628, shade)).decode()
    return str(account.create_ad_image(params={"bytes": sent})["hash"])


def creative(account: AdAccount, shade: int = 30) -> str:
    params = {"name": "Trail", "object_story_spec": story(image(account, shade))}
    return str(account.create_ad_creative(params=params)["id"])


def spend(sandbox: Sandbox, node: str, preset: str) -> float:
    rows = sandbox.graph("GET", f"{node}/insights", fields="spend", date_preset=preset).json()["data"]
    return float(rows[0]["spend"]) if rows else 0.0


def test_a_budget_that_was_set_is_read_back(sdk: FacebookAdsApi) -> None:
    campaign = Campaign(BROAD, api=sdk)
    campaign.api_update(params={"daily_budget": 99000})
    assert campaign.api_get(fields=["daily_budget"])["daily_budget"] == "99000"


def test_a_raised_budget_raises_what_is_spent_and_a_pause_ends_it() -> None:
    with running_sandbox("--start", "2026-03-02T05:00:00+00:00", "--history", "10") as own:
        before = spend(own, LOOKALIKE, "yesterday")
        assert own.graph("POST", LOOKALIKE_SET, daily_budget="80000").json() == {"success": True}
        assert own.graph("POST", VIDEO, status="PAUSED").json() == {"success": True}
        own.advance(48)
        assert spend(own, LOOKALIKE, "yesterday") == pytest.approx(2 * before, rel=0.15)
        assert spend(own, VIDEO, "yesterday") == 0.0
        truth = own.control("GET", "truth/campaigns")["campaigns"]
        assert {row["campaign_id"] for row in truth} >= {LOOKALIKE, VIDEO}


def test_the_same_edits_at_the_same_time_make_the_same_world() -> None:
    def lived(port_seed: str) -> tuple[dict[str, object], object]:
        with running_sandbox(
            "--seed", port_seed, "--start", "2026-03-02T15:00:00+00:00", "--history", "12"
        ) as own:
            own.control("POST", "clock", json={"mode": "paused"})
            own.control("POST", "clock", json={"now": "2026-03-02T16:00:00+00:00"})
            own.graph("POST", BROAD, daily_budget="120000")
            own.control("POST", "clock", json={"now": "2026-03-05T16:00:00+00:00"})
            orders = own.control("GET", "truth/orders", params={"limit": 5000})
            return dict(daily(own)), orders

    assert lived("11") == lived("11")
    assert lived("11")[1] != lived("12")[1]


def test_children_of_a_paused_campaign_say_so(sdk: FacebookAdsApi) -> None:
    Campaign(INTERESTS, api=sdk).api_update(params={"status": "PAUSED"})
    ad_set = AdSet(HIKING, api=sdk).api_get(fields=["status", "effective_status"])
    assert (ad_set["status"], ad_set["effective_status"]) == ("ACTIVE", "CAMPAIGN_PAUSED")
    Campaign(INTERESTS, api=sdk).api_update(params={"status": "ACTIVE"})


@pytest.mark.parametrize(
    ("node", "params", "subcode"),
    [
        (BROAD, {"daily_budget": "50"}, 1885272),
        (BROAD, {"lifetime_budget": "500000"}, 1885090),
        (BROAD_WOMEN, {"daily_budget": "20000"}, 1885621),
        (INTERESTS, {"daily_budget": "20000"}, 1885621),
        (BROAD, {"daily_budget": "12.5"}, None),
        (BROAD, {"status": "SLEEPING"}, None),
        (BROAD, {"name": " "}, None),
        (BROAD, {"pacing_type": "standard"}, None),
    ],
)
def test_an_edit_that_meta_refuses_changes_nothing(
    sandbox: Sandbox, node: str, params: dict[str, str], subcode: int | None
) -> None:
    fields = "name,status,daily_budget,lifetime_budget,updated_time"
    before = sandbox.graph("GET", node, fields=fields).json()
    answer = sandbox.graph("POST", node, **params)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == 100
    assert answer.json()["error"].get("error_subcode") == subcode
    assert sandbox.graph("GET", node, fields=fields).json() == before


def test_validate_only_changes_nothing(sandbox: Sandbox) -> None:
    before = sandbox.graph("GET", BROAD, fields="daily_budget").json()
    options = '["validate_only"]'
    answer = sandbox.graph("POST", BROAD, daily_budget="77700", execution_options=options)
    assert answer.json() == {"success": True}
    assert sandbox.graph("GET", BROAD, fields="daily_budget").json() == before


def test_a_token_that_may_only_read_cannot_write(sandbox: Sandbox) -> None:
    answer = sandbox.graph("POST", BROAD, daily_budget="91000", access_token=sandbox.read_only_token)
    assert answer.json()["error"]["code"] == 200
    readable = sandbox.graph("GET", BROAD, fields="name", access_token=sandbox.read_only_token)
    assert readable.status_code == 200


def test_the_log_tells_a_program_from_a_person(sdk: FacebookAdsApi, sandbox: Sandbox) -> None:
    Campaign(LOOKALIKE, api=sdk).api_update(params={"name": "Lookalike | renamed"})
    edit = {"object_id": LOOKALIKE_SET, "changes": {"daily_budget": "41000"}, "actor": "Dana Reyes"}
    sandbox.control("POST", "meta/edit", json=edit)
    log = AdAccount(US_ACCOUNT, api=sdk).get_activities(
        fields=["event_type", "actor_name", "application_id", "object_id", "extra_data", "event_time"],
        params={"limit": 2},
    )
    person, program = log[0], log[1]
    assert (person["event_type"], person["actor_name"]) == ("update_ad_set_budget", "Dana Reyes")
    assert "application_id" not in person
    assert json.loads(person["extra_data"])["old_value"] == 40000
    assert json.loads(person["extra_data"])["new_value"] == 41000
    assert (program["event_type"], program["application_id"]) == ("update_campaign_name", sandbox.app_id)


def test_the_log_is_narrowed_by_object_and_time(sandbox: Sandbox) -> None:
    sandbox.graph("POST", HIKING, daily_budget="36000")
    rows = sandbox.graph("GET", f"{US_ACCOUNT}/activities", oid=HIKING, fields="object_id").json()["data"]
    assert {row["object_id"] for row in rows} == {HIKING}
    later = sandbox.graph("GET", f"{US_ACCOUNT}/activities", since="2030-01-01", until="2031-01-01").json()
    assert later == {"data": []}


def test_a_new_campaign_spends_once_it_has_an_ad(sdk: FacebookAdsApi, sandbox: Sandbox) -> None:
    account = AdAccount(US_ACCOUNT, api=sdk)
    campaign = account.create_campaign(
        params={"name": "New", "objective": "OUTCOME_SALES", "special_ad_categories": [], "status": "ACTIVE",
                "daily_budget": 20000}
    )  # fmt: skip
    ad_set = account.create_ad_set(
        params={"name": "New set", "campaign_id": campaign["id"], "billing_event": "IMPRESSIONS",
                "optimization_goal": "OFFSITE_CONVERSIONS", "targeting": {"geo_locations": {"countries": ["US"]}},
                "promoted_object": {"pixel_id": US_PIXEL, "custom_event_type": "PURCHASE"}, "status": "ACTIVE"}
    )  # fmt: skip
    sandbox.advance(24)
    assert spend(sandbox, campaign["id"], "maximum") == 0.0
    params = {"name": "New ad", "adset_id": ad_set["id"], "creative": {"creative_id": creative(account)}}
    ad = account.create_ad(params=params)
    assert Ad(ad["id"], api=sdk).api_get(fields=["effective_status"])["effective_status"] == "PENDING_REVIEW"
    sandbox.advance(48)
    assert Ad(ad["id"], api=sdk).api_get(fields=["effective_status"])["effective_status"] == "ACTIVE"
    assert spend(sandbox, campaign["id"], "yesterday") == pytest.approx(200, rel=0.3)


def test_a_creation_without_its_needs_is_refused(sdk: FacebookAdsApi) -> None:
    with pytest.raises(FacebookRequestError) as refused:
        AdAccount(US_ACCOUNT, api=sdk).create_campaign(params={"name": "No objective"})
    assert refused.value.api_error_code() == 100


def test_an_image_is_known_by_its_content_however_it_is_sent(sdk: FacebookAdsApi, tmp_path: Path) -> None:
    account = AdAccount(US_ACCOUNT, api=sdk)
    file = tmp_path / "trail.jpg"
    file.write_bytes(jpeg(1200, 628, 77))
    sent = AdImage(parent_id=US_ACCOUNT, api=sdk)
    sent[AdImage.Field.filename] = str(file)
    sent.remote_create()
    assert sent["hash"] == image(account, 77)
    (found,) = account.get_ad_images(
        fields=["name", "status", "original_width"], params={"hashes": [sent["hash"]]}
    )
    assert (found["name"], found["status"], found["original_width"]) == ("trail.jpg", "ACTIVE", 1200)


def test_a_creative_shows_what_it_was_made_of_and_stays_while_an_ad_shows_it(sdk: FacebookAdsApi) -> None:
    account = AdAccount(US_ACCOUNT, api=sdk)
    made = creative(account)
    shown = AdCreative(made, api=sdk).api_get(fields=["object_story_spec", "object_type", "account_id"])
    assert shown["object_story_spec"]["link_data"]["name"] == "Trail"
    assert (shown["object_type"], shown["account_id"]) == ("SHARE", US_ACCOUNT.removeprefix("act_"))
    params = {"name": "Ad", "adset_id": HIKING, "creative": {"creative_id": made}, "status": "PAUSED"}
    ad = account.create_ad(params=params)
    with pytest.raises(FacebookRequestError):
        AdCreative(made, api=sdk).api_delete()
    Ad(ad["id"], api=sdk).api_delete()
    AdCreative(made, api=sdk).api_delete()
    assert made not in {each["id"] for each in account.get_ad_creatives(params={"limit": 500})}


@pytest.mark.parametrize(
    "spec",
    [
        {"page_id": "1", "link_data": {"link": "https://a.example/", "image_hash": "x"}},
        story("0" * 32),
        {"page_id": PAGE},
        {"page_id": PAGE, "link_data": {"link": "not an address"}},
    ],
)
def test_a_creative_of_another_page_or_without_an_image_is_refused(
    sdk: FacebookAdsApi, spec: dict[str, Any]
) -> None:
    with pytest.raises(FacebookRequestError) as refused:
        AdAccount(US_ACCOUNT, api=sdk).create_ad_creative(params={"object_story_spec": spec})
    assert refused.value.api_error_code() == 100


def test_a_button_that_links_cannot_have_and_a_file_that_is_no_image_are_refused(sdk: FacebookAdsApi) -> None:
    account = AdAccount(US_ACCOUNT, api=sdk)
    spec = story(image(account), call_to_action={"type": "DANCE"})
    with pytest.raises(FacebookRequestError):
        account.create_ad_creative(params={"object_story_spec": spec})
    with pytest.raises(FacebookRequestError):
        account.create_ad_image(params={"bytes": base64.b64encode(b"no image").decode()})


def test_an_ad_shows_a_creative_of_its_own_account(sdk: FacebookAdsApi) -> None:
    made = creative(AdAccount(HU_ACCOUNT, api=sdk))
    params = {"name": "Ad", "adset_id": HIKING, "creative": {"creative_id": made}}
    with pytest.raises(FacebookRequestError):
        AdAccount(US_ACCOUNT, api=sdk).create_ad(params=params)


def test_a_deleted_campaign_is_gone_from_lists_and_cannot_be_edited(sandbox: Sandbox) -> None:
    made = sandbox.graph(
        "POST", f"{US_ACCOUNT}/campaigns", name="Short", objective="OUTCOME_SALES", special_ad_categories="[]"
    ).json()["id"]
    assert sandbox.graph("DELETE", made).json() == {"success": True}
    listed = sandbox.graph("GET", f"{US_ACCOUNT}/campaigns", limit="100").json()["data"]
    assert made not in {c["id"] for c in listed}
    assert sandbox.graph("POST", made, name="Again").json()["error"]["error_subcode"] == 1487056


def test_an_accounts_own_limit_stops_its_spending() -> None:
    with running_sandbox("--start", "2026-03-02T05:00:00+00:00", "--history", "10") as own:
        spent = int(own.graph("GET", HU_ACCOUNT, fields="amount_spent").json()["amount_spent"])
        assert own.graph("POST", HU_ACCOUNT, spend_cap=str(spent + 5000)).json() == {"success": True}
        own.advance(72)
        body = own.graph("GET", HU_ACCOUNT, fields="amount_spent,spend_cap").json()
        assert body["spend_cap"] == str(spent + 5000)
        assert int(body["amount_spent"]) <= spent + 5000
        assert spend(own, HU_ACCOUNT, "yesterday") == 0.0
