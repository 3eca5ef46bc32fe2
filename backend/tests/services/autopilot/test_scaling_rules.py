from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.services.autopilot.strategies.days_rules import Candidate, Day
from app.services.autopilot.strategies.scaling_rules import (
    ScalingConfig,
    Why,
    advise,
    sentence,
)

EURO = 1_000_000
CONFIG = ScalingConfig(target_roas=2.0)


def days(roas: float, *, conversions: float = 40, maturity: float = 1.0, count: int = 7) -> list[Day]:
    """Days that each spent 100 and won `conversions` orders at this return."""
    first = date(2026, 1, 1)
    return [
        Day(first + timedelta(days=n), 100 * EURO, conversions, round(100 * EURO * roas), maturity)
        for n in range(count)
    ]


def campaign(found: list[Day], *, learning: bool = False) -> Candidate:
    return Candidate(budget_micros=100 * EURO, learning=learning, days=found)


def test_a_return_surely_above_target_earns_more_budget() -> None:
    advice = advise(campaign(days(3.0)), CONFIG)
    assert (advice.why, advice.budget_micros) == (Why.ABOVE_TARGET, 115 * EURO)


def test_a_return_surely_below_target_is_cut() -> None:
    advice = advise(campaign(days(1.0)), CONFIG)
    assert (advice.why, advice.budget_micros) == (Why.BELOW_TARGET, 80 * EURO)


def test_a_return_near_target_is_left_alone() -> None:
    assert advise(campaign(days(2.1)), CONFIG).why is Why.WITHIN_BAND


def test_the_same_return_on_few_conversions_is_no_evidence() -> None:
    advice = advise(campaign(days(3.0, conversions=2)), CONFIG)
    assert (advice.why, advice.budget_micros) == (Why.NOT_ENOUGH_DATA, None)


def test_immature_days_cannot_pause_a_winner() -> None:
    young = days(0.2, maturity=0.3, count=3)
    old = [
        Day(d.day - timedelta(days=10), d.spend_micros, d.conversions, d.value_micros, 1.0) for d in days(3.0)
    ]
    assert advise(campaign(old + young), CONFIG).why is Why.ABOVE_TARGET


def test_a_learning_campaign_is_not_raised_but_may_be_cut() -> None:
    assert advise(campaign(days(3.0), learning=True), CONFIG).why is Why.LEARNING
    assert advise(campaign(days(1.0), learning=True), CONFIG).why is Why.BELOW_TARGET


def test_a_floor_and_a_ceiling_hold() -> None:
    capped = ScalingConfig(target_roas=2.0, ceiling_micros=100 * EURO, floor_micros=100 * EURO)
    assert advise(campaign(days(3.0)), capped).why is Why.AT_LIMIT
    assert advise(campaign(days(1.0)), capped).why is Why.AT_LIMIT


@given(st.floats(0, 20), st.floats(0, 200), st.floats(0, 1), st.integers(0, 12), st.booleans())
def test_a_step_is_never_larger_than_its_setting(
    roas: float, conversions: float, maturity: float, count: int, learning: bool
) -> None:
    found = campaign(days(roas, conversions=conversions, maturity=maturity, count=count), learning=learning)
    advice = advise(found, CONFIG)
    if advice.budget_micros is not None:
        change = advice.budget_micros / found.budget_micros
        assert 1 - CONFIG.cut_step <= change <= 1 + CONFIG.raise_step
        assert not (learning and change > 1)
    assert sentence(advice, CONFIG)
