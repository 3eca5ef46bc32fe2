"""Budget pacing: an account's month follows its forecast curve, and ends where its budget does.

The curve is the account's own: what share of a week it usually spends on each weekday. Each day it asks by which
factor the budgets would have to change for the rest of the month to spend what is left of it. A proportional
controller takes part of the way, not over the largest change; a dead band with hysteresis keeps noise from moving
anything: it begins when far off, and goes on until it is near (Åström and Murray, Feedback Systems, 2nd ed., 11.1).
"""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from statistics import fmean

from app.services.autopilot.strategies.days_rules import (
    Candidate,
    money,
    up_to_whole_units,
    whole_units,
)

_WEEK = 7
_LEAST_WEEKS = 3
_MOST_WEEKS = 12
_RECENT_DAYS = 3


@dataclass(frozen=True, slots=True)
class PacingConfig:
    """What a tenant may set. `budgets` are an account's for each month, by its id; ratios are shares of 1."""

    budgets: Mapping[str, int] = field(default_factory=dict)
    begin_at: float = 0.10
    end_at: float = 0.03
    part: float = 0.5
    largest_change: float = 0.20
    rest_days: int = 1
    floor_micros: int = 5_000_000


def faults(config: PacingConfig) -> list[str]:
    """What is wrong with a setting, in sentences; empty when it can be used."""
    found = []
    if any(isinstance(each, bool) or each <= 0 for each in config.budgets.values()):
        found.append("budgets are above 0; leave an account out that has none.")
    if not 0 <= config.end_at < config.begin_at <= 0.5:  # noqa: PLR2004  (half a month off is no noise)
        found.append("end_at lies under begin_at, and begin_at at most at 0.5.")
    if not 0 < config.part <= 1 or not 0 < config.largest_change <= 0.20:  # noqa: PLR2004  (the contract's most)
        found.append("part lies above 0 and at most at 1, largest_change above 0 and at most at 0.20.")
    if not 1 <= config.rest_days <= 7 or config.floor_micros < 0:  # noqa: PLR2004  (a month has four weeks)
        found.append("rest_days lies from 1 to 7, and floor_micros is not negative.")
    return found


class Why(StrEnum):
    BEHIND = "behind"
    AHEAD = "ahead"
    ON_PACE = "on_pace"
    NO_BUDGET = "no_budget"
    NOT_ENOUGH_DATA = "not_enough_data"
    RESTING = "resting"
    LEARNING = "learning"
    AT_LIMIT = "at_limit"
    BUSY = "busy"


@dataclass(frozen=True, slots=True)
class Pace:
    """How the month stands. `factor` is what the budgets would have to change by for it to end on its budget."""

    why: Why
    budget_micros: int = 0
    spent_micros: int = 0
    expected_micros: int = 0
    """What the curve had for the days that are over."""
    forecast_micros: int | None = None
    """What the month comes to if nothing is changed."""
    factor: float | None = None
    step: float = 0.0
    """By what share budgets are changed now."""


@dataclass(frozen=True, slots=True)
class Advice:
    why: Why
    budget_micros: int | None = None


def weekdays(spent: Mapping[date, int], today: date) -> list[float] | None:
    """What each weekday usually spends, Monday first, for the mean of them all; None before three whole weeks."""
    by_day: list[list[int]] = [[] for _ in range(_WEEK)]
    for day, micros in spent.items():
        if today - timedelta(weeks=_MOST_WEEKS) <= day < today:
            by_day[day.weekday()].append(micros)
    if min(len(each) for each in by_day) < _LEAST_WEEKS:
        return None
    means = [fmean(each) for each in by_day]
    whole = fmean(means)
    return [each / whole for each in means] if whole > 0 else None


def pace(
    spent: Mapping[date, int],
    candidates: Sequence[Candidate],
    today: date,
    budget_micros: int | None,
    config: PacingConfig,
    *,
    acted_days_ago: float | None,
) -> Pace:
    """How the account's month stands, of finished days alone; today still has all of its spend before it."""
    if budget_micros is None:
        return Pace(Why.NO_BUDGET)
    shape = weekdays(spent, today)
    recent = [spent.get(today - timedelta(days=back)) for back in range(1, _RECENT_DAYS + 1)]
    known = [each for each in recent if each is not None]
    begins = today.replace(day=1)
    if shape is None or len(known) < _RECENT_DAYS or (begins < today and min(spent) > begins):
        return Pace(Why.NOT_ENOUGH_DATA, budget_micros)
    month = [begins + timedelta(days=n) for n in range(monthrange(today.year, today.month)[1])]
    weights = {day: shape[day.weekday()] for day in month}
    over, left = (
        sum(w for d, w in weights.items() if d < today),
        sum(w for d, w in weights.items() if d >= today),
    )
    done = sum(spent.get(day, 0) for day in month if day < today)
    usual = fmean(shape[(today - timedelta(days=n)).weekday()] for n in range(1, _RECENT_DAYS + 1))
    if usual <= 0 or left <= 0:
        return Pace(Why.NOT_ENOUGH_DATA, budget_micros, done)
    level = fmean(known) / usual
    steered = _steered(candidates, today) / usual
    if steered <= 0:
        return Pace(Why.NOT_ENOUGH_DATA, budget_micros, done)
    others = max(0.0, level - steered)
    factor = max(0.0, (budget_micros - done - others * left) / (steered * left))
    seen = Pace(
        Why.ON_PACE,
        budget_micros,
        done,
        round(budget_micros * over / (over + left)),
        round(done + level * left),
        factor,
    )
    return _controlled(seen, config, acted_days_ago)


def _steered(candidates: Sequence[Candidate], today: date) -> float:
    """What the campaigns that can be steered spent a day in the last days; a day without a row is one without spend."""
    since = today - timedelta(days=_RECENT_DAYS)
    spends = (
        day.spend_micros for candidate in candidates for day in candidate.days if since <= day.day < today
    )
    return sum(spends) / _RECENT_DAYS


def _controlled(seen: Pace, config: PacingConfig, acted_days_ago: float | None) -> Pace:
    off = (seen.factor or 0.0) - 1
    steering = acted_days_ago is not None and acted_days_ago < _WEEK
    if abs(off) <= (config.end_at if steering else config.begin_at):
        return seen
    why = Why.BEHIND if off > 0 else Why.AHEAD
    if acted_days_ago is not None and acted_days_ago < config.rest_days:
        return _with(seen, Why.RESTING, 0.0)
    step = min(max(config.part * off, -config.largest_change), config.largest_change)
    return _with(seen, why, step)


def _with(seen: Pace, why: Why, step: float) -> Pace:
    return Pace(
        why,
        seen.budget_micros,
        seen.spent_micros,
        seen.expected_micros,
        seen.forecast_micros,
        seen.factor,
        step,
    )


def advise(candidate: Candidate, found: Pace, config: PacingConfig) -> Advice:
    """One campaign's part: every budget by the same share. Who learns is not raised: it would begin anew."""
    if found.step == 0:
        return Advice(found.why)
    if candidate.busy:
        return Advice(Why.BUSY)
    if found.step > 0:
        if candidate.learning:
            return Advice(Why.LEARNING)
        raised = whole_units(candidate.budget_micros * (1 + found.step))
        return Advice(found.why, raised) if raised > candidate.budget_micros else Advice(Why.AT_LIMIT)
    cut = up_to_whole_units(max(candidate.budget_micros * (1 + found.step), config.floor_micros))
    return Advice(found.why, cut) if cut < candidate.budget_micros else Advice(Why.AT_LIMIT)


def sentence(found: Pace) -> str:
    """How the month stands, in words that a person acts on."""
    if found.why is Why.NO_BUDGET:
        return "No month's budget is set for this account."
    if found.forecast_micros is None or found.factor is None:
        return "Not enough data: needs three whole weeks and the last three days of this account's spend."
    figures = (
        f"{money(found.spent_micros)} spent of {money(found.budget_micros)}, where the curve has "
        f"{money(found.expected_micros)}; as it goes the month comes to {money(found.forecast_micros)}"
    )
    ending = {
        Why.BEHIND: f"behind: raise every budget by {found.step:.0%}.",
        Why.AHEAD: f"ahead: cut every budget by {-found.step:.0%}.",
        Why.RESTING: "off, but the last change was a short while ago: wait.",
    }.get(found.why, "near enough: leave it.")
    return f"{figures}; {ending}"
