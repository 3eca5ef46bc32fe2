"""What nobody can beat on an account of a size: as Neyman and Pearson have it, and more of it where more is told."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import poisson

from benchmarks.trustbench import shape
from benchmarks.trustbench.bound import power, seen_in_time
from benchmarks.trustbench.reports import ORDER_KINDS, tell_each
from benchmarks.trustbench.shape import Effect
from benchmarks.trustbench.world import Tape, read_characters, simulate

SHAPES = {each.name: each for each in shape.read_shapes(shape.HERE)}
SIZE = 0.01


def world(conversions: float) -> Tape:
    return simulate(read_characters()["shop"], np.random.default_rng(3), conversions)


def seen(name: str, conversions: float, severity: int = 2, *, first_party: bool = True) -> float | None:
    random = np.random.default_rng(1)
    return seen_in_time(world(conversions), SHAPES[name], severity, first_party=first_party, random=random)


@pytest.mark.parametrize(("usual", "faulty"), [(10.0, 4.0), (40.0, 20.0), (12.0, 24.0), (3.0, 0.5)])
def test_the_power_is_that_of_the_best_test_between_two_rates(usual: float, faulty: float) -> None:
    """Of one count it is one-sided, and drawn by lot where it ties."""
    counts = np.arange(200)
    order = counts if faulty < usual else counts[::-1]
    without, with_it = (poisson(rate).pmf(order) for rate in (usual, faulty))
    inside = without.cumsum() <= SIZE
    limit = int(inside.sum())
    lot = (SIZE - without[inside].sum()) / without[limit]
    best = with_it[inside].sum() + lot * with_it[limit]
    found = power([np.array([[usual], [faulty]])], SIZE, np.random.default_rng(5))
    assert found == pytest.approx(best, abs=0.04)


def test_who_is_told_the_same_either_way_sees_as_often_as_it_errs() -> None:
    rates = np.array([[4.0, 2.0], [4.0, 2.0]])
    assert power([rates, rates], SIZE, np.random.default_rng(5)) == pytest.approx(SIZE)


def test_what_never_happens_of_itself_is_certain_when_it_does() -> None:
    rates = np.array([[50.0, 0.0], [50.0, 3.0]])
    assert power([rates], SIZE, np.random.default_rng(5)) == pytest.approx(1 - np.exp(-3.0), abs=0.03)


def test_more_orders_and_a_worse_fault_are_seen_more_often() -> None:
    by_size = [seen("slow_loss", each) or 0.0 for each in (5, 50, 500)]
    assert by_size == sorted(by_size)
    assert by_size[0] < 0.5 < by_size[1] < by_size[2] + 1e-9
    by_severity = [seen("pixel_drop", 5, each) or 0.0 for each in range(4)]
    assert by_severity == sorted(by_severity)


def test_without_a_shops_own_events_nobody_sees_what_only_they_tell() -> None:
    assert seen("match_key_collapse", 500, first_party=False) == pytest.approx(0.01)
    assert (seen("pixel_drop", 5, first_party=False) or 0.0) < (seen("pixel_drop", 5) or 0.0)


def test_what_shows_in_one_reading_is_always_seen_and_what_is_true_has_no_bound() -> None:
    assert seen("stale_api", 5) == 1
    invented = replace(SHAPES["pixel_drop"], effects=(("demand", (0.5,) * 5),))
    assert seen_in_time(world(5), invented, 2, first_party=True, random=np.random.default_rng(1)) is None


def test_each_order_is_told_of_by_itself() -> None:
    tape = world(50)
    plain = tell_each(tape, (), 0.0, np.inf)
    assert ((plain >= 0) & (plain < ORDER_KINDS)).all()
    assert ((plain % 3 == 1) == (tape.claimed_by >= 0)).all()
    none = tell_each(tape, [Effect("lose_claims", 1.0), Effect("lose_browser", 1.0)], 0.0, np.inf)
    assert set(np.unique(none)) == {0, ORDER_KINDS // 2}, "nobody but who left their name"
    twice = tell_each(tape, [Effect("repeat_claims", 1.0)], 0.0, np.inf)
    assert ((twice % 3 == 2) == (tape.claimed_by >= 0)).all()
    assert (tell_each(tape, [Effect("lose_claims", 1.0)], 2e9, np.inf) == plain).all(), "before its start"
