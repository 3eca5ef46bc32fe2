"""Fatigue: a click rate that surely falls while an audience is shown no less. Told to a person; nothing is changed.

The trend is a weighted least-squares line through the logarithm of each day's click rate, weighed by its clicks, whose
logarithm varies by one over them (the delta method for a Poisson count; Agresti, Categorical Data Analysis, 3rd ed.,
3.1.5), and never less than the days themselves scatter. How often a person sees an ad is not read from any platform
here, so frequency is unknown: impressions that do not fall stand in for it, and the sentence says so.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.services.autopilot.strategies.days_rules import Candidate, Day

_Z975 = 1.96
_LEAST_DAYS = 14


@dataclass(frozen=True, slots=True)
class FatigueConfig:
    """What a tenant may set. `least_fall` is the share of the click rate lost over the window."""

    window_days: int = 28
    least_fall: float = 0.20
    minimum_clicks: int = 500


def faults(config: FatigueConfig) -> list[str]:
    """What is wrong with a setting, in sentences; empty when it can be used."""
    found = []
    if not _LEAST_DAYS <= config.window_days <= 56:  # noqa: PLR2004  (what is kept ready)
        found.append("window_days lies from 14 to 56.")
    if not 0 < config.least_fall < 1 or config.minimum_clicks < 100:  # noqa: PLR2004  (fewer show no trend)
        found.append("least_fall lies between 0 and 1, minimum_clicks at 100 or more.")
    return found


class Why(StrEnum):
    TIRED = "tired"
    FRESH = "fresh"
    SHOWN_LESS = "shown_less"
    NOT_ENOUGH_DATA = "not_enough_data"


@dataclass(frozen=True, slots=True)
class Advice:
    """The share of the click rate that was lost over the window, with the ends of its 95 % interval."""

    why: Why
    fall: float | None = None
    fall_low: float | None = None
    fall_high: float | None = None
    click_rate: float | None = None
    impressions_change: float | None = None
    """Impressions of the window's second half for each of the first, less one."""
    clicks: int = 0
    days: int = 0


def advise(candidate: Candidate, config: FatigueConfig) -> Advice:
    """Clicks and impressions are complete when the day is; what is read is finished days."""
    days = sorted((day for day in candidate.days if day.impressions > 0), key=lambda day: day.day)
    days = days[-config.window_days :]
    clicks = sum(day.clicks for day in days)
    if len(days) < config.window_days or clicks < config.minimum_clicks or min(d.clicks for d in days) < 1:
        return Advice(Why.NOT_ENOUGH_DATA, clicks=clicks, days=len(days))
    slope, error = _trend(days)
    span = (days[-1].day - days[0].day).days
    ends = [1 - math.exp(span * (slope + sign * _Z975 * error)) for sign in (0, 1, -1)]
    half = len(days) // 2
    before, after = (sum(d.impressions for d in part) / len(part) for part in (days[:half], days[half:]))
    shown = after / before - 1
    why = Why.FRESH
    if ends[0] >= config.least_fall and ends[1] > 0:
        why = Why.TIRED if shown >= 0 else Why.SHOWN_LESS
    rate = clicks / sum(day.impressions for day in days)
    return Advice(why, ends[0], ends[1], ends[2], rate, shown, clicks, len(days))


def _trend(days: Sequence[Day]) -> tuple[float, float]:
    """The change of the logarithm of the click rate a day, and its standard error."""
    first = days[0].day
    points = [((d.day - first).days, math.log(d.clicks / d.impressions), float(d.clicks)) for d in days]
    weight = sum(w for _, _, w in points)
    middle_x = sum(w * x for x, _, w in points) / weight
    middle_y = sum(w * y for _, y, w in points) / weight
    spread = sum(w * (x - middle_x) ** 2 for x, _, w in points)
    slope = sum(w * (x - middle_x) * (y - middle_y) for x, y, w in points) / spread
    left = sum(w * (y - middle_y - slope * (x - middle_x)) ** 2 for x, y, w in points)
    scatter = max(1.0, left / (len(points) - 2))
    return slope, math.sqrt(scatter / spread)


def sentence(advice: Advice) -> str:
    """What was seen, in words that a person acts on."""
    if advice.fall is None or advice.fall_low is None or advice.fall_high is None:
        return f"Not enough data: {advice.clicks} clicks on {advice.days} days."
    figures = (
        f"The click rate fell by {advice.fall:.0%} ({advice.fall_low:.0%} to {advice.fall_high:.0%}, 95 %) over "
        f"{advice.days} days, to a mean of {advice.click_rate or 0:.2%}, while impressions changed by "
        f"{advice.impressions_change or 0:+.0%}"
    )
    ending = {
        Why.TIRED: (
            "people seem to have seen these ads: show them others. How often a person saw one is not known here."
        ),
        Why.SHOWN_LESS: "it is shown less than before, so it is not that people see it too often.",
    }.get(advice.why, "no sure fall that is large enough to matter.")
    return f"{figures}; {ending}"
