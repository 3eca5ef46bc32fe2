"""What nobody can beat: how often a detector that knows the fault would see it in time, on an account of that size.

It knows when the fault would begin, what it would do, and how often each thing is told of an order with and without it;
it does not know whether it has begun. It is told of each order by itself and at once, where platforms tell sums, and
take hours. By Neyman and Pearson's lemma no other test of the same orders sees more: it
closes where the likelihood ratio of what was told is highest, as often without a fault as 0.5 of 100 days allow. Few
orders tell little, whoever looks.

A fault that shows in one figure without any counting (money a hundredfold, rows that are missing) it sees always.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from benchmarks.trustbench.reports import ORDER_KINDS, PLATFORMS_KINDS, tell_each
from benchmarks.trustbench.shape import TRUE_EFFECTS, Effect, Shape
from benchmarks.trustbench.world import DAYS, Floats, Random, Tape

_FALSE_DAYS = 0.005
_OF_ORDERS = frozenset(
    {
        "lose_claims",
        "decay_claims",
        "repeat_claims",
        "value_100x",
        "lose_keys",
        "shorten_window",
        "lose_browser",
    }
)
"""What a fault does to each order by itself; all else that is told shows in one reading."""
_DRAWN = 20_000
"""Orders of the account's, drawn with all that may happen to each anew, whose shares stand for their chances."""
_TRIALS = 4_000
_CERTAIN = 1e6
"""The logarithm of a ratio with nothing below it, or above."""


def seen_in_time(
    tape: Tape, shape: Shape, severity: int, *, first_party: bool, random: Random
) -> float | None:
    """The share of such faults that it sees within the shape's limit; None for one that truly happens to people."""
    effects = shape.at(severity)
    if any(each.do in TRUE_EFFECTS for each in effects):
        return None
    if not all(each.do in _OF_ORDERS for each in effects):
        return 1.0
    orders = len(tape.placed) / DAYS
    days = [
        _rates(tape, effects, day, first_party=first_party, random=random) * orders
        for day in range(shape.within_days)
    ]
    return power(days, _FALSE_DAYS * shape.within_days, random)


def power(days: Sequence[Floats], size: float, random: Random) -> float:
    """Of the best test between two rates of each kind of thing, (2, kind) by day, that errs as often as `size`.

    Counts are Poisson's; what ties at the limit is drawn by lot, as the lemma has it.
    """
    usual, faulty = (np.concatenate([day[row] for day in days]) for row in (0, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        weights = np.clip(np.nan_to_num(np.log(faulty / usual), posinf=_CERTAIN), -_CERTAIN, _CERTAIN)
    without, with_it = (random.poisson(rates, (_TRIALS, len(rates))) @ weights for rates in (usual, faulty))
    limit = np.quantile(without, 1 - size, method="higher")
    above, at = (without > limit).mean(), (without == limit).mean()
    lot = min(1.0, max(0.0, size - above) / at)
    return float((with_it > limit).mean() + lot * (with_it == limit).mean())


def _rates(tape: Tape, effects: Sequence[Effect], day: int, *, first_party: bool, random: Random) -> Floats:
    """(without and with, kind): the share of orders of which each is told, on that day of the fault."""
    drawn = _drawn(tape, day, random)
    kinds = ORDER_KINDS if first_party else PLATFORMS_KINDS
    told = [tell_each(drawn, each, 0.0, np.inf) % kinds for each in ((), effects)]
    shares = np.stack([np.bincount(each, minlength=kinds) for each in told]) / _DRAWN
    # Without a shop's own events, of an order that no platform claims nothing is seen.
    return np.asarray(shares if first_party else shares[:, 1:])


def _drawn(tape: Tape, day: int, random: Random) -> Tape:
    """As if they were placed on that day after the start."""
    which = random.integers(0, len(tape.placed), _DRAWN)
    placed = 24 * day + tape.placed[which] % 24
    return replace(
        tape,
        placed=placed,
        clicked=placed - (tape.placed - tape.clicked)[which],
        claimed_by=tape.claimed_by[which],
        blocked=tape.blocked[which],
        named=tape.named[which],
        draws=random.random((4, _DRAWN)),
    )
