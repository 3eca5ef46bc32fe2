"""What the allocation benchmark holds reallocation against."""

from math import exp

import pytest

from benchmarks.allocation.account import Truth, in_reach, oracle, worth

TRUTH = {"prospecting": Truth(18_000, 2_800), "brand": Truth(1_200, 210), "retargeting": Truth(220, 510)}
START = {"prospecting": 900.0, "brand": 500.0, "retargeting": 450.0}


def test_who_knows_the_curves_does_best_and_within_reach_no_better_and_no_worse_than_nothing() -> None:
    total = sum(START.values())
    best, near = oracle(TRUTH, total), in_reach(TRUTH, START)
    assert worth(TRUTH, START) < worth(TRUTH, near) < worth(TRUTH, best)
    for found in (best, near):
        assert sum(found.values()) == pytest.approx(total, rel=2e-3)
    # Explored from 0.7 to 1.3 of the start, and a tenth beyond.
    assert all(0.63 * START[each] - 1e-6 <= near[each] <= 1.43 * START[each] + 1e-6 for each in START)
    assert near["retargeting"] == pytest.approx(0.63 * 450)


def test_the_oracle_leaves_the_same_return_of_the_last_unit_everywhere_that_it_spends() -> None:
    found = oracle(TRUTH, sum(START.values()))
    last = [
        curve.ceiling / curve.scale * exp(-found[name] / curve.scale)
        for name, curve in TRUTH.items()
        if found[name] > 0
    ]
    assert max(last) == pytest.approx(min(last), rel=0.05)
