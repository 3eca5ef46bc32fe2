"""What TikTok's side tells: who, which advertisers, what they own, in fields, filters and pages as TikTok's."""

import pytest

from tests.factories.tiktok import (
    BROAD,
    CREATORS,
    HU_ADVERTISER,
    HU_CART,
    HU_PIXEL,
    REACH,
    TRAIL_RUNNERS,
    US_ADVERTISER,
    US_PIXEL,
)
from tests.sandbox.tiktok.conftest import Ask
from tests.sandbox_process import HTTP, Sandbox, running_sandbox

OPTIONS = ("--seed", "7", "--start", "2026-03-02T15:00:00+00:00", "--history", "4")


def test_a_token_tells_who_and_the_app_which_advertisers(get: Ask, sandbox: Sandbox) -> None:
    assert get("user/info")["display_name"] == "Robin Vance"
    app = {"app_id": sandbox.tiktok_facts["app_id"], "secret": sandbox.tiktok_facts["app_secret"]}
    listed = get("oauth2/advertiser/get", **app)["list"]
    assert [row["advertiser_id"] for row in listed] == [US_ADVERTISER, HU_ADVERTISER]
    assert get("oauth2/advertiser/get", **(app | {"secret": "x"}))[0] == 40101


def test_advertisers_have_their_own_money_and_hours(get: Ask) -> None:
    fields = ["advertiser_id", "currency", "display_timezone"]
    rows = get("advertiser/info", advertiser_ids=[US_ADVERTISER, HU_ADVERTISER], fields=fields)["list"]
    assert [tuple(row.values()) for row in rows] == [
        (US_ADVERTISER, "USD", "America/New_York"),
        (HU_ADVERTISER, "HUF", "Europe/Budapest"),
    ]
    assert get("advertiser/info", advertiser_ids=["1"])[0] == 40001


def test_pixels_are_the_advertisers_own(get: Ask) -> None:
    for advertiser, pixel in ((US_ADVERTISER, US_PIXEL), (HU_ADVERTISER, HU_PIXEL)):
        (row,) = get("pixel/list", advertiser_id=advertiser)["pixels"]
        assert row["pixel_code"] == pixel
    assert get("pixel/list", advertiser_id=US_ADVERTISER, page_size=21)[0] == 40002


def test_a_list_is_paged_with_its_whole_count(get: Ask) -> None:
    found, pages = [], []
    for page in (1, 2, 3):
        data = get("adgroup/get", advertiser_id=US_ADVERTISER, page=page, page_size=2)
        found += [row["adgroup_id"] for row in data["list"]]
        pages.append(data["page_info"])
    assert len(found) == len(set(found)) == 5
    assert pages[0] == {"page": 1, "page_size": 2, "total_number": 5, "total_page": 3}


def test_only_the_fields_that_were_asked_for_come(get: Ask) -> None:
    rows = get("campaign/get", advertiser_id=US_ADVERTISER, fields=["campaign_id", "budget_mode"])["list"]
    assert {tuple(row) for row in rows} == {("campaign_id", "budget_mode")}
    assert get("campaign/get", advertiser_id=US_ADVERTISER, fields=["moon"])[0] == 40002


def test_filters_choose(get: Ask) -> None:
    def names(path: str, **rules: object) -> set[str]:
        rows = get(path, advertiser_id=US_ADVERTISER, filtering=rules, page_size=100)["list"]
        return {row[f"{path.partition('/')[0]}_id"] for row in rows}

    assert names("campaign/get", campaign_ids=[BROAD]) == {BROAD}
    assert names("campaign/get", objective_type="REACH") == {REACH}
    assert names("campaign/get", campaign_name="Creators") == {CREATORS}
    assert TRAIL_RUNNERS in names("adgroup/get", campaign_ids=[CREATORS], primary_status="STATUS_DELIVERY_OK")
    assert TRAIL_RUNNERS not in names("adgroup/get", primary_status="STATUS_DELETE")
    assert len(names("ad/get", adgroup_ids=[TRAIL_RUNNERS])) == 2
    assert get("campaign/get", advertiser_id=US_ADVERTISER, filtering={"moon": 1})[0] == 40002
    assert get("campaign/get", advertiser_id=US_ADVERTISER, filtering={"primary_status": []})[0] == 40002


def test_a_budget_is_of_the_accounts_currency(get: Ask) -> None:
    (group,) = get("adgroup/get", advertiser_id=HU_ADVERTISER, filtering={"adgroup_ids": [HU_CART]})["list"]
    assert (group["budget"], group["budget_mode"]) == (8_000, "BUDGET_MODE_DYNAMIC_DAILY_BUDGET")
    campaigns = get("campaign/get", advertiser_id=US_ADVERTISER)["list"]
    assert {row["campaign_id"]: row["budget_mode"] for row in campaigns} == {
        BROAD: "BUDGET_MODE_DAY",
        CREATORS: "BUDGET_MODE_INFINITE",
        REACH: "BUDGET_MODE_TOTAL",
    }


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "audience/get"),
        ("GET", "campaign/update"),
        ("POST", "campaign/get"),
        ("DELETE", "campaign/get"),
    ],
)
def test_what_is_not_emulated_is_refused_in_tiktoks_words(sandbox: Sandbox, method: str, path: str) -> None:
    answer = sandbox.tiktok(method, path, advertiser_id=US_ADVERTISER)
    assert answer.status_code == 200
    assert answer.json()["code"] in {40002, 40007}
    assert HTTP.get(f"{sandbox.url}/tiktok/open_api/v1.2/user/info/").json()["code"] == 40007


GARBAGE = (
    "",
    "[",
    "[1]",
    "{}",
    "null",
    "-1",
    "²",
    '{"a":1}',
    "[{}]",
    "[[1]]",
    "\x00",
    "é",
    "1e400",
    "9" * 5_000,
)
READS = {
    "campaign/get": ("fields", "filtering", "page", "page_size", "advertiser_id"),
    "advertiser/info": ("advertiser_ids", "fields"),
    "pixel/list": ("page_size", "code"),
    "report/integrated/get": (
        "metrics",
        "dimensions",
        "filtering",
        "start_date",
        "data_level",
        "report_type",
    ),
    "changelog/task/check": ("task_id",),
    "report/task/download": ("task_id",),
}
REPORT = {
    "report_type": "BASIC",
    "data_level": "AUCTION_ADGROUP",
    "dimensions": '["adgroup_id"]',
    "start_date": "2026-03-01",
    "end_date": "2026-03-01",
}


@pytest.mark.parametrize("path", READS)
def test_garbage_that_is_read_with_is_refused_or_ignored(sandbox: Sandbox, path: str) -> None:
    base = {"advertiser_id": US_ADVERTISER} | (REPORT if path.startswith("report/i") else {})
    for name in READS[path]:
        for text in GARBAGE:
            answer = sandbox.tiktok("GET", path, **(base | {name: text}))
            assert answer.status_code == 200, (name, text)
            assert answer.json()["code"] in {0, 40001, 40002, 40007}, (name, text)


@pytest.mark.parametrize(
    "path", ["campaign/update", "campaign/status/update", "adgroup/create", "event/track"]
)
@pytest.mark.parametrize("text", [*GARBAGE, '{"a": "\\ud800"}', "[" * 3_000, '{"budget": NaN}'])
def test_garbage_that_is_written_with_is_refused(sandbox: Sandbox, path: str, text: str) -> None:
    answer = HTTP.post(
        f"{sandbox.url}/tiktok/open_api/v1.3/{path}/",
        content=text.encode(),
        headers={"Access-Token": sandbox.tiktok_facts["access_token"]},
    )
    assert answer.status_code == 200
    assert answer.json()["code"] == 40002


@pytest.mark.parametrize("value", [None, True, [], {}, "x", -1, 10**30, 1e300, "1e999999", "0.001", 50.005])
def test_a_budget_that_is_none_is_refused(post: Ask, value: object) -> None:
    answer = post("campaign/update", advertiser_id=US_ADVERTISER, campaign_id=BROAD, budget=value)
    assert answer[0] == 40002


def test_a_restart_loses_nothing(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = str(tmp_path_factory.mktemp("sandbox"))
    with running_sandbox(*OPTIONS, "--data", folder) as first:
        first.tiktok("POST", "campaign/update", advertiser_id=US_ADVERTISER, campaign_id=BROAD, budget=333.5)
        made = first.tiktok(
            "POST", "campaign/create",
            advertiser_id=US_ADVERTISER, campaign_name="New", objective_type="TRAFFIC", budget_mode="BUDGET_MODE_DAY",
            budget=70,
        ).json()["data"]["campaign_id"]  # fmt: skip
    with running_sandbox(*OPTIONS, "--data", folder) as second:
        rows = second.tiktok("GET", "campaign/get", advertiser_id=US_ADVERTISER).json()["data"]["list"]
    assert {row["campaign_id"]: row["budget"] for row in rows} == {
        BROAD: 333.5, CREATORS: 0, REACH: 73_000, made: 70,
    }  # fmt: skip
