"""Google's own client, unmodified, against the sandbox over gRPC: what REST answers, it gets too."""

import base64
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.db.session import Scopes
from app.services.integrations.gateway import Gateway
from app.services.integrations.google.queries import ADS
from app.services.integrations.ports import SET_DAILY_BUDGET
from app.services.integrations.service import IntegrationsService
from app.services.trust_engine.gate.permits import Change
from sandbox.vendors.google.fields import ATTRIBUTED, FIELDS
from tests.factories.assets import jpeg
from tests.factories.google import BRAND, DISPLAY, as_laid, connect
from tests.sandbox.google.conftest import JP, MANAGER, US, Api, select
from tests.sandbox.google.official import Json, Official, official_client
from tests.sandbox.google.test_demand_gen_ads import REFUSED as ADS_REFUSED
from tests.sandbox.google.test_new_campaigns import NEW_REFUSED, new_campaign
from tests.sandbox_process import BACKEND, Sandbox
from tests.services.integrations.conftest import Desk
from tests.services.integrations.google.test_ad_making import advert, make_ad, upload
from tests.services.integrations.google.test_creation import create, group, named

BUDGET = f"customers/{US}/campaignBudgets/11400000001"
TOTAL = f"customers/{US}/campaignBudgets/11400000006"
CAMPAIGN = f"customers/{US}/campaigns/{DISPLAY}"
CAMPAIGNS = "SELECT campaign.id FROM campaign ORDER BY campaign.id"
WEEK = "segments.date BETWEEN '2026-02-20' AND '2026-02-26'"
UNTIL = "change_event.change_date_time <= '2030-01-01'"
AMOUNT = {"paths": ["amount_micros"]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("google-grpc")


@pytest.fixture(scope="module")
def official(sandbox: Sandbox, folder: Path) -> Iterator[Official]:
    with official_client(sandbox, folder) as running:
        yield running


@pytest.fixture
def stock(sandbox: Sandbox) -> Iterator[Sandbox]:
    as_laid(sandbox)
    yield sandbox
    as_laid(sandbox)


@pytest.fixture
def faults(sandbox: Sandbox, official: Official) -> Iterator[Sandbox]:
    """The client has its token before anything breaks: getting one would meet the fault first."""
    assert official.search(CAMPAIGNS)["token"]
    yield sandbox
    sandbox.repair()


def without_empty(value: Any) -> Any:
    """Protobuf knows no empty list: it is as one that is not there."""
    if isinstance(value, dict):
        return {name: without_empty(one) for name, one in value.items() if one != []}
    return [without_empty(one) for one in value] if isinstance(value, list) else value


def in_protobuf(value: Any, name: str = "") -> Any:
    """A request of REST in the words of Google's messages."""
    if isinstance(value, dict):
        told = {
            "".join(f"_{c.lower()}" if c.isupper() else c for c in key): one for key, one in value.items()
        }
        return {f"{key}_" if key == "type" else key: in_protobuf(one, key) for key, one in told.items()}
    if isinstance(value, list):
        return [in_protobuf(one) for one in value]
    if name == "data":
        # The client reads base64 in the alphabet of addresses.
        return value.replace("+", "-").replace("/", "_")
    return int(value) if name.endswith("micros") else value


def budgets(official: Official, *amounts: tuple[str, int], **more: Any) -> Json:
    operations = [
        {"update": {"resource_name": name, "amount_micros": micros}, "update_mask": AMOUNT}
        for name, micros in amounts
    ]
    return official.call(
        "CampaignBudgetService", "mutate_campaign_budgets", US, operations=operations, **more
    )


def budgets_by_rest(api: Api, *amounts: tuple[str, int], **more: Any) -> Json:
    operations = [
        {"update": {"resourceName": name, "amountMicros": str(micros)}, "updateMask": "amountMicros"}
        for name, micros in amounts
    ]
    found: Json = api.mutate("campaignBudgets", *operations, **more).json()
    return found


def errors(answer: Json) -> list[Json]:
    """Of a refusal that the client raised as its own exception."""
    assert answer["raised"] == "GoogleAdsException", answer
    assert answer["failure"]["requestId"] == answer["request_id"]
    found: list[Json] = answer["failure"]["errors"]
    return found


def errors_by_rest(body: Json) -> list[Json]:
    found: list[Json] = body["error"]["details"][0]["errors"]
    return found


def test_every_field_that_queries_know_is_in_googles_own_messages(official: Official) -> None:
    declared = [{"name": f.name, "type": f.type, "values": sorted(f.values)} for f in FIELDS.values()]
    assert official.ask(declared=declared)["wrong"] == []


def whole(resource: str, *conditions: str) -> str:
    return select(", ".join(name for name, f in FIELDS.items() if f.of == resource), resource, *conditions)


@pytest.mark.parametrize("resource", sorted(ATTRIBUTED.keys() - {"change_event"}))
def test_the_same_question_has_the_same_rows(api: Api, official: Official, resource: str) -> None:
    query = whole(resource)
    by_rest = without_empty(api.rows(query))
    assert by_rest
    assert official.search(query)["rows"] == by_rest
    assert official.call("GoogleAdsService", "search_stream", US, query=query)["rows"] == by_rest


def history(sandbox: Sandbox) -> str:
    day = sandbox.control("GET", "clock")["now"][:10]
    return f"{whole('change_event', f'change_event.change_date_time >= {day!r}', UNTIL)} LIMIT 50"


def test_the_history_has_the_same_rows(
    api: Api, official: Official, stock: Sandbox, project: Callable[..., None]
) -> None:
    project(change_delay=0)
    budgets(official, (BUDGET, 170_000_000))
    query = history(stock)
    by_rest = api.rows(query)
    assert "170000000" in str(by_rest)
    assert official.search(query)["rows"] == by_rest


def test_a_report_has_the_same_figures(api: Api, official: Official) -> None:
    fields = (
        "metrics.cost_micros, metrics.clicks, metrics.ctr, metrics.conversions, metrics.conversions_value"
    )
    query = select(f"campaign.id, segments.date, {fields}", "campaign", WEEK)
    rows = official.search(query)["rows"]
    assert rows == api.rows(query)
    assert sum(float(row["metrics"]["conversionsValue"]) for row in rows) > 0


def test_pages_and_batches_hold_every_row_once(
    api: Api, official: Official, project: Callable[..., None]
) -> None:
    whole = api.rows(CAMPAIGNS)
    project(page_rows=3)
    found = official.search(CAMPAIGNS, search_settings={"return_total_results_count": True})
    assert found["rows"] == whole
    assert len(found["pages"]) == -(-len(whole) // 3)
    assert {page["totalResultsCount"] for page in found["pages"]} == {str(len(whole))}
    streamed = official.call("GoogleAdsService", "search_stream", US, query=CAMPAIGNS)
    assert [len(batch["results"]) for batch in streamed["batches"][:-1]] == [3] * (len(found["pages"]) - 1)
    assert streamed["rows"] == whole
    refused = official.search(CAMPAIGNS, page_token="another's")
    assert errors(refused)[0]["errorCode"] == {"requestError": "INVALID_PAGE_TOKEN"}


def test_an_account_behind_a_manager_is_reached_through_it(official: Official) -> None:
    mine = official.ask(service="CustomerService", method="list_accessible_customers", request={})["answer"]
    assert mine["resourceNames"] == [f"customers/{MANAGER}", f"customers/{US}"]
    query = "SELECT customer.currency_code FROM customer"
    assert official.search(query, JP, login=MANAGER)["rows"][0]["customer"]["currencyCode"] == "JPY"
    refused = official.search(query, JP)
    assert (refused["status"], errors(refused)[0]["errorCode"]) == (
        "PERMISSION_DENIED",
        {"authorizationError": "USER_PERMISSION_DENIED"},
    )


async def test_what_it_writes_is_what_rest_and_our_connector_read_and_the_other_way(
    api: Api, official: Official, stock: Sandbox, scopes: Scopes, platforms: Gateway
) -> None:
    desk = Desk()
    account = (await connect(scopes, stock)).dollars
    ours = await IntegrationsService(scopes, desk).connector(account)
    assert budgets(official, (BUDGET, 190_000_000))["answer"] == {"results": [{"resourceName": BUDGET}]}
    paused = {
        "update": {"resource_name": CAMPAIGN, "status": "PAUSED"},
        "update_mask": {"paths": ["status"]},
    }
    done = official.call(
        "CampaignService",
        "mutate_campaigns",
        US,
        operations=[paused],
        response_content_type="MUTABLE_RESOURCE",
    )
    assert done["answer"]["results"][0]["campaign"]["status"] == "PAUSED"
    (row,) = api.rows(select("campaign.status", "campaign", f"campaign.id = {DISPLAY}"))
    assert row["campaign"]["status"] == "PAUSED"
    read = {one.external_id: one for one in await ours.list_campaigns()}
    assert (read[BRAND].daily_budget_micros, read[DISPLAY].status) == (190_000_000, "paused")
    back = Change(
        platform="google",
        account=US,
        entity_type="campaign",
        entity=BRAND,
        operation=SET_DAILY_BUDGET,
        before={},
        after={"daily_budget_micros": 185_000_000},
    )
    await ours.set_daily_budget(back, desk.mint(back))
    query = select("campaign_budget.amount_micros", "campaign", f"campaign.id = {BRAND}")
    assert official.search(query)["rows"][0]["campaignBudget"]["amountMicros"] == "185000000"


async def test_it_reads_the_ads_that_our_connector_reads_and_why_one_was_turned_down(
    official: Official, stock: Sandbox, scopes: Scopes, platforms: Gateway
) -> None:
    name = f"customers/{US}/adGroupAds/314000010001~314000010009"
    ours = await IntegrationsService(scopes).connector((await connect(scopes, stock)).dollars)
    told = {"ad": name, "verdict": "disapproved", "reasons": [{"topic": "TRADEMARKS", "text": "Gore-Tex"}]}
    stock.control("POST", "google/review", json=told)
    try:
        read = {one.external_id: one for one in await ours.list_ads()}
        rows = official.search(ADS)["rows"]
    finally:
        stock.control("POST", "google/review", json={"ad": name, "verdict": "approved"})
    found = {f"{row['adGroup']['id']}~{row['adGroupAd']['ad']['id']}": row["adGroupAd"] for row in rows}
    assert read.keys() == found.keys()
    assert all(found[each]["ad"]["finalUrls"] == [read[each].creative.landing_url] for each in found)
    policy = found["314000010001~314000010009"]["policySummary"]
    assert (policy["approvalStatus"], policy["reviewStatus"]) == ("DISAPPROVED", "REVIEWED")
    (entry,) = policy["policyTopicEntries"]
    assert (entry["topic"], entry["type"]) == ("TRADEMARKS", "PROHIBITED")
    own = read["314000010001~314000010009"]
    assert (own.review, own.reasons) == ("disapproved", ("Trademarks: Gore-Tex",))


def test_a_campaign_is_made_whole_in_one_request(
    api: Api, official: Official, sandbox: Sandbox, project: Callable[..., None]
) -> None:
    budget, campaign, group = (
        f"customers/{US}/{name}" for name in ("campaignBudgets/-1", "campaigns/-2", "adGroups/-3")
    )
    project(change_delay=0)
    made = official.call("GoogleAdsService", "mutate", US, response_content_type="MUTABLE_RESOURCE", mutate_operations=[
        {"campaign_budget_operation": {"create": {
            "resource_name": budget, "name": "Over gRPC", "amount_micros": 50_000_000, "explicitly_shared": False,
        }}},
        {"campaign_operation": {"create": {
            "resource_name": campaign, "name": "Made over gRPC", "campaign_budget": budget, "status": "PAUSED",
            "advertising_channel_type": "SEARCH", "manual_cpc": {},
            "contains_eu_political_advertising": "DOES_NOT_CONTAIN_EU_POLITICAL_ADVERTISING",
        }}},
        {"ad_group_operation": {"create": {"resource_name": group, "name": "Group", "campaign": campaign}}},
        {"ad_group_ad_operation": {"create": {"ad_group": group, "ad": {"name": "Ad"}}}},
    ])  # fmt: skip
    results = made["answer"]["mutateOperationResponses"]
    names = [next(iter(one.values()))["resourceName"] for one in results]
    assert results[3]["adGroupAdResult"]["adGroupAd"]["ad"]["name"] == "Ad"
    condition = f"campaign.resource_name = '{names[1]}'"
    (row,) = api.rows(select("campaign.name, campaign.campaign_budget", "campaign", condition))
    assert row["campaign"]["name"] == "Made over gRPC"
    assert row["campaign"]["campaignBudget"] == names[0]
    (ad,) = api.rows(select("ad_group_ad.ad_group", "ad_group_ad", condition))
    assert ad["adGroupAd"]["adGroup"] == names[2]
    told = official.search(history(sandbox))["rows"]
    assert {"adGroupAd": {"ad": {"name": "Ad", "type": "UNKNOWN"}, "adGroup": names[2]}} in [
        row["changeEvent"]["newResource"] for row in told
    ]
    removed = official.call("CampaignService", "mutate_campaigns", US, operations=[{"remove": names[1]}])
    assert removed["answer"]["results"] == [{"resourceName": names[1]}]


def places(official: Official, group: str) -> list[str]:
    query = select(
        "ad_group_criterion.location.geo_target_constant", "ad_group_criterion", f"ad_group.id = {group}"
    )
    found = official.search(f"{query} ORDER BY ad_group_criterion.criterion_id")["rows"]
    return [row["adGroupCriterion"]["location"]["geoTargetConstant"] for row in found]


def whole_of(api: Api, campaign: str) -> list[Json]:
    """All that Google holds of a campaign, without what is another one's: ids and names."""
    told = []
    for resource in ("campaign", "ad_group", "ad_group_criterion", "campaign_conversion_goal"):
        also = (
            [name for name, f in FIELDS.items() if f.of == "campaign_budget"]
            if resource == "campaign"
            else []
        )
        fields = ", ".join([*(name for name, f in FIELDS.items() if f.of == resource), *also])
        rows = api.rows(select(fields, resource, f"campaign.id = {campaign}"))
        told += [_nameless(row) for row in rows]
    return told


def _nameless(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _nameless(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [_nameless(one, name) for one in value]
    if name in {"id", "name", "criterionId"}:
        return ""
    if isinstance(value, str) and value.startswith(f"customers/{US}/"):
        return value.rstrip("0123456789").partition("~")[0].rstrip("0123456789")
    return value


async def test_a_campaign_of_its_making_and_one_of_ours_are_the_same(
    api: Api, official: Official, stock: Sandbox, scopes: Scopes, platforms: Gateway
) -> None:
    desk = Desk()
    account = (await connect(scopes, stock)).dollars
    ours = await IntegrationsService(scopes, desk).connector(account)
    aim = {"objective": "leads", "conversion": "lead", "bid_strategy": "cost_cap", "bid_micros": 9_000_000}
    campaign = await create(ours, desk, named(**aim))
    group_id = await create(ours, desk, group(campaign, **aim))
    goals = api.rows("SELECT customer_conversion_goal.category FROM customer_conversion_goal")
    budget, made, ad_group = (
        f"customers/{US}/{name}" for name in ("campaignBudgets/-1", "campaigns/-2", "adGroups/-3")
    )
    answer = official.call("GoogleAdsService", "mutate", US, mutate_operations=[
        {"campaign_budget_operation": {"create": {
            "resource_name": budget, "amount_micros": 60_000_000, "explicitly_shared": False,
        }}},
        {"campaign_operation": {"create": {
            "resource_name": made, "name": f"Of Google's client, beside {campaign}", "campaign_budget": budget,
            "status": "PAUSED", "advertising_channel_type": "DEMAND_GEN",
            "target_cpa": {"target_cpa_micros": 9_000_000},
            "contains_eu_political_advertising": "DOES_NOT_CONTAIN_EU_POLITICAL_ADVERTISING",
        }}},
        *(
            {"campaign_conversion_goal_operation": {
                "update": {
                    "resource_name": f"customers/{US}/campaignConversionGoals/-2~{category}~WEBSITE",
                    "biddable": category == "SUBMIT_LEAD_FORM",
                },
                "update_mask": {"paths": ["biddable"]},
            }}
            for category in (row["customerConversionGoal"]["category"] for row in goals)
        ),
        {"ad_group_operation": {"create": {
            "resource_name": ad_group, "name": "Group", "campaign": made, "status": "PAUSED",
        }}},
        *(
            {"ad_group_criterion_operation": {"create": {
                "ad_group": ad_group, "location": {"geo_target_constant": f"geoTargetConstants/{number}"},
            }}}
            for number in (2348, 2840)
        ),
    ])  # fmt: skip
    assert "answer" in answer, answer
    names = [next(iter(one.values()))["resourceName"] for one in answer["answer"]["mutateOperationResponses"]]
    theirs = next(name.rpartition("/")[2] for name in names if "/campaigns/" in name)
    assert whole_of(api, campaign) == whole_of(api, theirs)
    assert len(whole_of(api, theirs)) == 1 + 1 + 2 + len(goals)
    assert places(official, group_id) == ["geoTargetConstants/2348", "geoTargetConstants/2840"]


def ad_of(api: Api, ad: str) -> Json:
    """All that Google holds of an ad, without what is another one's: ids and names."""
    fields = ", ".join(name for name, f in FIELDS.items() if f.of == "ad_group_ad")
    (row,) = api.rows(select(fields, "ad_group_ad", f"ad_group_ad.resource_name = '{ad}'"))
    found: Json = _nameless(row)
    return found


async def test_an_ad_of_its_making_and_one_of_ours_are_the_same(
    api: Api, official: Official, stock: Sandbox, scopes: Scopes, platforms: Gateway
) -> None:
    """Each uploads images of its own, and has an ad of them in one ad group."""
    desk = Desk()
    account = (await connect(scopes, stock)).dollars
    ours = await IntegrationsService(scopes, desk).connector(account)
    group_id = await create(ours, desk, group(await create(ours, desk, named())))
    picture, logo = (
        await upload(ours, desk, jpeg(1200, 628, 311)),
        await upload(ours, desk, jpeg(300, 300, 311)),
    )
    made = await make_ad(ours, desk, advert(group_id, picture, logo))
    theirs = [f"customers/{US}/assets/{number}" for number in (-1, -2)]
    answer = official.call("GoogleAdsService", "mutate", US, mutate_operations=[
        *(
            {"asset_operation": {"create": {
                "resource_name": name, "name": f"Of Google's client, beside {made}: {name}", "type_": "IMAGE",
                "image_asset": {"data": base64.urlsafe_b64encode(content).decode()},
            }}}
            for name, content in zip(theirs, (jpeg(1200, 628, 312), jpeg(300, 300, 312)), strict=True)
        ),
        {"ad_group_ad_operation": {"create": {
            "ad_group": f"customers/{US}/adGroups/{group_id}", "status": "PAUSED",
            "ad": {
                "name": "Of Google's client", "final_urls": ["https://northwind.example/trail"],
                "demand_gen_multi_asset_ad": {
                    "marketing_images": [{"asset": theirs[0]}], "logo_images": [{"asset": theirs[1]}],
                    "headlines": [{"text": "Down the ridge, dry"}],
                    "descriptions": [{"text": "Light shoes for wet trails."}],
                    "business_name": "Northwind", "call_to_action_text": "Shop Now",
                },
            },
        }}},
    ])  # fmt: skip
    assert "answer" in answer, answer
    names = [next(iter(one.values()))["resourceName"] for one in answer["answer"]["mutateOperationResponses"]]
    own = f"customers/{US}/adGroupAds/{made}"
    assert ad_of(api, own) == ad_of(api, names[2])
    info = ad_of(api, own)["adGroupAd"]["ad"]["demandGenMultiAssetAd"]
    assert set(info) == {
        "marketingImages", "logoImages", "headlines", "descriptions", "businessName", "callToActionText",
    }  # fmt: skip
    read = official.search(ADS)["rows"]
    assert {made, names[2].rpartition("/")[2]} <= {
        f"{row['adGroup']['id']}~{row['adGroupAd']['ad']['id']}" for row in read
    }
    gone = official.call("AdGroupAdService", "mutate_ad_group_ads", US, operations=[{"remove": names[2]}])
    assert gone["answer"]["results"] == [{"resourceName": names[2]}]
    again = official.call("AssetService", "mutate_assets", US, operations=[{"create": {
        "name": "Another name", "type_": "IMAGE",
        "image_asset": {"data": base64.urlsafe_b64encode(jpeg(1200, 628, 311)).decode()},
    }}])  # fmt: skip
    assert again["answer"]["results"] == [{"resourceName": f"customers/{US}/assets/{picture}"}]


@pytest.mark.parametrize(("operations", "expected"), ADS_REFUSED, ids=[code for _, code in ADS_REFUSED])
def test_an_ad_is_refused_the_same_way(
    api: Api, official: Official, operations: list[Json], expected: str
) -> None:
    kind, code = expected.split(".")
    answer = official.call("GoogleAdsService", "mutate", US, mutate_operations=in_protobuf(operations))
    assert errors(answer)[0]["errorCode"] == {kind: code}
    assert errors(answer) == errors_by_rest(api.mutate("googleAds", *operations).json())


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("SELECT campaign.nonsense FROM campaign", "UNRECOGNIZED_FIELD"),
        ("SELECT campaign.id FROM keyword_view", "PROHIBITED_RESOURCE_TYPE_IN_FROM_CLAUSE"),
        ("SELECT campaign.id campaign", "EXPECTED_FROM"),
        ("SELECT campaign.id FROM campaign WHERE campaign.status = 'GONE'", "BAD_ENUM_CONSTANT"),
    ],
)
def test_a_query_is_refused_in_googles_words(api: Api, official: Official, query: str, code: str) -> None:
    answer = official.search(query)
    assert (answer["status"], answer["message"]) == (
        "INVALID_ARGUMENT",
        "Request contains an invalid argument.",
    )
    assert errors(answer)[0]["errorCode"] == {"queryError": code}
    assert errors(answer) == errors_by_rest(api.search(query).json())
    streamed = official.call("GoogleAdsService", "search_stream", US, query=query)
    assert errors(streamed) == errors(answer)


def test_a_write_is_refused_with_its_trigger_and_its_place(api: Api, official: Official) -> None:
    found = errors(budgets(official, (BUDGET, 180_000_001)))
    assert found == errors_by_rest(budgets_by_rest(api, (BUDGET, 180_000_001)))
    assert found[0]["errorCode"] == {"campaignBudgetError": "NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT"}
    assert found[0]["trigger"] == {"int64Value": "180000001"}
    path = found[0]["location"]["fieldPathElements"]
    assert path == [
        {"fieldName": "operations", "index": 0},
        {"fieldName": "update"},
        {"fieldName": "amount_micros"},
    ]
    masked = {"update": {"resource_name": BUDGET}, "update_mask": {"paths": ["amountMicros"]}}
    unknown = official.call("CampaignBudgetService", "mutate_campaign_budgets", US, operations=[masked])
    assert errors(unknown)[0]["errorCode"] == {"fieldMaskError": "FIELD_NOT_FOUND"}


@pytest.mark.parametrize(("changes", "expected"), NEW_REFUSED)
def test_a_new_campaign_is_refused_as_by_rest(
    api: Api, official: Official, changes: Json, expected: str
) -> None:
    asked = in_protobuf(new_campaign(**changes))
    found = errors(official.call("GoogleAdsService", "mutate", US, mutate_operations=asked))
    assert found == errors_by_rest(api.mutate("googleAds", *new_campaign(**changes)).json())
    ((group_name, code),) = found[0]["errorCode"].items()
    assert f"{group_name}.{code}" == expected


def test_a_part_may_fail_alone(api: Api, official: Official, stock: Sandbox) -> None:
    asked = ((BUDGET, 200_000_000), (TOTAL, 10_000_000))
    answer = budgets(official, *asked, partial_failure=True)["answer"]
    assert answer["results"] == [{"resourceName": BUDGET}, {}]
    (told,) = answer["partialFailureError"]["details"]
    assert told["@type"].endswith(".v26.errors.GoogleAdsFailure")
    (same,) = budgets_by_rest(api, *asked, partialFailure=True)["partialFailureError"]["details"]
    assert told["errors"] == same["errors"]


def test_a_rate_limit_says_when_to_come_again(
    official: Official, faults: Sandbox, project: Callable[..., None]
) -> None:
    faults.control("POST", "faults", json={"kind": "rate_limit", "vendor": "google", "seconds": 7})
    limited = official.search(CAMPAIGNS)
    assert (limited["raised"], limited["status"]) == ("ResourceExhausted", "RESOURCE_EXHAUSTED")
    (failure,) = limited["details"]
    assert failure["errors"][0]["errorCode"] == {"quotaError": "RESOURCE_TEMPORARILY_EXHAUSTED"}
    assert failure["errors"][0]["details"]["quotaErrorDetails"]["retryDelay"] == "7s"
    faults.repair()
    project(operations_per_day=1)
    (spent,) = official.search(CAMPAIGNS)["details"]
    assert spent["errors"][0]["errorCode"] == {"quotaError": "RESOURCE_EXHAUSTED"}


def test_a_token_that_ended_is_told_as_such(official: Official, sandbox: Sandbox) -> None:
    token = official.search(CAMPAIGNS)["token"]
    for action, code in (("expire", "OAUTH_TOKEN_EXPIRED"), ("revoke", "OAUTH_TOKEN_REVOKED")):
        sandbox.control("POST", "google/tokens", json={"action": action, "token": token})
        refused = official.search(CAMPAIGNS)
        assert refused["status"] == "UNAUTHENTICATED"
        assert errors(refused)[0]["errorCode"] == {"authenticationError": code}
        sandbox.control("POST", "google/tokens", json={"action": "restore", "token": token})
    assert official.search(CAMPAIGNS)["rows"]


@pytest.mark.parametrize(
    ("kind", "raised", "code"),
    [
        ("server_error", "InternalServerError", "INTERNAL"),
        ("malformed_json", "InternalServerError", "INTERNAL"),
        ("connection_reset", "ServiceUnavailable", "UNAVAILABLE"),
    ],
)
def test_what_breaks_the_wire_breaks_it_here_too(
    official: Official, faults: Sandbox, kind: str, raised: str, code: str
) -> None:
    faults.control("POST", "faults", json={"kind": kind, "vendor": "google", "count": 1})
    answer = official.search(CAMPAIGNS)
    assert (answer["raised"], answer["status"]) == (raised, code)


def test_what_is_not_emulated_is_not_there(official: Official) -> None:
    answer = official.call("LabelService", "mutate_labels", US, operations=[])
    assert (answer["raised"], answer["status"]) == ("MethodNotImplemented", "UNIMPLEMENTED")


def test_only_who_trusts_the_sandbox_speaks_to_it(official: Official, folder: Path) -> None:
    host, _, port = official.endpoint.partition(":")
    for context, trusted in (
        (ssl.create_default_context(cafile=folder / "roots.pem"), True),
        (ssl.create_default_context(), False),
    ):
        with socket.create_connection((host, int(port))) as plain:
            if trusted:
                context.wrap_socket(plain, server_hostname=host).close()
            else:
                with pytest.raises(ssl.SSLCertVerificationError):
                    context.wrap_socket(plain, server_hostname=host)


def test_without_googles_package_it_says_so() -> None:
    command = (sys.executable, "-m", "sandbox.vendors.google.grpc")
    done = subprocess.run(command, cwd=BACKEND, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "needs the package google-ads" in done.stderr
