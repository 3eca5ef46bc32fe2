"""Insights: Meta's shapes, late conversions, windows, asynchronous reports."""

import json
from datetime import datetime, timedelta
from time import monotonic, sleep
from zoneinfo import ZoneInfo

import pytest
from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.adobjects.adreportrun import AdReportRun
from facebook_business.api import FacebookAdsApi

from tests.sandbox.conftest import daily, purchases
from tests.sandbox_process import HU_ACCOUNT, US_ACCOUNT, Sandbox

FIELDS = ["campaign_id", "campaign_name", "spend", "clicks", "actions", "action_values", "purchase_roas"]


def test_the_history_is_sixty_days_deep_and_sells_every_day(sandbox: Sandbox) -> None:
    rows = list(daily(sandbox, 62).values())
    assert len(rows) >= 62
    whole = rows[1:-1]
    assert all(float(row["spend"]) > 2000 for row in whole)
    assert sum(purchases(row) for row in whole) / len(whole) > 200


def test_levels_add_up(sdk: FacebookAdsApi) -> None:
    account = AdAccount(US_ACCOUNT, api=sdk)
    params = {"date_preset": "last_7d", "limit": 500}
    sums = {}
    for level in ("account", "campaign", "adset"):
        rows = account.get_insights(fields=["spend", "actions"], params=params | {"level": level})
        sums[level] = (
            sum(float(r["spend"]) for r in rows),
            sum(purchases(r.export_all_data()) for r in rows),
        )
    assert sums["campaign"][1] == sums["adset"][1] == sums["account"][1]
    assert sums["campaign"][0] == pytest.approx(sums["account"][0], abs=0.1)


def test_days_add_up_to_the_whole_range(sandbox: Sandbox) -> None:
    range_ = '{"since":"2026-02-10","until":"2026-02-20"}'
    path = f"{US_ACCOUNT}/insights"
    whole = sandbox.graph("GET", path, fields="impressions,clicks,actions", time_range=range_).json()["data"]
    days = sandbox.graph(
        "GET", path, fields="impressions,clicks,actions", time_range=range_, time_increment="1"
    ).json()["data"]
    assert [d["date_start"] for d in days] == [f"2026-02-{day}" for day in range(10, 21)]
    for name in ("impressions", "clicks"):
        assert sum(int(d[name]) for d in days) == int(whole[0][name])
    assert sum(map(purchases, days)) == purchases(whole[0])
    assert (whole[0]["date_start"], whole[0]["date_stop"]) == ("2026-02-10", "2026-02-20")


def test_return_on_spend_is_value_over_spend(sandbox: Sandbox) -> None:
    row = sandbox.graph("GET", f"{US_ACCOUNT}/insights", fields="spend,action_values,purchase_roas").json()[
        "data"
    ][0]
    value = purchases(row, "action_values")
    assert float(row["purchase_roas"][0]["value"]) == pytest.approx(value / float(row["spend"]), rel=1e-3)


def test_one_campaign_earns_well_and_one_does_not(sdk: FacebookAdsApi) -> None:
    params = {"level": "campaign", "date_preset": "last_14d"}
    rows = AdAccount(US_ACCOUNT, api=sdk).get_insights(fields=FIELDS, params=params)
    roas = {r["campaign_name"]: float(r["purchase_roas"][0]["value"]) for r in rows}
    assert roas["Prospecting | Broad"] > 4
    assert roas["Video | Summer lookbook"] < 1
    assert "Brand | Loyalty club" not in roas


def test_conversions_of_a_day_grow_as_they_come_in(sandbox: Sandbox) -> None:
    now = datetime.fromisoformat(sandbox.control("GET", "clock")["now"])
    # The account's own day, which had an hour at the least to be told of.
    today = (now.astimezone(ZoneInfo("America/New_York")) - timedelta(hours=1)).date().isoformat()
    seen = []
    for _ in range(4):
        seen.append(purchases(daily(sandbox, 8)[today]))
        sandbox.advance(30)
    assert seen == sorted(seen)
    assert seen[1] > seen[0]
    assert seen[-1] > seen[1]


def test_conversions_on_their_own_day_do_not_wait_for_the_click(sandbox: Sandbox) -> None:
    by_click = sum(map(purchases, daily(sandbox, 20).values()))
    by_conversion = sum(map(purchases, daily(sandbox, 20, action_report_time="conversion").values()))
    assert by_click == pytest.approx(by_conversion, rel=0.03)
    assert daily(sandbox, 20) != daily(sandbox, 20, action_report_time="conversion")


def test_a_shorter_window_claims_less(sandbox: Sandbox) -> None:
    def claimed(windows: list[str]) -> float:
        return sum(
            map(purchases, daily(sandbox, 14, action_attribution_windows=json.dumps(windows)).values())
        )

    assert claimed(["1d_click"]) < claimed(["7d_click"]) < claimed(["7d_click", "1d_view"])


def test_windows_that_were_asked_for_are_shown_by_name(sandbox: Sandbox) -> None:
    row = next(iter(daily(sandbox, 5, action_attribution_windows='["7d_click","1d_view"]').values()))
    purchase = next(a for a in row["actions"] if a["action_type"] == "purchase")
    assert float(purchase["7d_click"]) + float(purchase["1d_view"]) == float(purchase["value"])


def test_platform_value_stands_in_a_steady_ratio_to_orders(sandbox: Sandbox) -> None:
    days = daily(sandbox, 30, action_report_time="conversion")
    ratios = []
    for day in sorted(days)[1:-3]:
        span = {"since": f"{day}T05:00:00+00:00", "until": f"{day}T23:59:59+00:00", "limit": 1}
        revenue = sandbox.control("GET", "truth/orders", params=span)["revenue"]
        ratios.append(purchases(days[day], "action_values") / revenue)
    mean = sum(ratios) / len(ratios)
    spread = (sum((r - mean) ** 2 for r in ratios) / len(ratios)) ** 0.5
    assert 0.3 < mean < 0.9
    assert spread / mean < 0.15


def test_hours_of_a_day_add_up(sandbox: Sandbox) -> None:
    hourly = "hourly_stats_aggregated_by_advertiser_time_zone"
    range_ = '{"since":"2026-02-10","until":"2026-02-10"}'
    path = f"{US_ACCOUNT}/insights"
    rows = sandbox.graph("GET", path, fields="impressions", time_range=range_, breakdowns=hourly).json()[
        "data"
    ]
    whole = sandbox.graph("GET", path, fields="impressions", time_range=range_).json()["data"][0]
    assert len(rows) == 24
    assert rows[0][hourly] == "00:00:00 - 00:59:59"
    assert sum(int(r["impressions"]) for r in rows) == int(whole["impressions"])


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"fields": "spend,profit"}, 100),
        ({"level": "ad"}, 100),
        ({"breakdowns": "age"}, 100),
        ({"date_preset": "last_century"}, 100),
        ({"time_range": '{"since":"2026-02-20","until":"2026-02-10"}'}, 100),
        ({"time_range": '{"since":"2019-02-20","until":"2026-02-10"}'}, 3018),
        ({"time_range": "yesterday"}, 100),
        ({"time_increment": "100"}, 100),
        ({"action_attribution_windows": '["28d_click"]'}, 100),
        ({"product_id_limit": "5"}, 100),
    ],
)
def test_what_is_not_emulated_is_refused(sandbox: Sandbox, params: dict[str, str], code: int) -> None:
    answer = sandbox.graph("GET", f"{US_ACCOUNT}/insights", **params)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


def test_an_asynchronous_report_holds_what_the_synchronous_one_does(sdk: FacebookAdsApi) -> None:
    account = AdAccount(US_ACCOUNT, api=sdk)
    params = {
        "level": "campaign",
        "time_range": {"since": "2026-02-01", "until": "2026-02-14"},
        "time_increment": 7,
    }
    run: AdReportRun = account.get_insights(fields=FIELDS, params=params, is_async=True)
    deadline = monotonic() + 20
    status = run.api_get(fields=["async_status", "async_percent_completion"])
    assert status["async_percent_completion"] < 100
    while status["async_status"] != "Job Completed" and monotonic() < deadline:
        sleep(0.1)
        status = run.api_get(fields=["async_status", "async_percent_completion"])
    paged = [row.export_all_data() for row in run.get_result(params={"limit": 3})]
    direct = [row.export_all_data() for row in account.get_insights(fields=FIELDS, params=params)]
    assert paged == direct
    assert len(paged) == 12


def test_an_unfinished_report_is_not_served(sandbox: Sandbox) -> None:
    run = sandbox.graph("POST", f"{US_ACCOUNT}/insights", date_preset="last_7d").json()["report_run_id"]
    assert sandbox.graph("GET", f"{run}/insights").json()["error"]["code"] == 2601


def test_forint_spend_is_in_forints(sandbox: Sandbox) -> None:
    row = sandbox.graph(
        "GET", f"{HU_ACCOUNT}/insights", fields="spend,account_currency", date_preset="yesterday"
    ).json()
    assert 40_000 < float(row["data"][0]["spend"]) < 75_000
    assert row["data"][0]["account_currency"] == "HUF"
