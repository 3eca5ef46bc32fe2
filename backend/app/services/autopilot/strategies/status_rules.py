"""Status management: pause what surely wastes, and take back a pause whose figures turned out to be others.

"Surely" is one-sided 97.5 %: the most conversions that the counted ones leave likely (Anscombe's bound for a Poisson
mean, Biometrika 1948), at the value that one usually has, still do not bring the return asked for. Mature days alone
speak. Enabled again is only what this strategy paused and nobody touched since, when the days that it was paused on
have been restated so far that they would not have paused it, and reach the target.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from app.services.autopilot.strategies.days_rules import Candidate, Day, mature, money

_Z975 = 1.96
_ANSCOMBE = 3 / 8
_OWN_VALUE_FROM = 10
"""Conversions from which a campaign's own value for each is taken, and not the account's."""


@dataclass(frozen=True, slots=True)
class StatusConfig:
    """What a tenant may set. `pause_below` is a share of the target; the window counts mature days."""

    target_roas: float = 1.0
    pause_below: float = 0.5
    window_days: int = 14
    minimum_maturity: float = 0.95
    minimum_spend_micros: int = 200_000_000


def faults(config: StatusConfig) -> list[str]:
    """What is wrong with a setting, in sentences; empty when it can be used."""
    found = []
    if not 0 < config.target_roas <= 100:  # noqa: PLR2004  (a return beyond it is a mistaken unit)
        found.append("target_roas lies above 0 and at most at 100.")
    if not 0 < config.pause_below <= 1 or not 0 < config.minimum_maturity <= 1:
        found.append("pause_below and minimum_maturity lie above 0 and at most at 1.")
    if not 7 <= config.window_days <= 56 or config.minimum_spend_micros <= 0:  # noqa: PLR2004  (whole weeks)
        found.append("window_days lies from 7 to 56, minimum_spend_micros above 0.")
    return found


class Why(StrEnum):
    WASTES = "wastes"
    RESTATED = "restated"
    EARNS = "earns"
    STAYS_PAUSED = "stays_paused"
    NOT_OURS = "not_ours"
    NOT_ENOUGH_DATA = "not_enough_data"
    LEARNING = "learning"
    LAST_ONE = "last_one"
    BUSY = "busy"


@dataclass(frozen=True, slots=True)
class Advice:
    """The status to hold from now on (None: leave it), and what the figures of `first` to `last` were."""

    why: Why
    status: str | None = None
    roas: float | None = None
    roas_high: float | None = None
    conversions: float = 0.0
    spend_micros: int = 0
    value_each_micros: float = 0.0
    days: int = 0
    first: date | None = None
    last: date | None = None


def usual_value(days: Sequence[Day]) -> float:
    """What a conversion of the account is usually worth, in micros; 0 where none is known."""
    conversions = sum(day.conversions for day in days)
    return sum(day.value_micros for day in days) / conversions if conversions > 0 else 0.0


def advise(candidate: Candidate, config: StatusConfig, *, usual_micros: float, is_last: bool) -> Advice:
    """Of a live campaign. `usual_micros` is what a conversion of the account is worth."""
    days = mature(candidate.days, config.minimum_maturity, config.window_days)
    seen = _seen(days, usual_micros)
    if len(days) < config.window_days or seen.spend_micros < config.minimum_spend_micros or not usual_micros:
        return _because(seen, Why.NOT_ENOUGH_DATA)
    if seen.roas_high is None or seen.roas_high >= config.target_roas * config.pause_below:
        return _because(seen, Why.EARNS)
    if candidate.busy:
        return _because(seen, Why.BUSY)
    if candidate.learning:
        return _because(seen, Why.LEARNING)
    if is_last:
        return _because(seen, Why.LAST_ONE)
    return _because(seen, Why.WASTES, "paused")


def reconsider(
    candidate: Candidate, paused_on: Mapping[str, Any] | None, config: StatusConfig, *, usual_micros: float
) -> Advice:
    """Of a paused campaign, whose pause was on the days `first` to `last` of `paused_on`."""
    if paused_on is None or not paused_on.get("first") or not paused_on.get("last"):
        return Advice(Why.NOT_OURS)
    first, last = date.fromisoformat(paused_on["first"]), date.fromisoformat(paused_on["last"])
    days = [day for day in candidate.days if first <= day.day <= last]
    seen = _seen(days, usual_micros)
    if candidate.busy:
        return _because(seen, Why.BUSY)
    if len(days) < paused_on.get("days", 0):
        # Some of them are older than what is looked at: the rest says nothing of the whole.
        return _because(seen, Why.STAYS_PAUSED)
    above = seen.roas is not None and seen.roas >= config.target_roas
    return _because(seen, Why.RESTATED, "active") if above else _because(seen, Why.STAYS_PAUSED)


def _seen(days: Sequence[Day], usual_micros: float) -> Advice:
    spend = sum(day.spend_micros for day in days)
    conversions = sum(day.conversions for day in days)
    value = sum(day.value_micros for day in days)
    own = conversions >= _OWN_VALUE_FROM
    each = value / conversions if own else max(usual_micros, value / conversions if conversions else 0.0)
    return Advice(
        Why.EARNS,
        roas=value / spend if spend else None,
        roas_high=most_likely(conversions) * each / spend if spend else None,
        conversions=conversions,
        spend_micros=spend,
        value_each_micros=each,
        days=len(days),
        first=min((day.day for day in days), default=None),
        last=max((day.day for day in days), default=None),
    )


def most_likely(conversions: float) -> float:
    """The most conversions that so many counted ones leave likely, on the average of such windows."""
    return (math.sqrt(conversions + _ANSCOMBE) + _Z975 / 2) ** 2 - _ANSCOMBE


def least_likely(conversions: float) -> float:
    return max(0.0, max(0.0, math.sqrt(conversions + _ANSCOMBE) - _Z975 / 2) ** 2 - _ANSCOMBE)


def _because(seen: Advice, why: Why, status: str | None = None) -> Advice:
    return Advice(
        why,
        status,
        seen.roas,
        seen.roas_high,
        seen.conversions,
        seen.spend_micros,
        seen.value_each_micros,
        seen.days,
        seen.first,
        seen.last,
    )


def sentence(advice: Advice, config: StatusConfig) -> str:
    """Why, in words that a person acts on."""
    if advice.why is Why.NOT_OURS:
        return "Paused, but not by this strategy, or changed by somebody since: it is theirs to enable."
    if advice.why is Why.NOT_ENOUGH_DATA or advice.roas_high is None:
        return (
            f"Not enough data: {money(advice.spend_micros)} spent on {advice.days} mature days; "
            f"needs {money(config.minimum_spend_micros)} on {config.window_days}."
        )
    figures = (
        f"{advice.conversions:.0f} conversions for {money(advice.spend_micros)} on {advice.days} days, "
        f"{advice.first} to {advice.last}: a return of {advice.roas or 0:.2f}, at most {advice.roas_high:.2f} (97.5 %)"
    )
    ending = {
        Why.WASTES: f"surely under {config.pause_below * config.target_roas:.2f}: pause it.",
        Why.RESTATED: f"restated since, and at least {config.target_roas:.2f}: enable it again.",
        Why.STAYS_PAUSED: "still under target on the days that it was paused on: leave it paused.",
        Why.EARNS: f"not surely under {config.pause_below * config.target_roas:.2f}: leave it.",
        Why.LEARNING: "but the platform is still learning: wait.",
        Why.LAST_ONE: "but it is the account's last live campaign: a person decides.",
    }.get(advice.why, "but something else of it is under way: wait.")
    return f"{figures}; {ending}"
