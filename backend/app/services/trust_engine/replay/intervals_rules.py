"""How sure a share is."""

import math
from dataclasses import dataclass

ENOUGH = 10
"""With fewer, the interval of a share says so little that none is shown."""
_Z = 1.959963984540054
"""The standard normal's 97.5 % point."""


@dataclass(frozen=True, slots=True)
class Share:
    """`count` of `of`, and Wilson's 95 % interval for the share that they were drawn from; None where too few."""

    count: int
    of: int
    low: float | None
    high: float | None


def share(count: int, of: int) -> Share:
    if of < ENOUGH:
        return Share(count, of, None, None)
    low, high = wilson(count, of)
    return Share(count, of, low, high)


def wilson(count: int, of: int) -> tuple[float, float]:
    """The score interval of E. B. Wilson, "Probable Inference", JASA 22 (1927), without continuity correction."""
    rate, square = count / of, _Z * _Z
    middle = (rate + square / (2 * of)) / (1 + square / of)
    half = _Z / (1 + square / of) * math.sqrt(rate * (1 - rate) / of + square / (4 * of * of))
    return max(0.0, middle - half), min(1.0, middle + half)
