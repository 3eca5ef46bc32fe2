"""A click rate that surely falls while impressions do not is told of; less than that is not."""

import random
from datetime import date, timedelta

from app.services.autopilot.strategies.days_rules import Candidate, Day
from app.services.autopilot.strategies.fatigue_rules import (
    Advice,
    FatigueConfig,
    Why,
    advise,
    faults,
    sentence,
)

CONFIG = FatigueConfig()


def looked(
    *, loses: float, shown: float = 0.0, impressions: int = 20_000, count: int = 28, seed: int = 1
) -> Advice:
    """A click rate of one per cent that loses a share over the window, with a binomial's noise and a little more."""
    chance = random.Random(seed)  # noqa: S311  (no secret)
    days = []
    for n in range(count):
        part = n / (count - 1)
        times = round(impressions * (1 + shown * part))
        rate = 0.01 * (1 - loses) ** part
        clicks = max(1, round(chance.gauss(times * rate, (times * rate) ** 0.5)))
        days.append(Day(date(2026, 1, 1) + timedelta(days=n), 1, 0, 0, 1.0, times, clicks))
    return advise(Candidate(1, False, days), CONFIG)


def test_a_sure_fall_at_as_many_impressions_is_fatigue() -> None:
    found = looked(loses=0.4, shown=0.2)
    assert found.why is Why.TIRED
    assert found.fall is not None
    assert found.fall_low is not None
    assert found.fall_high is not None
    assert found.fall_low < 0.4 < found.fall_high
    assert "not known here" in sentence(found)


def test_a_fall_while_it_is_shown_less_is_not() -> None:
    assert looked(loses=0.4, shown=-0.3).why is Why.SHOWN_LESS


def test_a_steady_rate_is_fresh() -> None:
    assert {looked(loses=0.0, shown=0.1, seed=seed).why for seed in range(30)} == {Why.FRESH}


def test_few_clicks_and_few_days_show_no_trend() -> None:
    assert looked(loses=0.4, impressions=1_000).why is Why.NOT_ENOUGH_DATA
    assert looked(loses=0.4, count=20).why is Why.NOT_ENOUGH_DATA


def test_settings_are_bounded() -> None:
    assert faults(CONFIG) == []
    assert faults(FatigueConfig(window_days=7))
    assert faults(FatigueConfig(minimum_clicks=5))
