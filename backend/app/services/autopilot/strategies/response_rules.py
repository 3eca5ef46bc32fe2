"""What a campaign's value answers to its daily spend: a concave curve with its uncertainty, from its own past.

The curve is v(s) = top * s / (half + s): Hill's with an exponent of one, as in response curves of media (Jin, Wang,
Sun, Chan and Koehler, Bayesian methods for media mix modeling with carryover and shape effects, 2017). Spend and value
are micros a day.

Its shape is its elasticity at the usual spend, half / (half + usual), between 0 (more spend brings nothing) and 1 (it
brings as much again). On a grid over it, flat beforehand, the value at the usual spend is one coefficient of a linear
regression whose noise grows with spend, as that of counts does; its posterior is Student's t in closed form (Gelman
and others, Bayesian Data Analysis, 3rd ed., 14.2), and the grid is weighed by the marginal likelihood (3.7). Days that
follow one another err alike: their number counts as n (1 - r) / (1 + r) at a lag-one correlation r (Thiébaux and
Zwiers, 1984), so that a slow drift of demand is not taken for an answer to spend.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

_GRID = 40
_LEAST_DAYS = 8.0
"""Fewer independent days leave no variance to speak of."""
_MOST_CORRELATION = 0.9
Z80 = 1.2816
"""Ends of an 80 % interval, or one-sided 90 %."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with the ends of its 80 % interval."""

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, mean: float, variance: float) -> "Estimate":
        reach = Z80 * math.sqrt(max(0.0, variance))
        return cls(mean, mean - reach, mean + reach)


@dataclass(frozen=True, slots=True)
class Curve:
    """v(s) = top * s / (half + s), for spend of any unit."""

    top: float
    half: float

    def value(self, spend: float) -> float:
        return self.top * spend / (self.half + spend)

    def slope(self, spend: float) -> float:
        """What one unit more of spend brings."""
        return self.top * self.half / (self.half + spend) ** 2

    def spend_at(self, slope: float) -> float:
        """The spend at which one unit more brings `slope`; 0 where even the first brings less."""
        return max(0.0, math.sqrt(self.top * self.half / slope) - self.half)


@dataclass(frozen=True, slots=True)
class _Term:
    """One shape of the grid: how likely it is, and what the value at the usual spend would be."""

    weight: float
    elasticity: float
    half: float
    value: float
    variance: float

    def share(self, spend: float, usual: float) -> float:
        """The value at a spend for that at the usual one."""
        return spend / (self.half + spend) * (self.half + usual) / usual


@dataclass(frozen=True, slots=True)
class Response:
    """What a campaign's days say of its curve. `usual` is their mean spend."""

    usual: float
    lowest: float
    highest: float
    days: int
    elasticity: Estimate
    _terms: tuple[_Term, ...]

    @property
    def curve(self) -> Curve:
        """The curve of the expected shape and the expected value at the usual spend."""
        half = self.usual * self.elasticity.mean / (1 - self.elasticity.mean)
        value = sum(term.weight * term.value for term in self._terms)
        return Curve(max(0.0, value) * (half + self.usual) / self.usual, half)

    def gain(self, before: float, after: float) -> tuple[float, float]:
        """Mean and variance of the value a day that spending `after` for `before` brings; negative for a loss."""
        changes = [term.share(after, self.usual) - term.share(before, self.usual) for term in self._terms]
        mean = sum(
            term.weight * term.value * change for term, change in zip(self._terms, changes, strict=True)
        )
        square = sum(
            term.weight * (term.value**2 + term.variance) * change**2
            for term, change in zip(self._terms, changes, strict=True)
        )
        return mean, max(0.0, square - mean**2)

    def marginal(self, spend: float) -> Estimate:
        """What the last hundredth of this spend brings for each unit."""
        mean, variance = self.gain(spend * 0.99, spend)
        step = spend * 0.01
        return Estimate.of(mean / step, variance / step**2)


def fitted(points: Sequence[tuple[float, float]]) -> Response | None:
    """The response of days of (spend, value), in the order of the calendar; None where they cannot tell of any."""
    days = [(spend, value) for spend, value in points if spend > 0]
    if len(days) < _LEAST_DAYS or sum(value for _, value in days) <= 0:
        return None
    usual = fmean(spend for spend, _ in days)
    shapes = [_regressed(days, usual, (step + 0.5) / _GRID) for step in range(_GRID)]
    independent = _independent(days, min(shapes, key=lambda shape: shape.error))
    if independent < _LEAST_DAYS:
        return None
    likelihoods = [
        -0.5 * math.log(shape.information) - (independent - 1) / 2 * math.log(max(shape.error, 1e-12))
        for shape in shapes
    ]
    best = max(likelihoods)
    weights = [math.exp(each - best) for each in likelihoods]
    terms = tuple(
        _term(shape, weight / sum(weights), independent, len(days))
        for shape, weight in zip(shapes, weights, strict=True)
    )
    return Response(
        usual=usual,
        lowest=min(spend for spend, _ in days),
        highest=max(spend for spend, _ in days),
        days=len(days),
        elasticity=_elasticity(terms),
        _terms=terms,
    )


@dataclass(frozen=True, slots=True)
class _Shape:
    elasticity: float
    half: float
    value: float
    information: float
    """The sum of squares of what the value at the usual spend is multiplied by."""
    error: float
    """The sum of squared residuals."""
    residuals: tuple[float, ...]


def _regressed(days: Sequence[tuple[float, float]], usual: float, elasticity: float) -> _Shape:
    """The least squares of one shape, each day weighed by one over its spend."""
    half = usual * elasticity / (1 - elasticity)
    shape = _Term(0.0, elasticity, half, 0.0, 0.0)
    scale = math.sqrt(usual)
    expected = [shape.share(spend, usual) * scale / math.sqrt(spend) for spend, _ in days]
    observed = [value * scale / math.sqrt(spend) for spend, value in days]
    information = sum(each**2 for each in expected)
    value = sum(x * y for x, y in zip(expected, observed, strict=True)) / information
    residuals = tuple(y - value * x for x, y in zip(expected, observed, strict=True))
    return _Shape(elasticity, half, value, information, sum(each**2 for each in residuals), residuals)


def _independent(days: Sequence[tuple[float, float]], shape: _Shape) -> float:
    """How many days' worth of independent evidence there is."""
    pairs = zip(shape.residuals[:-1], shape.residuals[1:], strict=True)
    correlation = sum(a * b for a, b in pairs) / shape.error if shape.error > 0 else 0.0
    held = min(max(correlation, 0.0), _MOST_CORRELATION)
    return len(days) * (1 - held) / (1 + held)


def _term(shape: _Shape, weight: float, independent: float, days: int) -> _Term:
    """Student's t has a variance of its squared scale times d / (d - 2) at d degrees of freedom."""
    freedom = independent - 1
    scale = shape.error / (days - 1) / shape.information * days / independent
    return _Term(weight, shape.elasticity, shape.half, shape.value, scale * freedom / (freedom - 2))


def _elasticity(terms: Sequence[_Term]) -> Estimate:
    mean = sum(term.weight * term.elasticity for term in terms)
    return Estimate(mean, _quantile(terms, 0.1), _quantile(terms, 0.9))


def _quantile(terms: Sequence[_Term], share: float) -> float:
    """Within a step of the grid it is spread evenly."""
    below = 0.0
    for step, term in enumerate(terms):
        if below + term.weight >= share:
            return (step + (share - below) / term.weight) / _GRID
        below += term.weight
    return 1.0
