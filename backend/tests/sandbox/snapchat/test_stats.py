"""Measurement over HTTP: totals and series, windows, the account's days, and what it refuses."""

from typing import Any

import pytest

from tests.factories.snapchat import CART, KW_PROSPECTING, PROSPECTING, US_ACCOUNT, VISITORS
from tests.sandbox_process import Sandbox

FIELDS = "impressions,swipes,spend,conversion_purchases,conversion_purchases_value"
WEEK = {"start_time": "2026-02-20T00:00:00.000-05:00", "end_time": "2026-02-27T00:00:00.000-05:00"}
LENS_CAMPAIGN = "5a9c0002-0001-4000-8000-000000000003"


def stat(snap: Sandbox, path: str, **query: str) -> dict[str, Any]:
    answer = snap.snapchat("GET", f"{path}/stats", **query)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    kind = "total" if "total_stats" in body else "timeseries"
    (item,) = body[f"{kind}_stats"]
    assert item["sub_request_status"] == "SUCCESS"
    found: dict[str, Any] = item[f"{kind}_stat"]
    return found


def test_days_add_up_to_the_total_and_squads_to_the_campaign(snap: Sandbox) -> None:
    path = f"campaigns/{PROSPECTING}"
    total = stat(snap, path, granularity="TOTAL", fields=FIELDS, **WEEK)["stats"]
    days = stat(snap, path, granularity="DAY", fields=FIELDS, **WEEK)["timeseries"]
    assert len(days) == 7
    assert days[0]["start_time"] == "2026-02-20T00:00:00.000-05:00"
    squads = stat(snap, path, granularity="DAY", breakdown="adsquad", fields=FIELDS, **WEEK)[
        "breakdown_stats"
    ]
    rows = [entry["stats"] for squad in squads["adsquad"] for entry in squad["timeseries"]]
    for name in total:
        assert sum(day["stats"][name] for day in days) == pytest.approx(total[name], abs=10)
        assert sum(row[name] for row in rows) == pytest.approx(total[name], abs=20)
    assert total["spend"] > 0
    assert total["conversion_purchases"] > 0


def test_hours_add_up_to_their_day(snap: Sandbox) -> None:
    day = {"start_time": "2026-02-20T00:00:00-05:00", "end_time": "2026-02-21T00:00:00-05:00"}
    hours = stat(snap, f"adsquads/{CART}", granularity="HOUR", fields="spend", **day)["timeseries"]
    total = stat(snap, f"adsquads/{CART}", granularity="TOTAL", fields="spend", **day)["stats"]["spend"]
    assert len(hours) == 24
    assert sum(hour["stats"]["spend"] for hour in hours) == pytest.approx(total, abs=24)


def test_the_clocks_change_makes_a_day_of_23_hours(snap: Sandbox) -> None:
    snap.advance(9 * 24)
    day = {"start_time": "2026-03-08T00:00:00-05:00", "end_time": "2026-03-09T00:00:00-04:00"}
    hours = stat(snap, f"campaigns/{PROSPECTING}", granularity="HOUR", fields="spend", **day)["timeseries"]
    assert len(hours) == 23
    days = stat(snap, f"campaigns/{PROSPECTING}", granularity="DAY", fields="spend", **day)["timeseries"]
    assert [(one["start_time"], one["end_time"]) for one in days] == [
        ("2026-03-08T00:00:00.000-05:00", "2026-03-09T00:00:00.000-04:00")
    ]
    assert sum(hour["stats"]["spend"] for hour in hours) == pytest.approx(days[0]["stats"]["spend"], abs=24)


def test_an_account_tells_its_spending_and_its_campaigns(snap: Sandbox) -> None:
    path = f"adaccounts/{US_ACCOUNT}"
    spent = stat(snap, path, granularity="TOTAL", fields="spend", **WEEK)["stats"]["spend"]
    parts = stat(snap, path, granularity="TOTAL", fields=FIELDS, breakdown="campaign", **WEEK)
    rows = {row["id"]: row["stats"] for row in parts["breakdown_stats"]["campaign"]}
    assert sum(row["spend"] for row in rows.values()) == pytest.approx(spent, abs=10)
    assert rows.keys() >= {PROSPECTING, VISITORS, LENS_CAMPAIGN}


def test_one_campaign_is_not_worth_its_money(snap: Sandbox) -> None:
    def roas(campaign: str) -> float:
        stats = stat(snap, f"campaigns/{campaign}", granularity="LIFETIME", fields=FIELDS)["stats"]
        return float(stats["conversion_purchases_value"] / stats["spend"])

    assert roas(PROSPECTING) > 2
    assert roas(VISITORS) > 2
    assert roas(LENS_CAMPAIGN) < 1.5


def test_windows_cut_what_is_counted(snap: Sandbox) -> None:
    def counted(swipe: str, view: str) -> int:
        names = {"swipe_up_attribution_window": swipe, "view_attribution_window": view}
        stats = stat(
            snap,
            f"campaigns/{PROSPECTING}",
            granularity="TOTAL",
            fields="conversion_purchases",
            **names,
            **WEEK,
        )
        return int(stats["stats"]["conversion_purchases"])

    found = [
        counted("1_DAY", "none"),
        counted("1_DAY", "1_DAY"),
        counted("7_DAY", "1_DAY"),
        counted("28_DAY", "7_DAY"),
    ]
    assert found == sorted(found)
    assert found[0] < found[-1]
    fields = "conversion_purchases,conversion_purchases_swipe_up,conversion_purchases_view"
    none = {"view_attribution_window": "none", "granularity": "TOTAL", "fields": fields, **WEEK}
    swiped = stat(snap, f"campaigns/{PROSPECTING}", **none)["stats"]
    assert swiped["conversion_purchases_view"] == 0
    assert swiped["conversion_purchases"] == swiped["conversion_purchases_swipe_up"] > 0
    stats = stat(snap, f"campaigns/{PROSPECTING}", granularity="TOTAL", fields=fields, **WEEK)["stats"]
    assert stats["conversion_purchases"] == sum(v for k, v in stats.items() if k != "conversion_purchases")


def test_conversions_come_late_and_stand_on_the_day_that_is_asked_for(snap: Sandbox) -> None:
    day = {"start_time": "2026-03-01T00:00:00-05:00", "end_time": "2026-03-02T00:00:00-05:00"}
    query = {"granularity": "TOTAL", "fields": "conversion_purchases", **day}
    path = f"campaigns/{PROSPECTING}"
    before = stat(snap, path, action_report_time="impression", **query)["stats"]["conversion_purchases"]
    snap.advance(5 * 24)
    after = stat(snap, path, action_report_time="impression", **query)["stats"]["conversion_purchases"]
    by_conversion = stat(snap, path, **query)["stats"]["conversion_purchases"]
    assert before <= after
    assert by_conversion > 0


def test_dinars_are_micros_and_kuwaits_days_begin_at_its_midnight(snap: Sandbox) -> None:
    week = {"start_time": "2026-02-20T00:00:00+03:00", "end_time": "2026-02-27T00:00:00+03:00"}
    days = stat(snap, f"campaigns/{KW_PROSPECTING}", granularity="DAY", fields="spend", **week)["timeseries"]
    assert [day["start_time"][10:] for day in days] == ["T00:00:00.000+03:00"] * 7
    assert all(20_000_000 < day["stats"]["spend"] < 60_000_000 for day in days)
    refused = snap.snapchat("GET", f"campaigns/{KW_PROSPECTING}/stats", granularity="DAY", **WEEK)
    assert "This account's timezone is: Asia/Kuwait" in refused.json()["debug_message"]


def test_what_has_nothing_is_left_out_when_asked(snap: Sandbox) -> None:
    query = {"granularity": "DAY", "fields": "spend", "breakdown": "campaign", **WEEK}
    whole = stat(snap, f"adaccounts/{US_ACCOUNT}", **query)["breakdown_stats"]["campaign"]
    short = stat(snap, f"adaccounts/{US_ACCOUNT}", omit_empty="true", **query)["breakdown_stats"]["campaign"]
    assert {row["id"] for row in whole} > {row["id"] for row in short} >= {PROSPECTING}


@pytest.mark.parametrize(
    ("path", "query", "says"),
    [
        (f"adaccounts/{US_ACCOUNT}", {"fields": "spend,swipes"}, "Only field 'spend'"),
        (f"adaccounts/{US_ACCOUNT}", {"breakdown": "adsquad"}, "The breakdown adsquad"),
        (f"adsquads/{CART}", {"breakdown": "ad"}, "The breakdown ad"),
        (f"campaigns/{VISITORS}", {"fields": "uniques"}, "The field uniques"),
        (f"campaigns/{VISITORS}", {"granularity": "WEEK"}, "granularity must be one of"),
        (f"campaigns/{VISITORS}", {"view_attribution_window": "3_DAY"}, "view_attribution_window must be"),
        (f"campaigns/{VISITORS}", {"report_dimension": "age"}, "The parameter report_dimension"),
        (f"campaigns/{VISITORS}", {"granularity": "DAY"}, "start_time and end_time must be"),
        (
            f"campaigns/{VISITORS}",
            {"granularity": "DAY", "start_time": "2026-02-20T05:00:00Z", "end_time": "2026-02-21T06:00:00Z"},
            "Timeseries queries with DAY granularity must have a end time",
        ),
        (
            f"campaigns/{VISITORS}",
            {"granularity": "DAY", "start_time": "2026-01-01T00:00:00", "end_time": "2026-02-10T00:00:00"},
            "Timeseries queries with DAY granularity cannot query time intervals of more than 32 days",
        ),
        (
            f"campaigns/{VISITORS}",
            {"granularity": "TOTAL", "start_time": "2026-02-20T00:30:00", "end_time": "2026-02-21T00:00:00"},
            "Start time should end at the beginning of an hour.",
        ),
        (
            f"campaigns/{VISITORS}",
            {"granularity": "HOUR", "start_time": "2026-02-20T00:00:00", "end_time": "2026-02-20T00:00:00"},
            "End time should be after start time.",
        ),
    ],
)
def test_a_query_that_snapchat_does_not_serve_says_why(
    path: str, query: dict[str, str], says: str, *, snap: Sandbox
) -> None:
    answer = snap.snapchat("GET", f"{path}/stats", **query)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "E1008")
    assert answer.json()["debug_message"].startswith(f"Unsupported Stats Query: {says}")


def test_ads_have_no_figures_of_their_own_here(snap: Sandbox) -> None:
    ads = snap.snapchat("GET", f"adsquads/{CART}/ads").json()["ads"]
    assert snap.snapchat("GET", f"ads/{ads[0]['ad']['id']}/stats").json()["error_code"] == "E3003"
