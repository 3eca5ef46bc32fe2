import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.autopilot.actions.watch_rules import Window, beta_cdf, should_roll_back, worse_probability

EURO = 1_000_000


@pytest.mark.parametrize(
    ("x", "a", "b", "expected"),
    [
        (0.5, 2.0, 2.0, 0.5),
        (0.3, 1.0, 1.0, 0.3),
        (0.25, 1.0, 3.0, 1 - 0.75**3),
        (0.2, 3.0, 1.0, 0.2**3),
        (0.5, 0.5, 0.5, 0.5),
        (0.4, 2.0, 3.0, 0.5248),
    ],
)
def test_the_beta_distribution_has_its_known_values(x: float, a: float, b: float, expected: float) -> None:
    assert beta_cdf(x, a, b) == pytest.approx(expected, abs=1e-9)


@given(st.floats(0.001, 0.999), st.floats(0.5, 2000), st.floats(0.5, 2000))
def test_the_beta_distribution_mirrors(x: float, a: float, b: float) -> None:
    assert beta_cdf(x, a, b) + beta_cdf(1 - x, b, a) == pytest.approx(1.0, abs=1e-9)


@given(st.floats(0.5, 500), st.floats(0.5, 500), st.floats(0.01, 0.5), st.floats(0.5, 0.99))
def test_the_beta_distribution_rises(a: float, b: float, low: float, high: float) -> None:
    assert -1e-12 <= beta_cdf(low, a, b) <= beta_cdf(high, a, b) + 1e-12 <= 1 + 1e-9


def test_a_collapse_is_rolled_back_and_steadiness_is_not() -> None:
    before = Window(conversions=300, mature_spend_micros=3000 * EURO)
    assert should_roll_back(worse_probability(before, Window(120, 3000 * EURO)))
    assert not should_roll_back(worse_probability(before, Window(300, 3000 * EURO)))
    assert not should_roll_back(worse_probability(before, Window(600, 3000 * EURO)))


def test_ten_conversions_of_noise_do_not_undo_a_change() -> None:
    before = Window(conversions=10, mature_spend_micros=100 * EURO)
    assert not should_roll_back(worse_probability(before, Window(7, 100 * EURO)))


def test_young_days_are_not_held_against_a_change() -> None:
    """Half of the conversions not reported yet: the spend that could have converted counts by half."""
    before = Window(conversions=300, mature_spend_micros=3000 * EURO)
    assert not should_roll_back(worse_probability(before, Window(150, 1500 * EURO)))


def test_without_spend_there_is_no_answer() -> None:
    assert worse_probability(Window(0, 0), Window(5, EURO)) is None


def test_the_probability_is_what_a_simulation_finds() -> None:
    draw = random.Random(7)  # noqa: S311  (a seeded simulation)
    before, after = Window(80, 800.0), Window(50, 700.0)
    worse = 0
    for _ in range(20_000):
        rate_before = draw.gammavariate(before.conversions + 0.5, 1) / before.mature_spend_micros
        rate_after = draw.gammavariate(after.conversions + 0.5, 1) / after.mature_spend_micros
        worse += rate_after < rate_before / 1.25
    assert worse_probability(before, after) == pytest.approx(worse / 20_000, abs=0.015)
