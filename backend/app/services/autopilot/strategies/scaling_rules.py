"""Performance scaling: more budget where the return is surely above target, less where it is surely below.

"Surely" is one-sided 90 %: conversions are counts, so the bound is Anscombe's for a Poisson mean,
(sqrt(n + 3/8) ± z/2)² - 3/8 (Anscombe, Biometrika 1948). Immature days and learning phases never speak.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

from app.services.autopilot.strategies.days_rules import Candidate, mature, up_to_whole_units, whole_units

_Z90 = 1.2816
_ANSCOMBE = 3 / 8


@dataclass(frozen=True, slots=True)
class ScalingConfig:
    """What a tenant may set. Ratios are shares of 1; `window_days` counts mature days."""

    target_roas: float = 2.0
    dead_band: float = 0.10
    raise_step: float = 0.15
    cut_step: float = 0.20
    window_days: int = 7
    minimum_maturity: float = 0.95
    minimum_conversions: int = 30
    floor_micros: int = 5_000_000
    ceiling_micros: int | None = None


def faults(config: ScalingConfig) -> list[str]:
    """What is wrong with a setting, in sentences; empty when it can be used."""
    found = []
    if not 0 < config.target_roas <= 100:  # noqa: PLR2004  (a return beyond it is a mistaken unit)
        found.append("target_roas lies above 0 and at most at 100.")
    if not 0 <= config.dead_band < 1:
        found.append("dead_band lies from 0 to under 1.")
    if not 0 < config.raise_step <= 0.30 or not 0 < config.cut_step <= 0.50:  # noqa: PLR2004  (the contract's most)
        found.append("raise_step lies above 0 and at most at 0.30, cut_step at 0.50.")
    if not 1 <= config.window_days <= 28 or config.minimum_conversions < 1:  # noqa: PLR2004  (what is kept ready)
        found.append("window_days lies from 1 to 28, minimum_conversions at 1 or more.")
    if not 0 < config.minimum_maturity <= 1:
        found.append("minimum_maturity lies above 0 and at most at 1.")
    if config.floor_micros < 0 or (
        config.ceiling_micros is not None and config.ceiling_micros < config.floor_micros
    ):
        found.append("floor_micros is not negative, and ceiling_micros not under it.")
    return found


class Why(StrEnum):
    ABOVE_TARGET = "above_target"
    BELOW_TARGET = "below_target"
    WITHIN_BAND = "within_band"
    NOT_ENOUGH_DATA = "not_enough_data"
    LEARNING = "learning"
    AT_LIMIT = "at_limit"


@dataclass(frozen=True, slots=True)
class Advice:
    """The budget to hold from now on (None: leave it) and what the figures were."""

    why: Why
    budget_micros: int | None
    roas: float | None = None
    roas_low: float | None = None
    roas_high: float | None = None
    conversions: float = 0.0
    spend_micros: int = 0
    days: int = 0


def advise(candidate: Candidate, config: ScalingConfig) -> Advice:
    days = mature(candidate.days, config.minimum_maturity, config.window_days)
    spend = sum(day.spend_micros for day in days)
    conversions = sum(day.conversions for day in days)
    value = sum(day.value_micros for day in days)
    if spend <= 0 or len(days) < config.window_days or conversions < config.minimum_conversions:
        return Advice(Why.NOT_ENOUGH_DATA, None, conversions=conversions, spend_micros=spend, days=len(days))
    low, high = _count_bounds(conversions)
    per_conversion = value / conversions / spend
    seen = Advice(
        Why.WITHIN_BAND, None, value / spend, low * per_conversion, high * per_conversion,
        conversions, spend, len(days),
    )  # fmt: skip
    return _step(candidate, config, seen)


def _step(candidate: Candidate, config: ScalingConfig, seen: Advice) -> Advice:
    low, high = seen.roas_low or 0.0, seen.roas_high or 0.0
    if low > config.target_roas * (1 + config.dead_band):
        if candidate.learning:
            return _because(seen, Why.LEARNING, None)
        raised = candidate.budget_micros * (1 + config.raise_step)
        if config.ceiling_micros is not None:
            raised = min(raised, config.ceiling_micros)
        raised = whole_units(raised)
        return _because(seen, Why.ABOVE_TARGET, raised, unless=raised <= candidate.budget_micros)
    if high < config.target_roas * (1 - config.dead_band):
        cut = up_to_whole_units(max(candidate.budget_micros * (1 - config.cut_step), config.floor_micros))
        return _because(seen, Why.BELOW_TARGET, cut, unless=cut >= candidate.budget_micros)
    return seen


def _because(seen: Advice, why: Why, budget_micros: int | None, *, unless: bool = False) -> Advice:
    if unless:
        why, budget_micros = Why.AT_LIMIT, None
    return Advice(
        why, budget_micros, seen.roas, seen.roas_low, seen.roas_high, seen.conversions, seen.spend_micros, seen.days
    )  # fmt: skip


def _count_bounds(count: float) -> tuple[float, float]:
    root = math.sqrt(count + _ANSCOMBE)
    return max(0.0, root - _Z90 / 2) ** 2 - _ANSCOMBE, (root + _Z90 / 2) ** 2 - _ANSCOMBE


def sentence(advice: Advice, config: ScalingConfig) -> str:
    """Why, in words that a person acts on."""
    if advice.roas is None or advice.roas_low is None or advice.roas_high is None:
        return (
            f"Not enough data: {advice.conversions:.0f} conversions on {advice.days} mature days; "
            f"needs {config.minimum_conversions} on {config.window_days}."
        )
    figures = (
        f"ROAS {advice.roas:.2f} ({advice.roas_low:.2f} to {advice.roas_high:.2f}, 80 %) on "
        f"{advice.days} mature days with {advice.conversions:.0f} conversions, target {config.target_roas:.2f}"
    )
    ending = {
        Why.ABOVE_TARGET: "surely above target: raise the budget.",
        Why.BELOW_TARGET: "surely below target: cut the budget.",
        Why.WITHIN_BAND: "not surely outside the dead band: leave it.",
        Why.LEARNING: "above target, but the platform is still learning: wait.",
        Why.AT_LIMIT: "already at its floor or ceiling.",
        Why.NOT_ENOUGH_DATA: "not enough data.",
    }[advice.why]
    return f"{figures}; {ending}"
