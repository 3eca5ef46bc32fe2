"""What TikTok's side lets be changed, by whom, and what it refuses; and that the world follows."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.factories.tiktok import (
    BROAD,
    CREATORS,
    HU_ADVERTISER,
    HU_CART,
    REACH,
    TRAIL_RUNNERS,
    US_ADVERTISER,
)
from tests.sandbox.tiktok.conftest import Ask, told
from tests.sandbox_process import HTTP, Sandbox

SHARED_GROUP = "180000000001200010"
US = {"advertiser_id": US_ADVERTISER}


def next_day(sandbox: Sandbox) -> dict[str, str]:
    """Lets a day begin at the account, and some hours of it pass; that day as a report's range."""
    here = datetime.fromisoformat(sandbox.control("GET", "clock")["now"]).astimezone(
        ZoneInfo("America/New_York")
    )
    tomorrow = here.date() + timedelta(days=1)
    sandbox.advance(24 - here.hour + 6)
    return {"start_date": tomorrow.isoformat(), "end_date": tomorrow.isoformat()}


def test_a_budget_is_changed_and_read_back(get: Ask, post: Ask) -> None:
    assert post("campaign/update", **US, campaign_id=BROAD, budget=410.25)["budget"] == 410.25
    (row,) = get("campaign/get", **US, filtering={"campaign_ids": [BROAD]})["list"]
    assert (row["budget"], row["budget_mode"]) == (410.25, "BUDGET_MODE_DAY")
    assert post("adgroup/update", **US, adgroup_id=TRAIL_RUNNERS, budget=181)["adgroup_id"] == TRAIL_RUNNERS


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("campaign/update", {"campaign_id": BROAD, "budget": 49}, "at least 50 USD"),
        ("campaign/update", {"campaign_id": BROAD, "budget": 10_000_000}, "less than 10000000 USD"),
        ("campaign/update", {"campaign_id": BROAD, "budget": 60.005}, "precision of USD is 2"),
        ("campaign/update", {"campaign_id": CREATORS, "budget": 60}, "BUDGET_MODE_INFINITE"),
        ("adgroup/update", {"adgroup_id": SHARED_GROUP, "budget": 60}, "optimized over its ad groups"),
        ("adgroup/update", {"adgroup_id": TRAIL_RUNNERS, "budget": 19}, "at least 20 USD"),
        ("campaign/update", {"campaign_id": REACH, "budget": 60}, "105% of the current spend"),
        ("campaign/update", {"campaign_id": BROAD, "moon": 1}, "not emulated"),
        ("campaign/update", {"campaign_id": BROAD, "campaign_name": " "}, "must not be empty"),
        (
            "campaign/status/update",
            {"campaign_ids": [BROAD], "operation_status": "FREEZE"},
            "ENABLE, DISABLE",
        ),
        (
            "campaign/status/update",
            {"campaign_ids": [BROAD] * 21, "operation_status": "DISABLE"},
            "length 20",
        ),
    ],
)
def test_what_tiktok_refuses_changes_nothing(
    get: Ask, post: Ask, path: str, body: dict[str, Any], words: str
) -> None:
    before = get("campaign/get", **US), get("adgroup/get", **US)
    code, message = post(path, **US, **body)
    assert code == 40002
    assert words in message
    assert (get("campaign/get", **US), get("adgroup/get", **US)) == before


def test_a_forint_has_no_hundredths(post: Ask) -> None:
    body = {"advertiser_id": HU_ADVERTISER, "adgroup_id": HU_CART}
    assert "precision of HUF is 0" in post("adgroup/update", **body, budget=8_000.5)[1]
    assert post("adgroup/update", **body, budget=8_000)["budget"] == 8_000


def test_anothers_object_is_not_there(post: Ask) -> None:
    assert post("campaign/update", advertiser_id=HU_ADVERTISER, campaign_id=BROAD, budget=60_000)[0] == 40007


def test_a_token_that_may_only_read_writes_nothing(sandbox: Sandbox, get: Ask) -> None:
    reader = sandbox.tiktok_facts["read_only_token"]
    answer = sandbox.tiktok("POST", "campaign/update", token=reader, **US, campaign_id=BROAD, budget=77)
    assert told(answer.json())[0] == 40001
    assert told(sandbox.tiktok("GET", "campaign/get", token=reader, **US).json())["list"]


def test_a_stopped_campaign_stops_its_ad_groups_and_the_spending(
    sandbox: Sandbox, get: Ask, post: Ask
) -> None:
    assert post("campaign/status/update", **US, campaign_ids=[REACH], operation_status="DISABLE") == {
        "campaign_ids": [REACH],
        "status": "DISABLE",
    }
    rules = {"campaign_ids": [REACH]}
    (group,) = get("adgroup/get", **US, filtering=rules)["list"]
    assert (group["operation_status"], group["secondary_status"]) == (
        "ENABLE",
        "ADGROUP_STATUS_CAMPAIGN_DISABLE",
    )
    report = {
        "report_type": "BASIC", "data_level": "AUCTION_CAMPAIGN", "dimensions": ["campaign_id"], "metrics": ["spend"],
    } | next_day(sandbox)  # fmt: skip
    spending = {
        row["dimensions"]["campaign_id"] for row in get("report/integrated/get", **US, **report)["list"]
    }
    assert spending == {BROAD, CREATORS}
    post("campaign/status/update", **US, campaign_ids=[REACH], operation_status="ENABLE")


def test_part_of_a_list_may_fail(sandbox: Sandbox, get: Ask, post: Ask) -> None:
    rows = get("adgroup/get", **US, filtering={"campaign_ids": [CREATORS]})["list"]
    groups = [row["adgroup_id"] for row in rows]
    body = {**US, "adgroup_ids": [*groups, "1"], "operation_status": "ENABLE"}
    assert post("adgroup/status/update", **body)[0] == 40007
    partly = post("adgroup/status/update", **body, allow_partial_success=True)
    assert partly["adgroup_ids"] == groups
    assert [row["adgroup_id"] for row in partly["error_list"]] == ["1"]
    order = {"kind": "partial_failure", "vendor": "tiktok", "path": "/adgroup/status/update", "severity": 0.5}
    sandbox.control("POST", "faults", json=order)
    body["adgroup_ids"] = groups
    partly = post("adgroup/status/update", **body, allow_partial_success=True)
    assert (len(partly["adgroup_ids"]), len(partly["error_list"])) == (1, 1)
    assert post("adgroup/status/update", **body)[0] == 40002


def test_a_campaign_is_made_with_its_ad_group_and_its_ads_and_delivers(
    sandbox: Sandbox, get: Ask, post: Ask
) -> None:
    now = sandbox.control("GET", "clock")["now"][:19].replace("T", " ")
    campaign = post(
        "campaign/create", **US, campaign_name="Winter", objective_type="WEB_CONVERSIONS",
        budget_mode="BUDGET_MODE_INFINITE",
    )["campaign_id"]  # fmt: skip
    wanted: dict[str, Any] = {
        **US, "campaign_id": campaign, "adgroup_name": "All", "schedule_type": "SCHEDULE_FROM_NOW",
        "schedule_start_time": now, "optimization_goal": "CONVERT", "billing_event": "OCPM",
        "location_ids": ["6252001"], "budget_mode": "BUDGET_MODE_DAY",
    }  # fmt: skip
    assert post("adgroup/create", **wanted) == (40002, "budget: Missing data for required field.")
    group = post("adgroup/create", **wanted, budget=100)["adgroup_id"]
    creative = {"ad_name": "One", "ad_format": "SINGLE_VIDEO"}
    (ad,) = post("ad/create", **US, adgroup_id=group, creatives=[creative])["ad_ids"]
    assert post("ad/create", **US, adgroup_id="1", creatives=[creative])[0] == 40007
    report = {
        "report_type": "BASIC", "data_level": "AUCTION_ADGROUP", "dimensions": ["adgroup_id"],
        "metrics": ["spend", "campaign_id", "adgroup_name"],
    } | next_day(sandbox)  # fmt: skip
    rows = {
        row["dimensions"]["adgroup_id"]: row["metrics"]
        for row in get("report/integrated/get", **US, **report)["list"]
    }
    assert float(rows[group]["spend"]) > 0
    assert (rows[group]["campaign_id"], rows[group]["adgroup_name"]) == (campaign, "All")
    deleted = post("campaign/status/update", **US, campaign_ids=[campaign], operation_status="DELETE")
    assert deleted["campaign_ids"] == [campaign]
    assert "is deleted" in post("campaign/update", **US, campaign_id=campaign, campaign_name="W")[1]
    gone = {"adgroup_ids": [group]}
    assert get("adgroup/get", **US, filtering=gone)["list"] == []
    (row,) = get("adgroup/get", **US, filtering=gone | {"primary_status": "STATUS_ALL"})["list"]
    assert row["secondary_status"] == "ADGROUP_STATUS_CAMPAIGN_DELETE"
    (row,) = get("ad/get", **US, filtering={"ad_ids": [ad], "primary_status": "STATUS_DELETE"})["list"]
    assert row["secondary_status"] == "AD_STATUS_CAMPAIGN_DELETE"


def test_an_ad_groups_daily_budget_does_not_go_by_the_door_for_lifetimes(post: Ask) -> None:
    """TikTok would take it over at midnight; that is not emulated, and nothing pretends it is."""
    for row in ({"budget": 200}, {"scheduled_budget": 200}):
        answer = post("adgroup/budget/update", **US, budget=[{"adgroup_id": TRAIL_RUNNERS} | row])
        assert answer[0] == 40002
        assert "not emulated" in answer[1]


def test_the_change_log_tells_who_changed_what(sandbox: Sandbox, get: Ask, post: Ask) -> None:
    edit = {"object_id": TRAIL_RUNNERS, "changes": {"budget": 185}, "actor": "Dana Reyes"}
    sandbox.control("POST", "tiktok/edit", json=edit)
    now = sandbox.control("GET", "clock")["now"]
    hour = now[:13].replace("T", " ")
    body = {
        **US, "start_time": f"{hour}:00:00", "end_time": f"{hour}:59:59", "timezone": "UTC",
        "object_ids": [TRAIL_RUNNERS],
    }  # fmt: skip
    assert post("changelog/task/create", **(body | {"timezone": "Mars/Olympus"}))[0] == 40002
    task = {**US, "task_id": post("changelog/task/create", **body)["task_id"]}
    while get("changelog/task/check", **task)["status"] != "SUCCESS":
        pass
    file = get("changelog/task/download", **task)["changelog"]
    assert file.startswith('{"file_data": "b\'')
    assert "Dana Reyes" in file
    assert "185 USD" in file
    assert get("changelog/task/check", **(task | {"task_id": "1"}))[0] == 40007


def test_a_persons_edit_may_be_refused_too(sandbox: Sandbox) -> None:
    for changes in ({"budget": 1}, {"moon": 1}):
        answer = HTTP.post(
            f"{sandbox.url}/control/tiktok/edit", json={"object_id": TRAIL_RUNNERS, "changes": changes}
        )
        assert answer.status_code == 422
    nothing = HTTP.post(f"{sandbox.url}/control/tiktok/edit", json={"object_id": "1", "changes": {"a": 1}})
    assert nothing.status_code == 404


def test_only_a_test_may_put_a_budget_below_what_is_spent_of_it(sandbox: Sandbox, get: Ask) -> None:
    def put(budget: float, **options: bool) -> int:
        edit = {"object_id": REACH, "changes": {"budget": budget}, **options}
        return HTTP.post(f"{sandbox.url}/control/tiktok/edit", json=edit).status_code

    (row,) = get("campaign/get", **US, filtering={"campaign_ids": [REACH]})["list"]
    assert put(60) == 422
    assert put(60, below_spend=True) == 200
    (low,) = get("campaign/get", **US, filtering={"campaign_ids": [REACH]})["list"]
    assert low["budget"] == 60
    assert put(row["budget"]) == 200
