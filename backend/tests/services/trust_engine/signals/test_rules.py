"""Each component is scored from evidence, and says unknown when there is none."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.models.trust_engine.kinds import Component, SignalState
from app.services.trust_engine.signals import measurements as measured
from app.services.trust_engine.signals import rules

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


def ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def fresh(metrics: float | None, events: float | None, **over: float | bool) -> measured.Signal:
    return rules.freshness(
        measured.Freshness(
            metrics_at=None if metrics is None else ago(metrics),
            events_at=None if events is None else ago(events),
            metrics_cadence_hours=over.get("cadence", 1.0),
            events_cadence_hours=1.0,
            expects_events=bool(over.get("expects_events", True)),
        ),
        NOW,
    )


def series(now: float, past: float = 1.0, *, events: int = 400, days: int = 14) -> measured.RatioSeries:
    return measured.RatioSeries(
        now=measured.Ratio(now * 1000, 1000, int(events * now / past) if past else 0),
        past=tuple(
            measured.Ratio(past * 1000 * (1 + 0.02 * (-1) ** day), 1000, events) for day in range(days)
        ),
    )


class TestFreshness:
    @pytest.mark.parametrize(("age", "score"), [(0, 100), (1, 100), (24.5, 50), (48, 0), (400, 0)])
    def test_falls_to_nothing_at_twice_the_stale_limit(self, age: float, score: float) -> None:
        assert fresh(age, 0).score == pytest.approx(score, abs=0.1)

    def test_the_older_source_counts(self) -> None:
        assert fresh(0, 48).score == 0
        assert "events" in fresh(0, 48).reason

    def test_what_never_arrived_is_unknown_not_zero(self) -> None:
        assert fresh(None, 0).state is SignalState.UNKNOWN
        assert fresh(None, 0).score is None

    def test_a_tenant_that_sends_no_events_is_judged_by_its_metrics(self) -> None:
        assert fresh(0, None, expects_events=False).score == 100

    def test_a_slow_source_is_not_stale_within_its_own_cadence(self) -> None:
        assert fresh(70, 0, cadence=72).score == 100

    @given(st.floats(0, 200), st.floats(0, 200))
    def test_older_never_scores_higher(self, one: float, other: float) -> None:
        young, old = sorted((one, other))
        assert (fresh(young, 0).score or 0) >= (fresh(old, 0).score or 0)


class TestEmq:
    def of(self, share: float, events: int = 100, platform: float | None = None) -> measured.Signal:
        carried = {name: int(events * share) for name in rules.IDENTIFIER_WEIGHTS}
        return rules.emq(
            measured.Emq(events=events, window_hours=24, carried=carried, platform_score=platform), NOW
        )

    def test_full_coverage_is_a_full_score_and_none_is_none(self) -> None:
        assert self.of(1).score == 100
        assert self.of(0).score == 0

    def test_the_local_score_says_that_it_is_a_proxy(self) -> None:
        assert self.of(1).evidence["proxy"] is True
        assert self.of(1, platform=9).evidence["proxy"] is False
        assert self.of(0.1, platform=9).evidence["proxy"] is True
        assert "proxy" in self.of(1).reason

    def test_the_platforms_lower_figure_wins(self) -> None:
        assert self.of(1, platform=6.5).score == 65
        assert self.of(0.1, platform=9).score == pytest.approx(13.3)

    def test_too_few_events_are_not_enough_data(self) -> None:
        assert self.of(1, events=29).state is SignalState.UNKNOWN
        assert "Not enough data" in self.of(1, events=29).reason

    def test_the_weights_are_a_whole(self) -> None:
        assert sum(rules.IDENTIFIER_WEIGHTS.values()) == pytest.approx(1)


class TestVariance:
    def of(self, now: float, past: float = 1.0, **over: int) -> measured.Signal:
        return rules.variance(measured.Variance(series=series(now, past, **over)), NOW)

    @pytest.mark.parametrize("past", [0.3, 1.0, 2.4])
    def test_an_account_is_compared_with_itself_not_with_one(self, past: float) -> None:
        assert self.of(past, past).score == 100

    def test_half_the_usual_ratio_is_bad(self) -> None:
        signal = self.of(0.5)
        assert signal.state is SignalState.BAD
        assert "50 % below" in signal.reason

    def test_silence_where_hundreds_were_usual_is_evidence(self) -> None:
        assert self.of(0.0).score == 0

    def test_silence_of_a_small_account_is_not_enough_data(self) -> None:
        assert self.of(0.5, events=10).state is SignalState.UNKNOWN

    def test_without_orders_it_is_absent_by_design(self) -> None:
        assert rules.variance(measured.Variance(series=None), NOW).state is SignalState.ABSENT

    def test_without_a_past_it_is_unknown(self) -> None:
        assert self.of(1.0, days=6).state is SignalState.UNKNOWN

    @given(st.floats(0.05, 20), st.floats(0.05, 20))
    def test_further_from_the_past_never_scores_higher(self, one: float, other: float) -> None:
        near, far = sorted((one, other), key=lambda ratio: abs(math.log(ratio)))
        if (near > 1) != (far > 1):
            return  # noise differs by side
        assert (self.of(near, events=10_000).score or 0) >= (self.of(far, events=10_000).score or 0) - 0.2


class TestInvariants:
    def of(self, **over: object) -> measured.Signal:
        facts: dict[str, object] = {
            "sessions_per_click": series(0.8, 0.8),
            "value_per_conversion": series(1.0),
            "duplicates": measured.Share(0, 1000),
            "rows": measured.Share(10, 10),
            "restated": measured.Share(0, 1000),
        }
        return rules.invariants(measured.Invariants(**{**facts, **over}), NOW)  # type: ignore[arg-type]  # varies one

    def test_all_holding_scores_full(self) -> None:
        assert self.of().score == 100

    @pytest.mark.parametrize(
        ("over", "name"),
        [
            ({"value_per_conversion": series(100.0)}, "value per conversion"),
            ({"value_per_conversion": series(0.01)}, "value per conversion"),
            ({"sessions_per_click": series(0.1, 0.8)}, "sessions per click"),
            ({"named_orders": series(0.3, 0.9)}, "named orders"),
            ({"cost_per_impression": series(100.0), "cost_per_click": series(100.0)}, "spend unit"),
            ({"cost_per_impression": series(0.01), "cost_per_click": series(0.01)}, "spend unit"),
            ({"duplicates": measured.Share(300, 1000)}, "duplicates"),
            ({"rows": measured.Share(5, 10)}, "rows"),
            ({"restated": measured.Share(400, 1000)}, "restatements"),
        ],
    )
    def test_one_broken_invariant_breaks_the_component(self, over: dict[str, object], name: str) -> None:
        signal = self.of(**over)
        assert signal.broken
        assert signal.score == 0
        assert name in signal.reason

    def test_a_market_that_moves_is_no_change_of_units(self) -> None:
        assert self.of(cost_per_impression=series(4.0), cost_per_click=series(4.0)).score == 100

    def test_another_mix_of_campaigns_strains_and_does_not_break(self) -> None:
        """Search beside display: impressions cost a tenth, clicks a third."""
        mixed = self.of(cost_per_impression=series(0.1), cost_per_click=series(0.35))
        assert not mixed.broken
        assert not self.of(cost_per_impression=series(0.1), cost_per_click=series(8.0)).broken

    def test_the_unit_is_checked_without_first_party_data_too(self) -> None:
        costs = {"cost_per_impression": series(100.0), "cost_per_click": series(100.0)}
        assert self.of(first_party=False, **costs).broken

    def test_that_more_people_come_by_themselves_is_no_fault(self) -> None:
        assert self.of(sessions_per_click=series(5.0, 0.8)).score == 100

    def test_that_more_buyers_are_known_is_no_fault(self) -> None:
        assert self.of(named_orders=series(0.9, 0.5)).score == 100

    def test_a_strained_one_lowers_without_breaking(self) -> None:
        signal = self.of(duplicates=measured.Share(100, 1000))
        assert signal.score == 90
        assert not signal.broken

    def test_nothing_measured_is_unknown(self) -> None:
        assert rules.invariants(measured.Invariants(), NOW).state is SignalState.UNKNOWN

    def test_without_first_party_data_the_shops_side_is_left_out(self) -> None:
        signal = self.of(first_party=False, value_per_conversion=series(100.0))
        assert signal.score == 100
        assert "value_per_conversion" not in signal.evidence


class TestEventLoss:
    def of(self, part: int, whole: int, ratio: measured.RatioSeries | None = None) -> measured.Signal:
        return rules.event_loss(
            measured.EventLoss(acknowledged=measured.Share(part, whole), browser_over_server=ratio), NOW
        )

    @pytest.mark.parametrize(("part", "score"), [(1000, 100), (990, 100), (870, 50), (750, 0), (0, 0)])
    def test_loss_costs(self, part: int, score: float) -> None:
        assert self.of(part, 1000).score == pytest.approx(score)

    def test_a_silent_browser_counts(self) -> None:
        assert self.of(1000, 1000, series(0.2)).score == 0
        assert self.of(1000, 1000, series(1.0)).score == 100

    def test_few_events_are_unknown(self) -> None:
        assert self.of(29, 29).state is SignalState.UNKNOWN


class TestApiHealth:
    def of(self, calls: int, failures: int = 0, p95: float = 300, circuit: str = "closed") -> measured.Signal:
        return rules.api_health(
            measured.ApiHealth(calls=calls, failures=failures, throttled=0, p95_ms=p95, circuit=circuit), NOW
        )

    def test_success_and_failure(self) -> None:
        assert self.of(100).score == 100
        assert self.of(100, 20).score == 0
        assert 0 < (self.of(100, 10).score or 0) < 100

    def test_an_open_circuit_is_dead_and_a_half_open_one_is_half(self) -> None:
        assert self.of(0, circuit="open").score == 0
        assert self.of(100, circuit="half_open").score == 50

    def test_slowness_costs_up_to_thirty(self) -> None:
        assert self.of(100, p95=60_000).score == 70

    def test_no_call_is_unknown(self) -> None:
        assert self.of(0).state is SignalState.UNKNOWN


class TestAnomaly:
    WEEK = (100.0, 100.0, 100.0, 100.0, 120.0, 200.0, 180.0)

    def of(self, last: float, weeks: int = 6) -> measured.Signal:
        history = [value * (1 + 0.03 * (-1) ** (index // 7)) for index, value in enumerate(self.WEEK * weeks)]
        daily = measured.Daily("spend", (*history, last), last_weekday=0)
        return rules.anomaly(measured.Anomaly(metrics=(daily,)), NOW)

    def test_a_usual_monday_is_no_anomaly(self) -> None:
        assert self.of(100).score == 100

    def test_a_saturday_figure_on_a_monday_is_one(self) -> None:
        assert (self.of(200).score or 0) < 100
        assert "above" in self.of(200).reason

    def test_it_is_never_broken(self) -> None:
        assert not self.of(100_000).broken

    def test_an_account_that_grows_is_measured_by_where_it_is_going(self) -> None:
        """Its past lies below it: that is neither an anomaly nor the width of its usual range."""

        def of(last: float) -> measured.Signal:
            noise = [1 + 0.08 * math.sin(7.3 * index) for index in range(56)]
            history = [self.WEEK[n % 7] * 1.01**n * noise[n] for n in range(56)]
            usual = self.WEEK[0] * 1.01**56
            daily = measured.Daily("spend", (*history, usual * last), last_weekday=0)
            return rules.anomaly(measured.Anomaly(metrics=(daily,)), NOW)

        assert of(1.0).score == 100
        assert (of(0.65).score or 0) < 100
        assert "below" in of(0.65).reason
        assert (of(1.5).score or 0) < 100

    def test_three_weeks_are_not_enough(self) -> None:
        assert self.of(100, weeks=3).state is SignalState.UNKNOWN


def test_cdp_quality_is_absent_unknown_or_measured() -> None:
    def of(resolved: measured.Share | None, complete: measured.Share | None) -> measured.Signal:
        return rules.cdp_quality(measured.CdpQuality(resolved=resolved, complete=complete), NOW)

    assert of(None, None).state is SignalState.ABSENT
    assert of(measured.Share(3, 3), None).state is SignalState.UNKNOWN
    assert of(measured.Share(90, 100), measured.Share(70, 100)).score == 80
    assert of(measured.Share(90, 100), None).component is Component.CDP_QUALITY
