"""Only what surely wastes is paused, and only what turned out otherwise is enabled again."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.services.autopilot.strategies.days_rules import Candidate, Day
from app.services.autopilot.strategies.status_rules import (
    Advice,
    StatusConfig,
    Why,
    advise,
    faults,
    least_likely,
    most_likely,
    reconsider,
    sentence,
    usual_value,
)

UNIT = 1_000_000
CONFIG = StatusConfig()
FIRST = date(2026, 1, 1)
USUAL = 50.0 * UNIT
"""What a conversion of the account is worth."""


def days(
    conversions: float, *, spend: int = 50, value: float = 50, count: int = 14, maturity: float = 1.0
) -> list[Day]:
    return [
        Day(FIRST + timedelta(days=n), spend * UNIT, conversions, round(conversions * value * UNIT), maturity)
        for n in range(count)
    ]


def judged(found: list[Day], *, learning: bool = False, busy: bool = False, is_last: bool = False) -> Advice:
    return advise(Candidate(50 * UNIT, learning, found, busy), CONFIG, usual_micros=USUAL, is_last=is_last)


def test_spend_that_brings_nothing_is_paused() -> None:
    advice = judged(days(0))
    assert (advice.why, advice.status) == (Why.WASTES, "paused")
    assert advice.roas_high is not None
    assert advice.roas_high < 0.5
    assert (advice.first, advice.last) == (FIRST, FIRST + timedelta(days=13))
    assert "pause it" in sentence(advice, CONFIG)


def test_a_poor_return_on_few_conversions_is_not_sure() -> None:
    advice = judged(days(0.3, spend=40))
    assert advice.roas is not None
    assert advice.roas < 0.5
    assert (advice.why, advice.status) == (Why.EARNS, None)


def test_immature_days_pause_nothing() -> None:
    assert judged(days(0, maturity=0.5)).why is Why.NOT_ENOUGH_DATA
    assert judged(days(0, count=9)).why is Why.NOT_ENOUGH_DATA
    assert judged(days(0, spend=5)).why is Why.NOT_ENOUGH_DATA


def test_who_learns_who_is_busy_and_who_is_last_stays() -> None:
    assert judged(days(0), learning=True).why is Why.LEARNING
    assert judged(days(0), busy=True).why is Why.BUSY
    assert judged(days(0), is_last=True).why is Why.LAST_ONE


def test_without_a_known_value_of_a_conversion_nothing_is_paused() -> None:
    nothing = advise(Candidate(50 * UNIT, False, days(0)), CONFIG, usual_micros=0.0, is_last=False)
    assert nothing.why is Why.NOT_ENOUGH_DATA
    assert usual_value([]) == 0.0
    assert usual_value(days(2)) == USUAL


PAUSED_ON = {"first": "2026-01-01", "last": "2026-01-14"}


def test_a_pause_is_taken_back_when_its_days_turned_out_to_be_others() -> None:
    late = reconsider(Candidate(50 * UNIT, False, days(1.2)), PAUSED_ON, CONFIG, usual_micros=USUAL)
    assert (late.why, late.status) == (Why.RESTATED, "active")
    still = reconsider(Candidate(50 * UNIT, False, days(0.1)), PAUSED_ON, CONFIG, usual_micros=USUAL)
    assert (still.why, still.status) == (Why.STAYS_PAUSED, None)


def test_what_others_paused_is_theirs() -> None:
    found = reconsider(Candidate(50 * UNIT, False, days(5)), None, CONFIG, usual_micros=USUAL)
    assert (found.why, found.status) == (Why.NOT_OURS, None)
    assert "theirs" in sentence(found, CONFIG)


def test_settings_are_bounded() -> None:
    assert faults(CONFIG) == []
    assert faults(StatusConfig(pause_below=0))
    assert faults(StatusConfig(window_days=3))
    assert faults(StatusConfig(minimum_spend_micros=0))


@given(st.floats(0, 10_000))
def test_the_counted_lies_within_what_is_likely(count: float) -> None:
    assert least_likely(count) <= count <= most_likely(count)


@given(st.floats(0, 20), st.integers(1, 200), st.integers(0, 20), st.booleans())
def test_what_is_paused_lies_surely_under_target(
    conversions: float, spend: int, count: int, learning: bool
) -> None:
    advice = judged(days(conversions, spend=spend, count=count), learning=learning)
    assert sentence(advice, CONFIG)
    if advice.status == "paused":
        assert advice.roas_high is not None
        assert advice.roas_high < CONFIG.target_roas * CONFIG.pause_below
        assert not learning


def test_what_is_left_of_the_days_that_it_was_paused_on_says_nothing_of_them() -> None:
    """The older ones are not looked at any more: the best of the rest is no restatement."""
    paused_on = {"first": FIRST.isoformat(), "last": (FIRST + timedelta(days=13)).isoformat(), "days": 14}
    good = days(10, count=14)
    told = reconsider(Candidate(50 * UNIT, False, good), paused_on, CONFIG, usual_micros=USUAL)
    assert told.why is Why.RESTATED
    told = reconsider(Candidate(50 * UNIT, False, good[12:]), paused_on, CONFIG, usual_micros=USUAL)
    assert (told.why, told.status) == (Why.STAYS_PAUSED, None)
