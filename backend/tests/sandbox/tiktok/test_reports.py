"""The integrated report: days and hours of the account, each ad group's own windows, late and restated figures."""

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest

from tests.factories.tiktok import BROAD, CREATORS, HU_ADVERTISER, REACH, US_ADVERTISER
from tests.sandbox.tiktok.conftest import Ask
from tests.sandbox_process import HTTP, Sandbox

PURCHASES = ["complete_payment", "total_complete_payment_rate", "vta_complete_payment"]
VAN_LIFE = "180000000001200021"
"""Counts no views."""


def report(level: str = "CAMPAIGN", *, by: str = "", days: tuple[str, str], **params: Any) -> dict[str, Any]:
    name = {"CAMPAIGN": "campaign_id", "ADGROUP": "adgroup_id", "ADVERTISER": "advertiser_id"}[level]
    return {
        "advertiser_id": US_ADVERTISER, "report_type": "BASIC", "data_level": f"AUCTION_{level}",
        "dimensions": [name, by] if by else [name], "start_date": days[0], "end_date": days[1], "page_size": 1_000,
    } | params  # fmt: skip


@pytest.fixture
def week(sandbox: Sandbox) -> tuple[str, str]:
    """Seven days that are over."""
    today = date.fromisoformat(sandbox.control("GET", "clock")["now"][:10])
    return str(today - timedelta(days=9)), str(today - timedelta(days=3))


def test_days_of_a_week_sum_to_the_week_at_every_level(get: Ask, week: tuple[str, str]) -> None:
    metrics = ["impressions", "clicks", *PURCHASES]
    sums = []
    for level in ("CAMPAIGN", "ADGROUP", "ADVERTISER"):
        for by in ("", "stat_time_day"):
            asked = report(level, by=by, days=week, metrics=metrics)
            rows = get("report/integrated/get", **asked)["list"]
            sums.append(
                {name: round(sum(float(row["metrics"][name]) for row in rows), 1) for name in metrics}
            )
    assert all(one == sums[0] for one in sums)
    assert all(sums[0].values())


def test_a_days_hours_are_that_day(get: Ask, week: tuple[str, str]) -> None:
    day = (week[0], week[0])
    by_hour = get("report/integrated/get", **report(by="stat_time_hour", days=day))["list"]
    assert {row["dimensions"]["stat_time_hour"][:10] for row in by_hour} == {week[0]}
    (whole,) = [
        row["metrics"]
        for row in get("report/integrated/get", **report(days=day))["list"]
        if row["dimensions"]["campaign_id"] == BROAD
    ]
    hours = [row["metrics"] for row in by_hour if row["dimensions"]["campaign_id"] == BROAD]
    assert len(hours) == 24
    assert sum(int(one["impressions"]) for one in hours) == int(whole["impressions"])


def test_an_ad_group_counts_by_its_own_windows(get: Ask, week: tuple[str, str]) -> None:
    rows = get("report/integrated/get", **report("ADGROUP", days=week, metrics=PURCHASES))["list"]
    viewed = {row["dimensions"]["adgroup_id"]: int(row["metrics"]["vta_complete_payment"]) for row in rows}
    assert viewed.pop(VAN_LIFE) == 0
    assert any(viewed.values())


def test_the_worthless_campaign_claims_and_does_not_cause(
    get: Ask, sandbox: Sandbox, week: tuple[str, str]
) -> None:
    rows = get("report/integrated/get", **report(days=week, metrics=["complete_payment"]))["list"]
    claimed = {row["dimensions"]["campaign_id"]: int(row["metrics"]["complete_payment"]) for row in rows}
    asked = {"account": US_ADVERTISER, "since": week[0], "until": week[1]}
    told = sandbox.control("GET", "truth/campaigns", params=asked)
    caused = {row["campaign_id"]: row["incremental_orders"] for row in told["campaigns"]}
    assert claimed[REACH] > 2 * caused[REACH]
    assert caused[BROAD] > 10 * caused[REACH]


def test_purchases_of_today_are_still_growing(get: Ask, sandbox: Sandbox) -> None:
    day = sandbox.advance(2)[:10]
    asked = report("ADVERTISER", days=(day, day), metrics=["complete_payment"])
    before = get("report/integrated/get", **asked)["list"]
    sandbox.advance(72)
    after = get("report/integrated/get", **asked)["list"]
    first = int(before[0]["metrics"]["complete_payment"]) if before else 0
    assert int(after[0]["metrics"]["complete_payment"]) > first


def test_faults_of_the_world_reach_tiktoks_report(get: Ask, sandbox: Sandbox, week: tuple[str, str]) -> None:
    asked = report("ADVERTISER", days=week, metrics=["spend", "complete_payment"])
    (before,) = get("report/integrated/get", **asked)["list"]
    lost = {"kind": "pixel_drop", "severity": 0.6, "start": f"{week[0]}T00:00:00+00:00", "vendor": "tiktok"}
    sandbox.control("POST", "faults", json=lost)
    (after,) = get("report/integrated/get", **asked)["list"]
    assert int(after["metrics"]["complete_payment"]) < 0.6 * int(before["metrics"]["complete_payment"])
    assert after["metrics"]["spend"] == before["metrics"]["spend"]


def test_filters_and_pages(get: Ask, week: tuple[str, str]) -> None:
    only = [{"field_name": "campaign_ids", "filter_type": "IN", "filter_value": f'["{CREATORS}"]'}]
    rows = get("report/integrated/get", **report("ADGROUP", days=week, filtering=only))["list"]
    assert len(rows) == 2
    page = get("report/integrated/get", **report("ADGROUP", days=week, page=2, page_size=2))
    assert len(page["list"]) == 2
    assert page["page_info"]["total_page"] == -(-page["page_info"]["total_number"] // 2)


@pytest.mark.parametrize(
    "wrong",
    [
        {"report_type": "AUDIENCE"},
        {"data_level": "AUCTION_AD"},
        {"dimensions": ["stat_time_day"]},
        {"dimensions": ["campaign_id", "country_code"]},
        {"metrics": ["moon"]},
        {"metrics": ["web_event_add_to_cart"]},
        {"start_date": "2026-03-02"},
        {"start_date": "yesterday"},
        {"filtering": [{"field_name": "country", "filter_type": "IN", "filter_value": "[]"}]},
        {"filtering": [{"field_name": "campaign_ids", "filter_type": "MATCH", "filter_value": "[]"}]},
        {"order_field": "spend"},
        {"dimensions": ["campaign_id", "stat_time_day"], "start_date": "2026-01-01"},
        {"dimensions": ["campaign_id", "stat_time_hour"], "start_date": "2026-02-27"},
    ],
)
def test_what_is_not_to_be_had_is_refused(get: Ask, wrong: dict[str, Any]) -> None:
    asked = report(days=("2026-02-28", "2026-03-01"))
    assert get("report/integrated/get", **asked)
    assert get("report/integrated/get", **(asked | wrong))[0] == 40002


def test_each_advertisers_money_is_its_own(get: Ask, week: tuple[str, str]) -> None:
    asked = report("ADVERTISER", days=week, metrics=["spend", "currency"], advertiser_id=HU_ADVERTISER)
    (row,) = get("report/integrated/get", **asked)["list"]
    assert row["metrics"]["currency"] == "HUF"
    assert float(row["metrics"]["spend"]) > 100_000


def test_a_report_is_written_when_asked_and_fetched_when_done(
    get: Ask, post: Ask, sandbox: Sandbox, week: tuple[str, str]
) -> None:
    asked = report(days=week, metrics=["campaign_name", "spend"])
    task = {"advertiser_id": US_ADVERTISER, "task_id": post("report/task/create", **asked)["task_id"]}
    early = sandbox.tiktok("GET", "report/task/download", **task).json()
    assert early["code"] == 40002
    seen = set()
    while (status := get("report/task/check", **task)["status"]) != "SUCCESS":
        seen.add(status)
    assert seen <= {"QUEUING", "PROCESSING"}
    file = sandbox.tiktok("GET", "report/task/download", **task)
    assert file.headers["content-type"].startswith("text/csv")
    rows = {row["campaign_id"]: row["spend"] for row in csv.DictReader(io.StringIO(file.text))}
    told = get("report/integrated/get", **asked)["list"]
    assert rows == {row["dimensions"]["campaign_id"]: row["metrics"]["spend"] for row in told}
    other = post("report/task/create", **asked)["task_id"]
    assert post("report/task/cancel", advertiser_id=US_ADVERTISER, task_id=other) == {"task_id": other}
    assert get("report/task/check", advertiser_id=US_ADVERTISER, task_id=other)["status"] == "CANCELED"
    assert get("report/task/check", advertiser_id=HU_ADVERTISER, task_id=other)[0] == 40007
    assert HTTP.get(f"{sandbox.url}/control/health").status_code == 200
