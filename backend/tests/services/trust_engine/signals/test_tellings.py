"""Each fault by its shape in what was told day by day, beside what looks like it and is true."""

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.models.trust_engine.kinds import Component, SignalState
from app.services.trust_engine.signals import measurements as measured
from app.services.trust_engine.signals import rules
from app.services.trust_engine.signals.repository import Day, KnownDay, Telling
from app.services.trust_engine.signals.tellings import (
    RUN_DAYS,
    missing_late,
    recut,
    restated_on,
    slow_fall,
    spans,
    still_restated,
)

ZONE = ZoneInfo("UTC")
TODAY = date(2026, 11, 2)
NOW = datetime(2026, 11, 2, tzinfo=UTC)
DAYS = 44
AGES = (0.55, 0.25, 0.08, 0.05, 0.03, 0.02, 0.01, 0.01)
"""Of conversions, by days since the click."""
UNIT = 1_000_000
Factor = Callable[[int], float]


def always(_back: int) -> float:
    return 1.0


def day_at(back: int) -> date:
    return TODAY - timedelta(days=back)


def noise(back: int) -> float:
    """Some days are three per cent above the others, without a pattern of a week."""
    return 1 + 0.03 * math.sin(back * 2.4)


def telling(back: int, conversions: Iterable[float], last_hour: int = 23, **micros: Any) -> Telling:
    told = (*conversions, *[0.0] * 15)[:15]
    nothing = (0,) * 15
    figures: dict[str, Any] = {
        "value_micros": tuple(round(each * 60 * UNIT) for each in told),
        "lost_value_micros": nothing,
        "spend_up_micros": nothing,
        "spend_down_micros": nothing,
    }
    at = datetime.combine(day_at(back), datetime.min.time(), UTC) + timedelta(hours=last_hour)
    return Telling(day=day_at(back), last_at=at, conversions=told, **(figures | micros))


def past(
    *, demand: Factor = always, clicks: Factor = always, kept: Factor = always, late: Factor = always
) -> list[Telling]:
    """400 conversions a day: people buy by `demand` and by the `clicks` of their own click's day."""
    return [
        telling(
            back,
            [
                400
                * noise(back)
                * kept(back)
                * demand(back)
                * clicks(back + age)
                * share
                * (late(back) if age > 1 else 1)
                for age, share in enumerate(AGES)
            ],
        )
        for back in range(DAYS, 0, -1)
    ]


def days(spend: Factor = always, value: Factor = always) -> list[Day]:
    return [
        Day(
            day_at(back), round(1000 * UNIT * spend(back)), 50_000, 900, 400.0, round(24_000 * UNIT * value(back)),
            1.0 if back > 7 else back / 8,
        )
        for back in range(60, -1, -1)
    ]  # fmt: skip


def orders(demand: Factor = always) -> dict[date, int]:
    return {day_at(back): round(1000 * noise(back) * demand(back)) for back in range(60, -1, -1)}


def recent(factor: float, since: int = 6) -> Factor:
    return lambda back: factor if back <= since else 1.0


class TestSlowFall:
    def fall(
        self, told: list[Telling], sold: dict[date, int] | None = None, spend: Factor = always
    ) -> measured.Fall:
        found = slow_fall(spans(told, ZONE, TODAY), sold or orders(), days(spend))
        assert found is not None
        return found

    def test_five_per_cent_more_lost_each_day_are_seen_within_a_week(self) -> None:
        found = self.fall(past(kept=lambda back: 0.95 ** max(0, 8 - back)))
        assert found.accuses
        assert found.share == pytest.approx(1 - 0.95**7, abs=0.04)
        signal = rules.variance(
            measured.Variance(series=measured.RatioSeries(now=measured.Ratio(1, 0, 0), past=()), fall=found),
            NOW,
        )
        assert signal.state is SignalState.BAD
        assert "have been falling for" in signal.reason

    @pytest.mark.parametrize("demand", [2.5, 0.5])
    def test_a_sale_and_a_holiday_move_orders_alike(self, demand: float) -> None:
        assert not self.fall(past(demand=recent(demand)), orders(recent(demand))).accuses

    def test_less_spend_buys_less_and_is_no_fall(self) -> None:
        halved = recent(0.6)
        assert self.fall(past(kept=halved)).accuses
        assert not self.fall(past(kept=halved), spend=halved).accuses

    def test_one_day_accuses_nobody(self) -> None:
        assert not self.fall(past(kept=lambda back: 0.1 if back == 1 else 1.0)).accuses

    def test_an_outage_at_the_weekend_is_no_fall(self) -> None:
        """Nothing is read from Saturday noon to Sunday's evening; then all of it at once."""
        told = [each for each in past() if each.day not in (day_at(2), day_at(3))]
        saturday = telling(3, [200 * share for share in AGES], last_hour=12)
        sunday = telling(2, [600 * share for share in AGES], last_hour=20)
        told = sorted([*told, saturday, sunday], key=lambda each: each.day)
        found = spans(told, ZONE, TODAY)
        assert found[-1].days == (day_at(3), day_at(2), day_at(1))
        assert not self.fall(told).accuses
        never_read = [each for each in told if each.day != day_at(3)]
        assert spans(never_read, ZONE, TODAY)[-1].days == (day_at(3), day_at(2), day_at(1))

    def test_what_is_repaired_is_not_accused_of_its_past(self) -> None:
        broken = past(kept=lambda back: 0.7 if 3 <= back <= 9 else 1.0)
        assert not self.fall(broken).accuses
        again = self.fall(past(kept=lambda back: 0.7 if 3 <= back <= 9 else 0.93 if back == 1 else 1.0))
        assert not again.accuses

    @pytest.mark.parametrize("spent", [0, -5 * UNIT])
    def test_a_day_on_which_less_than_nothing_was_spent_says_nothing(self, spent: int) -> None:
        """A platform credits what it had charged on a day that had no other spend."""
        credited = [replace(day, spend_micros=spent) if day.day == day_at(3) else day for day in days()]
        found = slow_fall(spans(past(), ZONE, TODAY), orders(), credited)
        assert found is not None
        assert not found.accuses

    def test_what_less_spend_explains_is_left_out_of_the_share_that_is_told(self) -> None:
        """Half the spend, and less than half the conversions: only what is missing beside is the fall's."""
        found = self.fall(past(kept=recent(0.35)), spend=recent(0.5))
        assert found.accuses
        assert found.share == pytest.approx(1 - 0.35 / 0.5, abs=0.04)

    def test_without_a_past_it_is_silent(self) -> None:
        young = [each for each in past() if each.day > day_at(RUN_DAYS + 10)]
        assert slow_fall(spans(young, ZONE, TODAY), orders(), days()) is None
        assert slow_fall([], orders(), days()) is None

    @given(st.floats(1.0, 5.0), st.integers(1, 14))
    def test_a_rise_is_none(self, factor: float, since: int) -> None:
        assert not self.fall(past(kept=recent(factor, since))).accuses


class TestMissingLate:
    def late(self, told: list[Telling]) -> measured.Late:
        found = missing_late(spans(told, ZONE, TODAY))
        assert found is not None
        return found

    def test_a_window_of_a_day_in_place_of_a_week(self) -> None:
        found = self.late(past(late=recent(0.15, 2)))
        assert rules.late_is_missing(found)
        signal = rules.invariants(measured.Invariants(first_party=False, late=found), NOW)
        assert signal.broken
        assert "attribution window" in signal.reason

    @pytest.mark.parametrize("demand", [0.4, 3.0])
    def test_a_holiday_and_a_sale_of_all_who_buy(self, demand: float) -> None:
        assert not rules.late_is_missing(self.late(past(demand=recent(demand, 2))))

    @pytest.mark.parametrize("clicks", [0.4, 3.0])
    def test_more_and_fewer_clicks_whose_late_buyers_are_still_to_come(self, clicks: float) -> None:
        assert not rules.late_is_missing(self.late(past(clicks=recent(clicks, 2))))

    def test_half_a_pixel_loses_the_late_and_the_early_alike(self) -> None:
        assert not rules.late_is_missing(self.late(past(kept=recent(0.5, 2))))

    def test_people_who_take_longer(self) -> None:
        assert not rules.late_is_missing(self.late(past(late=recent(1.8, 5))))

    def test_too_few_to_say(self) -> None:
        few = [
            telling(back, [each / 100 for each in told.conversions])
            for back, told in zip(range(DAYS, 0, -1), past(), strict=True)
        ]
        assert missing_late(spans(few, ZONE, TODAY)) is None


class TestRecut:
    def moved(self, back: int, by: Callable[[int], int]) -> list[Telling]:
        """On that day, by age, in micros."""
        ages = [by(age) if 2 <= age <= 10 else 0 for age in range(15)]
        last = telling(
            back,
            AGES,
            spend_up_micros=tuple(max(0, each) for each in ages),
            spend_down_micros=tuple(max(0, -each) for each in ages),
        )
        return sorted(
            [*(each for each in past() if each.day != day_at(back)), last], key=lambda each: each.day
        )

    def shifted(self, age: int) -> int:
        return (2 if age % 2 else -2) * UNIT

    def test_days_cut_at_another_hour_hold_while_most_of_the_old_ones_are_looked_at(self) -> None:
        for back in (0, 1, 2, 3):
            found = recut(self.moved(back, self.shifted), days(), TODAY)
            assert found == measured.Recut(day=day_at(back), moved=9, days=9)
        assert recut(self.moved(4, self.shifted), days(), TODAY) is None
        signal = rules.invariants(measured.Invariants(recut=found, history=True), NOW)
        assert signal.broken
        assert "9 of 9 whole days moved between them" in signal.reason

    def test_a_credit_for_invalid_clicks_moves_it_one_way(self) -> None:
        assert recut(self.moved(1, lambda _: -2 * UNIT), days(), TODAY) is None

    def test_two_days_that_are_put_right_are_no_cut(self) -> None:
        assert recut(self.moved(1, lambda age: self.shifted(age) if age < 4 else 0), days(), TODAY) is None

    def test_a_rounding_is_none(self) -> None:
        assert recut(self.moved(1, lambda age: self.shifted(age) // 10_000), days(), TODAY) is None

    def test_without_a_history_nobody_says_that_it_holds(self) -> None:
        assert rules.invariants(measured.Invariants(), NOW).evidence["days_cut"] == "unknown"
        assert rules.invariants(measured.Invariants(history=True), NOW).evidence["days_cut"] == "holds"


class TestRestated:
    """30 % of all conversions before `back` days ago were taken back then."""

    def told(self, back: int, share: float = 0.3) -> tuple[list[Telling], list[Day], list[KnownDay]]:
        now = days(value=lambda day: 1 - share if day > back else 1.0)
        lost = tuple(round(24_000 * UNIT * share) if 1 <= age <= 10 else 0 for age in range(15))
        last = telling(back, AGES, lost_value_micros=lost)
        told = sorted(
            [*(each for each in past() if each.day != day_at(back)), last], key=lambda each: each.day
        )
        before = [KnownDay(day.day, 400.0, 24_000 * UNIT, 1.0) for day in now if day.day < day_at(back)]
        return told, now, before

    @pytest.mark.parametrize(("back", "held"), [(0, True), (2, True), (5, True), (6, False), (9, False)])
    def test_it_holds_as_long_as_the_restated_days_are_looked_at(self, back: int, *, held: bool) -> None:
        told, now, before = self.told(back)
        assert restated_on(told, now, TODAY) == day_at(back)
        changed, whole = still_restated(before, now, TODAY)
        signal = rules.invariants(measured.Invariants(still_restated=measured.Share(changed, whole)), NOW)
        assert signal.broken == held
        if held:
            assert "of what the last 7 days had brought was restated" in signal.reason

    def test_what_is_given_back_opens_again_at_once(self) -> None:
        _, _, before = self.told(2)
        assert still_restated(before, days(), TODAY)[0] == 0

    def test_a_few_conversions_taken_back_are_daily_business(self) -> None:
        told, now, _ = self.told(2, share=0.05)
        assert restated_on(told, now, TODAY) is None

    def test_what_young_days_lose_counts_and_what_they_gain_does_not(self) -> None:
        young = [KnownDay(day_at(back), 500.0, 30_000 * UNIT, 0.3) for back in range(1, 8)]
        assert still_restated(young, days(), TODAY) == (7 * 6_000 * UNIT, 7 * 30_000 * UNIT)

    def test_late_conversions_of_young_days_are_no_restatement(self) -> None:
        young = [KnownDay(day_at(back), 200.0, 12_000 * UNIT, 0.3) for back in range(1, 8)]
        assert still_restated(young, days(), TODAY)[0] == 0
        assert restated_on(past(), days(), TODAY) is None


def test_an_accusation_never_kills_the_component() -> None:
    """It holds what rests on a return; cuts that rest on spend alone pass."""
    fall = measured.Fall(held=40.0, last=-4.0, days=9, share=0.4, accuses=True)
    series = measured.RatioSeries(now=measured.Ratio(1, 1, 400), past=(measured.Ratio(1, 1, 400),) * 14)
    signal = rules.variance(measured.Variance(series=series, fall=fall), NOW)
    assert (signal.component, signal.score, signal.broken) == (Component.VARIANCE, 30.0, False)
