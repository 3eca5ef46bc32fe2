"""A fixed total over concave curves: where every campaign's last unit brings the same, none can gain from another.

That is what the conditions of Karush, Kuhn and Tucker say of it (Boyd and Vandenberghe, Convex Optimization, 5.5.3):
there is one price; whoever stands between floor and ceiling earns it with the last unit, whoever stands at the floor
earns less, whoever at the ceiling more. What is spent falls as the price rises, so the price is found by bisection.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from app.services.autopilot.strategies.response_rules import Curve

_HALVINGS = 200
_ENOUGH = 1e-12


@dataclass(frozen=True, slots=True)
class Option:
    """What one campaign may spend, and what it would bring."""

    curve: Curve
    floor: float
    ceiling: float

    def at(self, price: float) -> float:
        """What it should spend where a unit has to bring `price`."""
        return min(max(self.curve.spend_at(price), self.floor), self.ceiling)


def allocate(options: Sequence[Option], total: float) -> list[float]:
    """What each should spend for the most value, together `total`; floors and ceilings must leave room for it."""
    if not sum(each.floor for each in options) <= total <= sum(each.ceiling for each in options):
        raise ValueError("floors and ceilings leave no room for the total")
    slopes = [
        slope
        for each in options
        for slope in (each.curve.slope(each.ceiling), each.curve.slope(each.floor))
        if slope > 0
    ]
    price = _price(options, total, min(slopes), max(slopes)) if slopes else math.inf
    spends = [each.at(price) if each.curve.slope(each.floor) > 0 else each.floor for each in options]
    return _levelled(options, spends, total)


def _price(options: Sequence[Option], total: float, low: float, high: float) -> float:
    """By bisection on its logarithm; the dearer end, so that what it buys never exceeds the total."""
    for _ in range(_HALVINGS):
        if high <= low * (1 + _ENOUGH):
            break
        middle = math.sqrt(low) * math.sqrt(high)
        wanted = sum(each.at(middle) if each.curve.slope(each.floor) > 0 else each.floor for each in options)
        if wanted > total:
            low = middle
        else:
            high = middle
    return high


def _levelled(options: Sequence[Option], spends: list[float], total: float) -> list[float]:
    """Hand out what bisection left over, or what nobody earns anything with, to whoever earns most with it."""
    left = total - sum(spends)
    order = sorted(range(len(options)), key=lambda n: -options[n].curve.slope(spends[n]))
    for n in order if left > 0 else reversed(order):
        bound = options[n].ceiling if left > 0 else options[n].floor
        step = min(left, bound - spends[n]) if left > 0 else max(left, bound - spends[n])
        spends[n] += step
        left -= step
    return spends
