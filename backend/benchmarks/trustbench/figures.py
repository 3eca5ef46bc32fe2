"""Figures of many runs, each with an interval, bootstrapped by account: days of one account are not independent.

A day is closed where a raise would not have passed at any of its readings.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.trustbench.runs import CLEAN, Account, Run, Said

RESAMPLES = 1_000
DAY = 24.0


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` with a 95 % interval; None where nothing was counted."""

    value: float | None
    low: float | None = None
    high: float | None = None
    of: int = 0
    """How many things it was counted over."""

    def plain(self) -> dict[str, float | int | None]:
        return {"value": self.value, "low": self.low, "high": self.high, "of": self.of}


@dataclass(frozen=True, slots=True)
class Line:
    """One gate in one run."""

    run: Run
    said: Said


Part = Callable[[Line], tuple[float, float]]
"""What one run adds to the numerator and to the denominator."""


def lines(runs: Iterable[Run], gate: str) -> list[Line]:
    return [Line(run, said) for run in runs for said in run.said if said.gate == gate]


def ratio(chosen: Sequence[Line], part: Part, scale: float = 1.0) -> Figure:
    """Sum over sum, and how far it moves when other accounts of the same kind had been drawn."""
    by_account: dict[Account, list[float]] = {}
    for line in chosen:
        top, bottom = part(line)
        held = by_account.setdefault(line.run.account, [0.0, 0.0])
        held[0] += top
        held[1] += bottom
    table = np.array(list(by_account.values()))
    if not len(table) or table[:, 1].sum() <= 0:
        return Figure(None)
    value = scale * table[:, 0].sum() / table[:, 1].sum()
    drawn = np.random.default_rng(0).integers(0, len(table), (RESAMPLES, len(table)))
    sums = table[drawn].sum(axis=1)
    found = scale * sums[:, 0] / np.where(sums[:, 1] > 0, sums[:, 1], np.nan)
    low, high = np.nanpercentile(found, [2.5, 97.5])
    whole, top = float(table[:, 1].sum()), float(table[:, 0].sum())
    # Nothing that is drawn again stays nothing: what may hide behind it is bounded by the rule of three.
    if top <= 0:
        high = scale * min(1.0, 3 / whole)
    elif top >= whole:
        low = scale * (1 - min(1.0, 3 / whole))
    return Figure(float(value), float(low), float(high), int(whole))


def recall(chosen: Sequence[Line], days: int | None = None) -> Figure:
    """The share of faults on which it closed within `days`; within each fault's own limit where none is given."""

    def part(line: Line) -> tuple[float, float]:
        limit = (line.run.within_days if days is None else days) * DAY
        after = line.said.closed_after
        return float(after is not None and after <= limit), 1.0

    return ratio(of_kind(chosen, "fault"), part)


def recall_of_one_who_knew(chosen: Sequence[Line]) -> Figure:
    """The share of the same faults that nobody's detector can exceed."""
    known = [line for line in of_kind(chosen, "fault") if line.run.bound is not None]
    return ratio(known, lambda line: (line.run.bound or 0.0, 1.0))


def median_latency(chosen: Sequence[Line]) -> float | None:
    """Hours until it closed, of the faults that it closed on."""
    found = [
        line.said.closed_after for line in of_kind(chosen, "fault") if line.said.closed_after is not None
    ]
    return float(np.median(found)) if found else None


def median_recovery(chosen: Sequence[Line]) -> float | None:
    """Hours from the repair until it was open again for a day; endless where half of them never were."""
    closed = [line.said for line in of_kind(chosen, "fault") if line.said.closed_after is not None]
    found = [np.inf if said.recovered_after is None else said.recovered_after for said in closed]
    return float(np.median(found)) if found else None


def false_closed(chosen: Sequence[Line]) -> Figure:
    """Closed days of accounts to which nothing happens, per 100 account-days."""
    return ratio(
        of_kind(chosen, CLEAN), lambda line: (line.said.closed_days_outside, line.run.days_outside), 100.0
    )


def opened(chosen: Sequence[Line]) -> Figure:
    """The share of days on which it was open, of accounts to which nothing happens."""
    return ratio(
        of_kind(chosen, CLEAN),
        lambda line: (line.run.days_outside - line.said.closed_days_outside, line.run.days_outside),
    )


def closed_around(chosen: Sequence[Line]) -> Figure:
    """Closed days before a fault and after its repair, per 100: what lingers in the windows is among them."""
    return ratio(
        of_kind(chosen, "fault"), lambda line: (line.said.closed_days_outside, line.run.days_outside), 100.0
    )


def benign_closed(chosen: Sequence[Line]) -> Figure:
    """The share of the days of something unusual and true on which it closed."""
    return ratio(of_kind(chosen, "benign"), lambda line: (line.said.closed_days, line.run.days))


def named_right(chosen: Sequence[Line]) -> Figure:
    """Of the faults it closed on, how often the first cause that it names is a right one."""
    known = [line for line in of_kind(chosen, "fault") if line.said.right_cause is not None]
    return ratio(known, lambda line: (float(bool(line.said.right_cause)), 1.0))


def bad_money_cut(chosen: Sequence[Line]) -> Figure:
    """Of the money that losing moves would have moved while a fault was on, the share that it held."""
    return ratio(
        of_kind(chosen, "fault"),
        lambda line: (line.said.bad_money - line.said.bad_money_passed, line.said.bad_money),
    )


def good_moves_passed(chosen: Sequence[Line]) -> Figure:
    """Of the moves that truly earn, on days without a fault, the share that passed."""
    return ratio(chosen, lambda line: (line.said.good_moves_passed, line.said.good_moves))


def of_kind(chosen: Sequence[Line], kind: str) -> list[Line]:
    return [line for line in chosen if line.run.kind == kind]


def of_shape(chosen: Sequence[Line], shape: str) -> list[Line]:
    return [line for line in chosen if line.run.shape == shape]


def headline(chosen: Sequence[Line]) -> dict[str, Figure]:
    """The five figures that have an aim."""
    return {
        "recall_2d": recall(chosen),
        "false_closed_per_100": false_closed(chosen),
        "benign_closed": benign_closed(chosen),
        "bad_money_cut": bad_money_cut(chosen),
        "good_moves_passed": good_moves_passed(chosen),
    }
