"""Whether a change did harm: the probability that a guard metric is worse by a quarter, noise and lag allowed for."""

import math
from dataclasses import dataclass

WORSE_BY = 0.25
CERTAIN = 0.9
_PRIOR = 0.5
_MAX_TERMS = 400
_TINY = 1e-300


@dataclass(frozen=True, slots=True)
class Window:
    """What was spent and won over some days.

    `mature_spend_micros` weighs each day's spend with the share of its conversions that has been reported yet, so
    that young days do not look worse than they are.
    """

    conversions: float
    mature_spend_micros: float


def worse_probability(before: Window, after: Window, *, worse_by: float = WORSE_BY) -> float | None:
    """P(cost per conversion rose by more than `worse_by`), or None while there is nothing to compare.

    Conversions per unit of spend are Poisson with Jeffreys' prior, so each rate is Gamma(n + 1/2) and the ratio of
    the two is a Beta variate (Johnson, Kotz and Balakrishnan, Continuous Univariate Distributions 2, ch. 25).
    """
    if before.mature_spend_micros <= 0 or after.mature_spend_micros <= 0:
        return None
    threshold = (1 / (1 + worse_by)) * after.mature_spend_micros / before.mature_spend_micros
    return beta_cdf(threshold / (1 + threshold), after.conversions + _PRIOR, before.conversions + _PRIOR)


def should_roll_back(probability: float | None) -> bool:
    """Only harm that is all but certain is undone; None, nothing to compare, is no harm."""
    return probability is not None and probability > CERTAIN


def beta_cdf(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b), by the continued fraction DLMF 8.17.22."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    if x > (a + 1) / (a + b + 2):
        return 1.0 - beta_cdf(1 - x, b, a)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(log_front) / (a * _continued_fraction(x, a, b))


def _continued_fraction(x: float, a: float, b: float) -> float:
    """1 + d1/(1 + d2/(1 + …)) by Lentz's method."""
    fraction = numerator = 1.0
    denominator = 0.0
    for term in range(1, _MAX_TERMS):
        m, odd = divmod(term, 2)
        if odd:
            step = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            step = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        denominator = 1 / ((1 + step * denominator) or _TINY)
        numerator = (1 + step / numerator) or _TINY
        fraction *= numerator * denominator
        if abs(numerator * denominator - 1) < 1e-12:  # noqa: PLR2004  (double precision's own border)
            break
    return fraction
