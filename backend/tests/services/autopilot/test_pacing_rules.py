"""A month follows its own curve: what is off is brought back in parts, and noise moves nothing."""

from calendar import monthrange
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.services.autopilot.strategies.days_rules import Candidate, Day
from app.services.autopilot.strategies.pacing_rules import (
    Pace,
    PacingConfig,
    Why,
    advise,
    faults,
    pace,
    sentence,
    weekdays,
)

UNIT = 1_000_000
TODAY = date(2026, 6, 16)
CONFIG = PacingConfig()
SHAPE = (1.2, 1.0, 0.9, 0.9, 1.0, 1.0, 1.0)


def spent(level: float, *, until: date = TODAY, days: int = 60) -> dict[date, int]:
    """What an account of this daily level spent, by its weekdays."""
    found = (until - timedelta(days=back) for back in range(1, days + 1))
    return {day: round(level * SHAPE[day.weekday()] * UNIT) for day in found}


def campaign(budget: int, *, learning: bool = False, busy: bool = False, today: date = TODAY) -> Candidate:
    days = [
        Day(
            today - timedelta(days=back),
            round(budget * SHAPE[(today - timedelta(days=back)).weekday()] * UNIT),
            1,
            1,
            1,
        )
        for back in range(1, 8)
    ]
    return Candidate(budget * UNIT, learning, days, busy)


def seen(
    budget: int,
    *,
    level: float = 100,
    ago: float | None = None,
    today: date = TODAY,
    config: PacingConfig = CONFIG,
) -> Pace:
    history = spent(level, until=today)
    return pace(
        history, [campaign(round(level), today=today)], today, budget * UNIT, config, acted_days_ago=ago
    )


def test_weekdays_are_the_accounts_own() -> None:
    found = weekdays(spent(100), TODAY)
    assert found == pytest.approx(list(SHAPE))
    assert weekdays(spent(100, days=15), TODAY) is None


def test_a_month_that_comes_out_right_is_left_alone() -> None:
    found = seen(3_000)
    assert (found.why, found.step) == (Why.ON_PACE, 0.0)
    assert found.forecast_micros == pytest.approx(3_000 * UNIT, rel=0.03)


def test_behind_is_raised_and_ahead_is_cut_by_part_of_the_way() -> None:
    behind, ahead = seen(3_400), seen(2_700)
    assert behind.factor is not None
    assert ahead.factor is not None
    assert (behind.why, ahead.why) == (Why.BEHIND, Why.AHEAD)
    assert behind.step == pytest.approx(min(0.2, 0.5 * (behind.factor - 1)))
    assert ahead.step == pytest.approx(max(-0.2, 0.5 * (ahead.factor - 1)))
    assert advise(campaign(100), behind, CONFIG).budget_micros == int(100 * (1 + behind.step)) * UNIT


def test_it_begins_when_far_off_and_goes_on_until_it_is_near() -> None:
    """Hysteresis: the same small gap is left alone by who rests, and closed by who is steering."""
    small = seen(3_000 + 120)
    assert small.factor is not None
    assert CONFIG.end_at < small.factor - 1 < CONFIG.begin_at
    assert small.why is Why.ON_PACE
    assert seen(3_000 + 120, ago=2.0).why is Why.BEHIND


def test_after_a_change_it_rests() -> None:
    assert seen(3_400, ago=0.5).why is Why.RESTING
    assert seen(3_400, ago=0.5).step == 0.0


def test_who_learns_is_not_raised_but_cut_and_who_is_busy_is_left() -> None:
    assert advise(campaign(100, learning=True), seen(3_400), CONFIG).why is Why.LEARNING
    assert advise(campaign(100, learning=True), seen(2_500), CONFIG).budget_micros is not None
    assert advise(campaign(100, busy=True), seen(3_400), CONFIG).why is Why.BUSY


def test_what_is_not_known_is_said() -> None:
    history = spent(100)
    assert pace(history, [campaign(100)], TODAY, None, CONFIG, acted_days_ago=None).why is Why.NO_BUDGET
    young = spent(100, days=10)
    assert pace(young, [campaign(100)], TODAY, UNIT, CONFIG, acted_days_ago=None).why is Why.NOT_ENOUGH_DATA
    late = date(2026, 6, 28)
    half = spent(100, until=late, days=23)
    missing = pace(half, [campaign(100, today=late)], late, UNIT, CONFIG, acted_days_ago=None)
    assert missing.why is Why.NOT_ENOUGH_DATA, "the month's first days were never read"
    assert "Not enough data" in sentence(missing)


def test_settings_are_bounded() -> None:
    assert faults(CONFIG) == []
    assert faults(PacingConfig(budgets={"a": 0}))
    assert faults(PacingConfig(begin_at=0.02))
    assert faults(PacingConfig(largest_change=0.5))


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 28), st.floats(0.75, 1.3))
def test_a_month_that_is_steered_ends_nearer_to_its_budget(begins: int, off: float) -> None:
    """Simulated to its end with budgets that are spent as they are set."""
    today = date(2026, 6, begins)
    last = date(2026, 6, monthrange(2026, 6)[1])
    month_budget = round(3_000 * off) * UNIT
    level, history, ago = 100.0, spent(100, until=today), None
    alone = sum(micros for day, micros in history.items() if day >= today.replace(day=1))
    alone += sum(
        round(100 * SHAPE[(today + timedelta(days=n)).weekday()] * UNIT)
        for n in range((last - today).days + 1)
    )
    while today <= last:
        candidate = campaign(round(level), today=today)
        found = pace(history, [candidate], today, month_budget, CONFIG, acted_days_ago=ago)
        advice = advise(candidate, found, CONFIG)
        ago = None if ago is None else ago + 1
        if advice.budget_micros is not None:
            level, ago = advice.budget_micros / UNIT, 1.0
        history[today] = round(level * SHAPE[today.weekday()] * UNIT)
        today += timedelta(days=1)
    ended = sum(micros for day, micros in history.items() if day.month == 6)
    assert abs(ended - month_budget) <= abs(alone - month_budget) + 0.03 * month_budget


def test_one_that_stopped_long_ago_is_not_what_is_steered() -> None:
    stopped = campaign(100, today=TODAY - timedelta(days=60))
    month = budget_of(100)
    found = pace(spent(100), [campaign(100), stopped], TODAY, month, CONFIG, acted_days_ago=None)
    assert found.why is Why.ON_PACE


def budget_of(level: int) -> int:
    """What the month costs at this daily level."""
    return sum(
        round(level * SHAPE[date(TODAY.year, TODAY.month, n).weekday()] * UNIT)
        for n in range(1, monthrange(TODAY.year, TODAY.month)[1] + 1)
    )


def test_weekdays_that_never_spend_are_not_divided_by() -> None:
    idle = {TODAY - timedelta(days=back): 0 for back in range(1, 61)}
    history = {day: 0 if day.weekday() in {5, 6, 0} else 100 * UNIT for day in idle}
    found = pace(history, [campaign(100)], TODAY, 3_000 * UNIT, CONFIG, acted_days_ago=None)
    assert found.why is Why.NOT_ENOUGH_DATA
