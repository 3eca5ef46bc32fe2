"""An account against its own past: how far a ratio drifts from its usual one, and a day from its forecast."""

import math
from statistics import median

from app.services.trust_engine.signals.measurements import Daily, Ratio, RatioSeries

MINIMUM_EVENTS = 30
"""Conversions a window needs; fewer is noise, not evidence."""
MINIMUM_DAYS = 7
"""Days of its own past that an account needs before it can be compared with itself."""
FORECAST_DAYS = 28
"""Days that a forecast needs."""

_FORECAST_WEEKS = 8
_LEVEL_DAYS = 14
MAD_TO_SIGMA = 1.4826
"""Of a normal distribution: its standard deviation over its median absolute deviation (Rousseeuw and Croux, 1993)."""


def drift(series: RatioSeries) -> tuple[float, float] | str:
    """Natural-log distance of the ratio from its own median and the tolerance of noise, or why it is unknown."""
    past = [math.log(value) for ratio in series.past if (value := ratio_of(ratio))]
    if len(past) < MINIMUM_DAYS:
        return f"Not enough data: {len(past)} of {MINIMUM_DAYS} past days to compare with."
    usual = median(past)
    expected = math.exp(usual) * series.now.denominator
    if series.now.denominator <= 0:
        return "Not enough data: nothing to compare with in this window."
    if series.now.events < MINIMUM_EVENTS and not _should_have_been_seen(series, expected):
        return f"Not enough data: {series.now.events} of {MINIMUM_EVENTS} events in the window."
    spread = MAD_TO_SIGMA * median(abs(value - usual) for value in past)
    noise = 1 / math.sqrt(max(series.now.events, 1))
    tolerance = max(0.10, 2 * math.hypot(spread, min(noise, 0.5)))
    value = ratio_of(series.now)
    return (math.log(value) - usual if value else -math.inf), tolerance


def _should_have_been_seen(series: RatioSeries, expected: float) -> bool:
    """Few events is itself evidence when the past says that there should have been many."""
    usual_events = median(ratio.events for ratio in series.past)
    usual_denominator = median(ratio.denominator for ratio in series.past)
    if usual_denominator <= 0 or expected <= 0:
        return False
    return usual_events * series.now.denominator / usual_denominator >= MINIMUM_EVENTS


def ratio_of(ratio: Ratio) -> float | None:
    """The ratio; None where either side is nothing, so that no logarithm is taken of it."""
    if ratio.denominator <= 0 or ratio.numerator <= 0:
        return None
    return ratio.numerator / ratio.denominator


def robust_distance(daily: Daily) -> float | None:
    """Deviations of the last day from its weekday's share of the running level; None if history is thin.

    What such a forecast has missed the days before by is its bias (an account that grows is above its past) and its
    scale: their median, and the median distance from it.
    """
    *history, last = daily.values
    known = [value for value in history[-7 * _FORECAST_WEEKS :] if value is not None]
    if last is None or len(known) < FORECAST_DAYS:
        return None
    middle = median(known)
    if middle <= 0:
        return None
    offset = len(history)
    by_weekday: dict[int, list[float]] = {}
    days: list[tuple[int, float]] = []
    for index, value in enumerate(history):
        if value is None or index < offset - 7 * _FORECAST_WEEKS:
            continue
        weekday = (daily.last_weekday - (offset - index)) % 7
        by_weekday.setdefault(weekday, []).append(value / middle)
        days.append((weekday, value))
    factors = {weekday: max(median(shares), 0.01) for weekday, shares in by_weekday.items()}
    flat = [value / factors[weekday] for weekday, value in days]
    level = median(flat[-_LEVEL_DAYS:])
    missed = [flat[at] - median(flat[max(0, at - _LEVEL_DAYS) : at]) for at in range(7, len(flat))]
    bias = median(missed)
    spread = MAD_TO_SIGMA * median(abs(each - bias) for each in missed)
    scale = max(spread, 0.05 * level, math.sqrt(level) if level > 1 else 0.05)
    return (last / factors.get(daily.last_weekday, 1.0) - level - bias) / scale
