"""Each fault of the world does what it says to the platform's reports, and the truth beneath stays as it is."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from tests.sandbox.conftest import daily, purchases
from tests.sandbox_process import HTTP, HU_ACCOUNT, US_ACCOUNT, US_PIXEL, Sandbox, running_sandbox

KINDS = {
    "pixel_drop", "duplicated_events", "currency_100x", "micros_unit", "timezone_shift", "stale_api", "bot_clicks",
    "partial_sync", "match_key_collapse", "slow_loss", "attribution_window_change", "consent_banner_loss",
    "restatement", "platform_outage",
}  # fmt: skip


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox("--start", "2026-03-02T15:00:00+00:00", "--history", "40") as running:
        running.control("POST", "clock", json={"mode": "paused"})
        yield running


@pytest.fixture(autouse=True)
def _healthy(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.repair()


def today(sandbox: Sandbox) -> date:
    return date.fromisoformat(sandbox.control("GET", "clock")["now"][:10])


def inject(sandbox: Sandbox, kind: str, days_ago: int = 3, **facts: Any) -> Any:
    start = f"{today(sandbox) - timedelta(days=days_ago)}T05:00:00+00:00"
    return sandbox.control("POST", "faults", json={"kind": kind, "start": start} | facts)


def sums(sandbox: Sandbox, since_days: int, until_days: int = 1) -> dict[str, float]:
    """Account totals over days that lie so far back, with conversions on their own days."""
    chosen = [(today(sandbox) - timedelta(days=n)).isoformat() for n in range(until_days, since_days + 1)]
    rows = daily(sandbox, 30, action_report_time="conversion")
    picked = [rows[day] for day in chosen if day in rows]
    return {
        "spend": sum(float(r["spend"]) for r in picked),
        "clicks": sum(int(r["clicks"]) for r in picked),
        "purchases": sum(map(purchases, picked)),
        "value": sum(purchases(r, "action_values") for r in picked),
    }


def test_every_fault_of_the_bench_can_be_had(sandbox: Sandbox) -> None:
    assert set(sandbox.control("GET", "faults")["available"]["world"]) == KINDS


def test_a_fault_that_does_not_exist_is_refused_with_what_does(sandbox: Sandbox) -> None:
    answer = HTTP.post(f"{sandbox.url}/control/faults", json={"kind": "meteor"})
    assert answer.status_code == 422
    assert set(answer.json()["available"]["world"]) == KINDS
    unknown = HTTP.post(f"{sandbox.url}/control/faults", json={"kind": "pixel_drop", "account": "act_1"})
    assert unknown.status_code == 422
    assert (
        HTTP.post(f"{sandbox.url}/control/faults", json={"kind": "pixel_drop", "colour": 1}).status_code
        == 422
    )


@pytest.mark.parametrize(
    ("kind", "figure", "low", "high"),
    [
        ("pixel_drop", "purchases", 0.12, 0.28),
        ("duplicated_events", "purchases", 1.7, 1.9),
        ("currency_100x", "value", 70, 90),
        ("micros_unit", "spend", 900_000, 1_100_000),
        ("bot_clicks", "clicks", 4.9, 5.1),
        ("partial_sync", "spend", 0.0, 0.6),
        ("consent_banner_loss", "purchases", 0.1, 0.3),
        ("attribution_window_change", "purchases", 0.6, 0.92),
    ],
)
def test_a_fault_distorts_its_figure_from_its_start_on(
    sandbox: Sandbox, kind: str, figure: str, low: float, high: float
) -> None:
    healthy, past = sums(sandbox, 3), sums(sandbox, 12, 6)
    truth = sandbox.control("GET", "truth/orders", params={"limit": 50})
    inject(sandbox, kind, severity=0.8)
    assert low <= sums(sandbox, 3)[figure] / healthy[figure] <= high
    assert sandbox.control("GET", "truth/orders", params={"limit": 50}) == truth
    if kind != "partial_sync":
        assert sums(sandbox, 12, 6) == past


def test_a_slow_loss_grows_day_by_day(sandbox: Sandbox) -> None:
    healthy = daily(sandbox, 30, action_report_time="conversion")
    inject(sandbox, "slow_loss", days_ago=20)
    broken = daily(sandbox, 30, action_report_time="conversion")
    days = [(today(sandbox) - timedelta(days=n)).isoformat() for n in (18, 10, 2)]
    left = [purchases(broken[d]) / purchases(healthy[d]) for d in days]
    assert left[0] > left[1] > left[2]
    assert left[2] == pytest.approx(0.95**18, abs=0.1)


def test_a_restatement_shrinks_the_past_alone(sandbox: Sandbox) -> None:
    healthy = daily(sandbox, 20)
    inject(sandbox, "restatement", days_ago=3, severity=0.3)
    restated = daily(sandbox, 20)
    old, new = [(today(sandbox) - timedelta(days=n)).isoformat() for n in (10, 1)]
    assert purchases(restated[old]) / purchases(healthy[old]) == pytest.approx(0.7, abs=0.1)
    assert restated[new] == healthy[new]


def test_a_shifted_time_zone_cuts_the_days_elsewhere(sandbox: Sandbox) -> None:
    healthy = daily(sandbox, 10)
    inject(sandbox, "timezone_shift", severity=0.5)
    shifted = daily(sandbox, 10)
    day = (today(sandbox) - timedelta(days=5)).isoformat()
    assert shifted[day]["impressions"] != healthy[day]["impressions"]
    whole = sum(int(r["impressions"]) for r in shifted.values())
    assert whole == pytest.approx(sum(int(r["impressions"]) for r in healthy.values()), rel=0.1)


def test_a_stale_api_stands_still_and_then_catches_up(sandbox: Sandbox) -> None:
    fault = sandbox.control("POST", "faults", json={"kind": "stale_api"})
    before = daily(sandbox, 5)
    sandbox.advance(24)
    stale = daily(sandbox, 6)
    assert {d: stale[d] for d in before} == before
    sandbox.control("DELETE", f"faults/{fault['id']}")
    assert today(sandbox).isoformat() in daily(sandbox, 5)
    assert daily(sandbox, 6) != stale


def test_an_outage_answers_nothing_for_the_account_that_it_names(sandbox: Sandbox) -> None:
    inject(sandbox, "platform_outage", account=US_ACCOUNT)
    broken = sandbox.graph("GET", f"{US_ACCOUNT}/campaigns")
    assert (broken.status_code, broken.json()["error"]["code"]) == (500, 2)
    assert sandbox.graph("GET", f"{HU_ACCOUNT}/campaigns").status_code == 200


def test_a_collapse_of_match_keys_lowers_the_match_quality(sandbox: Sandbox) -> None:
    def composite() -> float:
        body = sandbox.graph("GET", "dataset_quality", dataset_id=US_PIXEL).json()
        return float(body["web"][0]["event_match_quality"]["composite_score"])

    healthy = composite()
    inject(sandbox, "match_key_collapse", severity=0.9)
    assert composite() < healthy - 2


def test_after_the_repair_the_broken_days_stay_broken(sandbox: Sandbox) -> None:
    healthy = daily(sandbox, 4, action_report_time="conversion")
    fault = inject(sandbox, "pixel_drop")
    sandbox.control("DELETE", f"faults/{fault['id']}")
    sandbox.advance(48)
    rows = daily(sandbox, 6, action_report_time="conversion")
    first, last = [(today(sandbox) - timedelta(days=n)).isoformat() for n in (4, 1)]
    assert purchases(rows[first]) < 0.3 * purchases(healthy[first])
    assert purchases(rows[last]) > 150


def test_an_account_that_is_not_named_is_left_alone(sandbox: Sandbox) -> None:
    healthy = daily(sandbox)
    inject(sandbox, "pixel_drop", account=HU_ACCOUNT)
    assert daily(sandbox) == healthy


def test_the_list_of_faults_tells_open_ones_from_repaired_ones(sandbox: Sandbox) -> None:
    first, second = inject(sandbox, "pixel_drop"), inject(sandbox, "bot_clicks")
    sandbox.control("DELETE", f"faults/{first['id']}")
    listed = {f["id"]: f["repaired"] for f in sandbox.control("GET", "faults")["faults"]}
    assert (listed[first["id"]], listed[second["id"]]) == (True, False)
    assert json.dumps(listed)
