"""Shares and their intervals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from app.services.trust_engine.replay.calibration_rules import band_of, bands
from app.services.trust_engine.replay.intervals_rules import share, wilson


@given(st.integers(1, 5_000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_it_is_wilsons_interval(drawn: tuple[int, int]) -> None:
    count, of = drawn
    known = stats.binomtest(count, of).proportion_ci(method="wilson")
    assert wilson(count, of) == pytest.approx((known.low, known.high), abs=1e-9)


def test_of_too_few_there_is_none() -> None:
    assert (share(9, 9).low, share(9, 9).high) == (None, None)
    assert share(9, 10).low == pytest.approx(0.5958, abs=1e-4)


def test_bands_are_tens_and_the_last_one_holds_a_hundred() -> None:
    assert [band_of(score) for score in (0.0, 9.9, 10.0, 69.9, 90.0, 100.0, None)] == [
        0,
        0,
        10,
        60,
        90,
        90,
        None,
    ]


def test_what_passed_is_counted_by_class_and_for_all_together() -> None:
    found = bands(
        [
            ("high", 85.0, "verified", 12),
            ("high", 88.0, "rolled_back", 3),
            ("cut", 85.0, "failed", 1),
            ("cut", 85.0, "applied", 4),
            ("safety", None, "verified", 2),
        ]
    )
    told = {(each.risk, each.low): (each.passed, each.ended, each.rolled_back.count) for each in found}
    assert told == {
        (None, None): (2, 2, 0),
        (None, 80): (20, 16, 3),
        ("cut", 80): (5, 1, 0),
        ("high", 80): (15, 15, 3),
        ("safety", None): (2, 2, 0),
    }
    assert [each.risk for each in found][:2] == [None, None]
    together = next(each for each in found if (each.risk, each.low) == (None, 80))
    assert (together.verified.count, together.failed.count, together.failed.of) == (12, 1, 16)
    few = next(each for each in found if (each.risk, each.low) == ("cut", 80))
    assert few.failed.low is None
