"""A curve is told from days whose spend varied, with an interval that holds the truth; from others it is not."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.services.autopilot.strategies.response_rules import Curve, fitted


def days(
    curve: Curve, usual: float, *, by: float, noise: float, seed: int, count: int = 56
) -> list[tuple[float, float]]:
    chance = random.Random(seed)  # noqa: S311  (no secret)
    spends = [usual * (1 + by * chance.uniform(-1, 1)) for _ in range(count)]
    return [(spend, curve.value(spend) * (1 + noise * chance.gauss(0, 1))) for spend in spends]


def test_varied_spend_tells_the_curve() -> None:
    truth = Curve(top=4_000.0, half=800.0)
    found = fitted(days(truth, 500.0, by=0.4, noise=0.03, seed=3))
    assert found is not None
    elasticity = truth.half / (truth.half + found.usual)
    assert found.elasticity.low < elasticity < found.elasticity.high
    assert found.elasticity.high - found.elasticity.low < 0.3
    assert found.marginal(500.0).mean == pytest.approx(truth.slope(500.0), rel=0.25)


def test_spend_that_never_varied_tells_nothing() -> None:
    found = fitted(days(Curve(4_000.0, 800.0), 500.0, by=0.005, noise=0.05, seed=3))
    assert found is not None
    assert found.elasticity.high - found.elasticity.low > 0.6


def test_too_few_days_are_no_curve() -> None:
    assert fitted(days(Curve(4_000.0, 800.0), 500.0, by=0.4, noise=0.03, seed=3, count=6)) is None
    assert fitted([(500.0, 0.0)] * 40) is None


def test_a_slow_drift_widens_the_interval() -> None:
    """Demand that swells for a month says nothing of spend: the same days in no order would count for more."""
    calm = days(Curve(4_000.0, 800.0), 500.0, by=0.2, noise=0.03, seed=5)
    drifting = [
        (spend, value * (0.95 if place < len(calm) / 2 else 1.05))
        for place, (spend, value) in enumerate(calm)
    ]
    shuffled = random.Random(1).sample(drifting, len(drifting))  # noqa: S311  (no secret)
    still, moved = fitted(shuffled), fitted(drifting)
    assert still is not None
    assert moved is not None
    assert moved.elasticity.high - moved.elasticity.low > 1.2 * (still.elasticity.high - still.elasticity.low)


@settings(max_examples=40, deadline=None)
@given(st.floats(50, 5_000), st.floats(0.1, 10.0), st.floats(0.1, 0.4), st.integers(0, 10_000))
def test_more_spend_never_brings_less_and_ever_less_more(
    usual: float, half: float, by: float, seed: int
) -> None:
    found = fitted(days(Curve(10 * usual, half * usual), usual, by=by, noise=0.05, seed=seed))
    assert found is not None
    first, second = (found.gain(usual, usual * share)[0] for share in (1.1, 1.2))
    assert 0 <= first <= second <= 2 * first + 1e-6
    assert 0 < found.elasticity.low <= found.elasticity.mean <= found.elasticity.high < 1


def test_its_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    truth, held = Curve(4_000.0, 800.0), 0
    for seed in range(100):
        found = fitted(days(truth, 500.0, by=0.3, noise=0.05, seed=seed))
        assert found is not None
        mean, variance = found.gain(500.0, 600.0)
        reach = 1.2816 * variance**0.5
        held += mean - reach <= truth.value(600.0) - truth.value(500.0) <= mean + reach
    assert 68 <= held <= 95
