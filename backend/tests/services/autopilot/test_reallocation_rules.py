"""Where an account's budgets should go, and where they stay."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from app.services.autopilot.strategies.days_rules import Candidate, Day
from app.services.autopilot.strategies.reallocation_rules import (
    ReallocationConfig,
    Why,
    faults,
    plan,
    sentence,
)
from app.services.autopilot.strategies.response_rules import Curve
from tests.factories.strategies import varied

UNIT = 1_000_000
CONFIG = ReallocationConfig()
STEEP, FLAT = Curve(9_000, 1_500), Curve(2_000, 60)


def candidate(
    curve: Curve,
    *,
    budget: float = 500,
    by: float = 0.25,
    seed: int = 1,
    learning: bool = False,
    busy: bool = False,
    spends: float = 1.0,
    count: int = 60,
) -> Candidate:
    """Noise of a few per cent comes from rounding values to orders of fifty."""
    first = date(2026, 1, 1)
    days = []
    for n, spend in enumerate(varied(budget * spends, count, by=by, seed=seed)):
        value = round(curve.value(spend) / 50 + (n % 3 - 1)) * 50
        maturity = 0.3 if n >= count - 3 else 1.0
        day = first + timedelta(days=n)
        days.append(Day(day, round(spend * UNIT), value / 50, value * UNIT, maturity))
    return Candidate(round(budget) * UNIT, learning, days, busy)


def budgets(candidates: list[Candidate], config: ReallocationConfig = CONFIG) -> list[int]:
    found = plan(candidates, config)
    return [
        each.budget_micros if each.budget_micros is not None else candidate.budget_micros
        for each, candidate in zip(found.advice, candidates, strict=True)
    ]


def test_money_goes_to_where_the_last_unit_brings_more() -> None:
    found = plan([candidate(STEEP), candidate(FLAT, seed=2)], CONFIG)
    assert [each.why for each in found.advice] == [Why.EARNS_MORE, Why.EARNS_LESS]
    assert [each.budget_micros for each in found.advice] == [600 * UNIT, 400 * UNIT]
    assert found.gain is not None
    assert 0 < found.gain.low < found.gain.mean < found.gain.high
    truth = STEEP.value(600) - STEEP.value(500) + FLAT.value(400) - FLAT.value(500)
    assert found.gain.low < truth * UNIT < found.gain.high


def test_a_curve_that_spend_never_told_keeps_its_budget() -> None:
    found = plan([candidate(STEEP, by=0.004), candidate(FLAT, seed=2), candidate(STEEP, seed=3)], CONFIG)
    assert found.advice[0].why is Why.CURVE_UNKNOWN
    assert found.advice[0].budget_micros is None
    assert [each.why for each in found.advice[1:]] == [Why.EARNS_LESS, Why.EARNS_MORE]


def test_among_unknowns_nothing_moves_that_might_lose() -> None:
    found = plan([candidate(STEEP), candidate(Curve(5_500, 500), by=0.004, seed=2)], CONFIG)
    assert [each.why for each in found.advice] == [Why.GAIN_UNSURE, Why.CURVE_UNKNOWN]
    assert found.gain is None
    nobody = plan([candidate(STEEP, by=0.004), candidate(STEEP, by=0.004, seed=2)], CONFIG)
    assert [each.why for each in nobody.advice] == [Why.CURVE_UNKNOWN] * 2


def test_who_brings_little_at_most_gives_though_its_curve_is_unknown() -> None:
    """Of a concave curve the last unit brings no more than the average one."""
    poor = Curve(400, 500)
    found = plan([candidate(STEEP), candidate(poor, by=0.004, seed=2)], CONFIG)
    assert [each.why for each in found.advice] == [Why.EARNS_MORE, Why.EARNS_LESS]
    assert found.advice[1].elasticity is not None
    assert found.advice[1].elasticity.high - found.advice[1].elasticity.low > CONFIG.most_unknown


def test_who_is_unknown_takes_nothing_however_good_it_looks() -> None:
    found = plan([candidate(FLAT), candidate(Curve(30_000, 1_500), by=0.004, seed=2)], CONFIG)
    assert all(each.budget_micros is None for each in found.advice)


def test_alike_campaigns_are_left_alone() -> None:
    found = plan([candidate(STEEP), candidate(STEEP, seed=2)], CONFIG)
    assert {each.why for each in found.advice} <= {Why.BALANCED, Why.GAIN_UNSURE}


def test_a_gain_that_is_not_sure_moves_nothing() -> None:
    """Noise alone tells two alike campaigns apart a little: whoever asked for no least gain would follow it."""
    eager = ReallocationConfig(least_gain=0.0)
    found = plan([candidate(STEEP), candidate(STEEP, seed=7)], eager)
    assert [each.why for each in found.advice] == [Why.GAIN_UNSURE, Why.GAIN_UNSURE]


def test_who_learns_is_not_raised_and_who_is_busy_not_touched() -> None:
    learning = plan([candidate(STEEP, learning=True), candidate(FLAT, seed=2)], CONFIG)
    assert all(each.budget_micros is None for each in learning.advice)
    busy = plan([candidate(STEEP), candidate(FLAT, seed=2, busy=True)], CONFIG)
    assert [each.why for each in busy.advice] == [Why.ALONE, Why.BUSY]


def test_a_budget_that_is_not_spent_is_not_what_holds_it() -> None:
    found = plan([candidate(STEEP, spends=0.5), candidate(FLAT, seed=2)], CONFIG)
    assert found.advice[0].why is Why.NOT_SPENT


def test_too_few_days_or_conversions_say_so() -> None:
    assert plan([candidate(STEEP, count=15)], CONFIG).advice[0].why is Why.NOT_ENOUGH_DATA
    few = plan([candidate(Curve(20, 100))], CONFIG).advice[0]
    assert few.why is Why.NOT_ENOUGH_DATA
    assert "needs 30 conversions" in sentence(few, CONFIG)


def test_nobody_goes_far_beyond_what_was_ever_spent() -> None:
    seen = max(day.spend_micros for day in candidate(STEEP, by=0.12).days)
    raised = budgets(
        [candidate(STEEP, by=0.12), candidate(FLAT, seed=2)], ReallocationConfig(exploration=0.0)
    )
    assert raised[0] <= seen


def test_settings_are_bounded() -> None:
    assert faults(CONFIG) == []
    assert faults(ReallocationConfig(largest_change=0.5))
    assert faults(ReallocationConfig(window_days=10))
    assert faults(ReallocationConfig(floor_micros=9, ceiling_micros=1))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.builds(Curve, top=st.floats(500, 20_000), half=st.floats(20, 5_000)),
            st.floats(20, 900),
            st.floats(0.0, 0.4),
            st.booleans(),
        ),
        min_size=2,
        max_size=5,
    )
)
def test_the_total_never_rises_and_no_step_is_too_large(
    drawn: list[tuple[Curve, float, float, bool]],
) -> None:
    candidates = [
        candidate(curve, budget=budget, by=by, seed=seed, learning=learning)
        for seed, (curve, budget, by, learning) in enumerate(drawn)
    ]
    found = budgets(candidates)
    assert sum(found) <= sum(each.budget_micros for each in candidates)
    for each, budget in zip(candidates, found, strict=True):
        assert abs(budget - each.budget_micros) <= 0.2 * each.budget_micros
        assert budget == each.budget_micros or budget % UNIT == 0
        assert not (each.learning and budget > each.budget_micros)
