"""The unmodified facebook-business SDK reads, pages and fails against the sandbox as it does at Meta."""

from collections.abc import Iterator

import pytest
from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.adobjects.adset import AdSet
from facebook_business.adobjects.campaign import Campaign
from facebook_business.adobjects.user import User
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError

from tests.sandbox_process import HU_ACCOUNT, US_ACCOUNT, Sandbox, running_sandbox

BROAD = "120210000010100001"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Untouched: what is read here is the first stock."""
    with running_sandbox("--history", "12") as running:
        yield running


def test_the_token_reaches_both_accounts_in_their_own_currencies(sdk: FacebookAdsApi) -> None:
    accounts = User("me", api=sdk).get_ad_accounts(
        fields=["name", "currency", "timezone_name", "account_status"]
    )
    found = {a["id"]: (a["currency"], a["timezone_name"], a["account_status"]) for a in accounts}
    assert found == {
        US_ACCOUNT: ("USD", "America/New_York", 1),
        HU_ACCOUNT: ("HUF", "Europe/Budapest", 1),
    }


def test_pages_of_two_hold_the_same_campaigns_as_one_large_page(sdk: FacebookAdsApi) -> None:
    account = AdAccount(US_ACCOUNT, api=sdk)
    whole = [c["id"] for c in account.get_campaigns(fields=["id"], params={"limit": 100})]
    paged = [c["id"] for c in account.get_campaigns(fields=["id"], params={"limit": 2})]
    assert paged == whole
    assert len(whole) == 7


def test_a_page_links_to_the_one_before_it(sandbox: Sandbox) -> None:
    first = sandbox.graph("GET", f"{US_ACCOUNT}/campaigns", limit="3").json()
    assert "previous" not in first["paging"]
    after = first["paging"]["cursors"]["after"]
    second = sandbox.graph("GET", f"{US_ACCOUNT}/campaigns", limit="3", after=after).json()
    assert second["paging"]["previous"]
    before = second["paging"]["cursors"]["before"]
    again = sandbox.graph("GET", f"{US_ACCOUNT}/campaigns", limit="3", before=before).json()
    assert [c["id"] for c in again["data"]] == [c["id"] for c in first["data"]]


def test_the_total_is_counted_when_asked_for(sdk: FacebookAdsApi) -> None:
    cursor = AdAccount(US_ACCOUNT, api=sdk).get_campaigns(params={"limit": 2, "summary": "total_count"})
    assert cursor.total() == 7


def test_only_the_chosen_fields_come_back(sandbox: Sandbox) -> None:
    body = sandbox.graph("GET", BROAD, fields="name,daily_budget").json()
    assert body == {"id": BROAD, "name": "Prospecting | Broad", "daily_budget": "90000"}
    assert sandbox.graph("GET", BROAD).json() == {"id": BROAD}


def test_budgets_live_at_the_level_that_has_them(sdk: FacebookAdsApi) -> None:
    fields = ["name", "daily_budget", "lifetime_budget"]
    campaigns = {c["name"]: c for c in AdAccount(US_ACCOUNT, api=sdk).get_campaigns(fields=fields)}
    ad_sets = {s["name"]: s for s in AdAccount(US_ACCOUNT, api=sdk).get_ad_sets(fields=fields)}
    assert campaigns["Prospecting | Broad"]["daily_budget"] == "90000"
    assert "daily_budget" not in ad_sets["Broad 18+"]
    assert "daily_budget" not in campaigns["Prospecting | Interests"]
    assert ad_sets["Hiking interests"]["daily_budget"] == "35000"
    assert ad_sets["Catalogue all"]["lifetime_budget"] == "10950000"


def test_a_forint_budget_has_no_hundredths(sdk: FacebookAdsApi) -> None:
    campaigns = AdAccount(HU_ACCOUNT, api=sdk).get_campaigns(fields=["daily_budget"])
    assert campaigns[0]["daily_budget"] == "45000"


def test_fields_reach_through_to_parents_and_children(sandbox: Sandbox) -> None:
    fields = "name,adsets.limit(1){name,campaign{name}},insights.date_preset(last_7d){spend}"
    body = sandbox.graph("GET", BROAD, fields=fields).json()
    assert body["adsets"]["data"][0]["campaign"]["name"] == "Prospecting | Broad"
    assert len(body["adsets"]["data"]) == 1
    assert float(body["insights"]["data"][0]["spend"]) > 5000


def test_lists_can_be_narrowed_to_a_status(sdk: FacebookAdsApi) -> None:
    account = AdAccount(US_ACCOUNT, api=sdk)
    paused = account.get_campaigns(fields=["name"], params={"effective_status": ["PAUSED"]})
    assert [c["name"] for c in paused] == ["Brand | Loyalty club"]
    children = account.get_ad_sets(fields=["name"], params={"effective_status": ["CAMPAIGN_PAUSED"]})
    assert [s["name"] for s in children] == ["Members"]


def test_a_running_ad_set_has_left_the_learning_phase(sdk: FacebookAdsApi) -> None:
    ad_sets = AdAccount(US_ACCOUNT, api=sdk).get_ad_sets(fields=["name", "learning_stage_info"])
    stages = {s["name"]: s["learning_stage_info"]["status"] for s in ad_sets}
    assert stages["Broad 18+"] == "SUCCESS"


def test_an_object_that_does_not_exist_is_an_unsupported_request(sdk: FacebookAdsApi) -> None:
    with pytest.raises(FacebookRequestError) as refused:
        Campaign("999", api=sdk).api_get(fields=["name"])
    assert (refused.value.api_error_code(), refused.value.api_error_subcode()) == (100, 33)
    assert refused.value.body()["error"]["fbtrace_id"]


def test_a_field_that_does_not_exist_is_named(sdk: FacebookAdsApi, sandbox: Sandbox) -> None:
    body = sandbox.graph("GET", BROAD, fields="name,roas_goal").json()
    assert body["error"]["code"] == 100
    assert "nonexisting field (roas_goal) on node type (Campaign)" in body["error"]["message"]


def test_an_edge_that_is_not_emulated_is_refused(sandbox: Sandbox) -> None:
    for path in (f"{US_ACCOUNT}/savedaudiences", f"{BROAD}/copies", "search"):
        answer = sandbox.graph("GET", path)
        assert answer.status_code == 400, path
        assert answer.json()["error"]["code"] == 100, path


@pytest.mark.parametrize(("token", "code"), [("nonsense", 190), ("", 104)])
def test_a_token_that_is_none_is_refused(sandbox: Sandbox, token: str, code: int) -> None:
    assert sandbox.graph("GET", "me", access_token=token).json()["error"]["code"] == code


def test_an_old_version_is_called_deprecated(sandbox: Sandbox) -> None:
    assert sandbox.graph("GET", "me", version="v12.0").json()["error"]["code"] == 2635


def test_several_objects_are_read_at_once(sandbox: Sandbox) -> None:
    body = sandbox.graph("GET", "", ids=f"{BROAD},{US_ACCOUNT}", fields="name").json()
    assert {key: value["name"] for key, value in body.items()} == {
        BROAD: "Prospecting | Broad",
        US_ACCOUNT: "Northwind Outfitters US",
    }


def test_a_batch_answers_each_step_on_its_own(sdk: FacebookAdsApi) -> None:
    answers: dict[str, int] = {}
    batch = sdk.new_batch()
    for node in (BROAD, "999"):
        Campaign(node, api=sdk).api_get(
            fields=["name"],
            batch=batch,
            success=lambda r, node=node: answers.update({node: r.status()}),
            failure=lambda r, node=node: answers.update({node: r.error().api_error_code()}),
        )
    batch.execute()
    assert answers == {BROAD: 200, "999": 100}


def test_a_batch_holds_fifty_steps_at_most(sandbox: Sandbox) -> None:
    steps = ",".join(['{"method":"GET","relative_url":"me"}'] * 51)
    assert sandbox.graph("POST", "", batch=f"[{steps}]").json()["error"]["code"] == 100


def test_usage_headers_come_with_every_answer(sandbox: Sandbox) -> None:
    answer = sandbox.graph("GET", f"{US_ACCOUNT}/adsets")
    assert '"type": "ads_management"' in answer.headers["x-business-use-case-usage"]
    assert "call_count" in answer.headers["x-app-usage"]


def test_a_parent_says_whose_ad_sets_they_are(sdk: FacebookAdsApi) -> None:
    ad_sets = Campaign(BROAD, api=sdk).get_ad_sets(
        fields=[AdSet.Field.campaign_id, AdSet.Field.effective_status]
    )
    assert {(s["campaign_id"], s["effective_status"]) for s in ad_sets} == {(BROAD, "ACTIVE")}
