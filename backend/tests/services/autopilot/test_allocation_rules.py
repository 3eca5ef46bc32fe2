"""The allocator against other ways to the same optimum, and against the conditions of an optimum."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from app.services.autopilot.strategies.allocation_rules import Option, allocate
from app.services.autopilot.strategies.response_rules import Curve

CURVES = st.builds(Curve, top=st.floats(10, 10_000), half=st.floats(1, 5_000))


@st.composite
def problems(draw: st.DrawFn) -> tuple[list[Option], float]:
    """Curves with bounds, and a total that lies between them: whole cents, since 1e-280 is no money to divide."""
    options = []
    for curve in draw(st.lists(CURVES, min_size=1, max_size=6)):
        floor = draw(st.integers(0, 50_000))
        options.append(Option(curve, floor / 100, (floor + draw(st.integers(0, 100_000))) / 100))
    floors, ceilings = sum(each.floor for each in options), sum(each.ceiling for each in options)
    total = floors + draw(st.integers(0, round(100 * (ceilings - floors)))) / 100
    return options, min(ceilings, max(floors, total))


def worth(options: list[Option], spends: list[float]) -> float:
    return sum(each.curve.value(spend) for each, spend in zip(options, spends, strict=True))


@given(problems())
def test_the_total_is_spent_within_floors_and_ceilings(problem: tuple[list[Option], float]) -> None:
    options, total = problem
    spends = allocate(options, total)
    assert sum(spends) == pytest.approx(total, rel=1e-9, abs=1e-6)
    for each, spend in zip(options, spends, strict=True):
        assert each.floor - 1e-9 <= spend <= each.ceiling + 1e-9


@given(problems())
def test_one_price_holds_for_all(problem: tuple[list[Option], float]) -> None:
    """Karush, Kuhn and Tucker: nobody who could give earns less with the last unit than somebody who could take."""
    options, total = problem
    spends = allocate(options, total)
    pairs = list(zip(options, spends, strict=True))
    gives = [each.curve.slope(spend) for each, spend in pairs if spend > each.floor + 1e-6]
    takes = [each.curve.slope(spend) for each, spend in pairs if spend < each.ceiling - 1e-6]
    if gives and takes:
        assert min(gives) >= max(takes) * (1 - 1e-5)


@settings(max_examples=60, deadline=None)
@given(problems())
def test_unit_by_unit_brings_no_more(problem: tuple[list[Option], float]) -> None:
    """For concave curves, handing out small units to whoever earns most is optimal too (Fox, 1966)."""
    options, total = problem
    greedy = [each.floor for each in options]
    unit = (total - sum(greedy)) / 300
    for _ in range(300):
        room = [n for n, each in enumerate(options) if greedy[n] + unit <= each.ceiling]
        if not room or unit <= 0:
            break
        best = max(
            room, key=lambda n: options[n].curve.value(greedy[n] + unit) - options[n].curve.value(greedy[n])
        )
        greedy[best] += unit
    assert worth(options, allocate(options, total)) >= worth(options, greedy) * (1 - 1e-9)


@settings(max_examples=60, deadline=None)
@given(problems())
def test_it_finds_what_slsqp_finds(problem: tuple[list[Option], float]) -> None:
    options, total = problem
    found = by_slsqp(options, total)
    ours = worth(options, allocate(options, total))
    theirs = worth(options, [float(each) for each in found.x])
    assert ours >= theirs * (1 - 1e-6)
    if found.success:
        assert theirs >= ours * (1 - 1e-4)


def by_slsqp(options: list[Option], total: float) -> optimize.OptimizeResult:
    """Over the share of everyone's room that is taken: SLSQP's steps are made for figures of one size."""
    floors = np.array([each.floor for each in options])
    room = np.array([each.ceiling - each.floor for each in options])
    most = worth(options, [each.ceiling for each in options]) or 1.0
    width = room.sum() or 1.0

    def lost(shares: np.ndarray) -> float:
        return -worth(options, list(floors + room * shares)) / most

    def slopes(shares: np.ndarray) -> np.ndarray:
        spends = floors + room * shares
        return -room * [each.curve.slope(spend) for each, spend in zip(options, spends, strict=True)] / most

    found = optimize.minimize(
        lost,
        jac=slopes,
        x0=np.full(len(options), (total - floors.sum()) / width),
        bounds=[(0.0, 1.0)] * len(options),
        constraints=[
            {
                "type": "eq",
                "fun": lambda shares: (room @ shares - (total - floors.sum())) / width,
                "jac": lambda _: room / width,
            }
        ],
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 1_000},
    )
    found.x = floors + room * found.x
    return found


def test_who_brings_nothing_gets_only_what_nobody_else_can_take() -> None:
    idle, busy = Option(Curve(0.0, 10.0), 5.0, 100.0), Option(Curve(100.0, 10.0), 5.0, 20.0)
    assert allocate([idle, busy], 20.0) == pytest.approx([5.0, 15.0])
    assert allocate([idle, busy], 60.0) == pytest.approx([40.0, 20.0])


def test_bounds_that_leave_no_room_are_refused() -> None:
    with pytest.raises(ValueError, match="no room"):
        allocate([Option(Curve(1.0, 1.0), 1.0, 2.0)], 3.0)
