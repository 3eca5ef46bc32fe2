"""Reallocation: the same total over the campaigns of one account, to where the last unit of spend brings more.

It moves on what the data can tell alone. Where spend never varied, the curve is unknown and the campaign keeps its
budget; nobody is sent far beyond the spend that was ever seen; and nothing moves unless the gain is surely one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean

from app.services.autopilot.actions.rules import sized
from app.services.autopilot.strategies.allocation_rules import Option, allocate
from app.services.autopilot.strategies.days_rules import (
    Candidate,
    mature,
    up_to_whole_units,
    whole_units,
)
from app.services.autopilot.strategies.response_rules import Curve, Estimate, Response, fitted

_RECENT_DAYS = 3
_SPENDS_FROM, _SPENDS_TO = 0.80, 1.25
"""Recent spend for each unit of budget within which the one stands for the other."""


@dataclass(frozen=True, slots=True)
class ReallocationConfig:
    """What a tenant may set. Ratios are shares of 1; `window_days` counts mature days."""

    window_days: int = 56
    minimum_days: int = 21
    minimum_maturity: float = 0.95
    minimum_conversions: int = 30
    largest_change: float = 0.20
    least_change: float = 0.03
    exploration: float = 0.10
    most_unknown: float = 0.40
    least_gain: float = 0.01
    rest_days: int = 3
    floor_micros: int = 5_000_000
    ceiling_micros: int | None = None


def faults(config: ReallocationConfig) -> list[str]:
    """What is wrong with a setting, in sentences; empty when it can be used."""
    found = []
    if not 14 <= config.minimum_days <= config.window_days <= 90:  # noqa: PLR2004  (what is kept ready)
        found.append("window_days lies at most at 90, minimum_days from 14 to window_days.")
    if not 0 < config.minimum_maturity <= 1 or config.minimum_conversions < 1:
        found.append("minimum_maturity lies above 0 and at most at 1, minimum_conversions at 1 or more.")
    if not 0 <= config.least_change < config.largest_change <= 0.20:  # noqa: PLR2004  (the contract's most)
        found.append("largest_change lies above least_change and at most at 0.20.")
    if not 0 <= config.exploration <= 0.5 or not 0 < config.most_unknown <= 0.7:  # noqa: PLR2004  (0.8 is no knowledge)
        found.append("exploration lies from 0 to 0.5, most_unknown above 0 and at most at 0.7.")
    if not 0 <= config.least_gain < 1 or not 1 <= config.rest_days <= 28:  # noqa: PLR2004  (as long as a window)
        found.append("least_gain lies from 0 to under 1, rest_days from 1 to 28.")
    if config.floor_micros < 0 or (
        config.ceiling_micros is not None and config.ceiling_micros < config.floor_micros
    ):
        found.append("floor_micros is not negative, and ceiling_micros not under it.")
    return found


class Why(StrEnum):
    EARNS_MORE = "earns_more"
    EARNS_LESS = "earns_less"
    BALANCED = "balanced"
    GAIN_UNSURE = "gain_unsure"
    CURVE_UNKNOWN = "curve_unknown"
    NOT_ENOUGH_DATA = "not_enough_data"
    NOT_SPENT = "not_spent"
    BUSY = "busy"
    ALONE = "alone"


@dataclass(frozen=True, slots=True)
class Advice:
    """The budget to hold from now on (None: leave it) and what the curve was."""

    why: Why
    budget_micros: int | None = None
    days: int = 0
    conversions: float = 0.0
    elasticity: Estimate | None = None
    marginal: Estimate | None = None
    """What the last unit of spend brings now."""
    gain_micros: float | None = None
    """The value a day that the change is expected to bring."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One advice for each candidate, in their order; `gain` is None where nothing moves."""

    advice: tuple[Advice, ...]
    gain: Estimate | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """A candidate whose curve is known. `pace`: spend for each unit of its budget."""

    place: int
    response: Response
    pace: float
    budget: int
    option: Option
    seen: Advice
    is_unsure: bool
    """Its elasticity is not known well: it may give, for the gain counts all that it may lose, and takes nothing."""

    def gain(self, budget: int) -> tuple[float, float]:
        return self.response.gain(self.budget * self.pace, budget * self.pace)


def plan(candidates: Sequence[Candidate], config: ReallocationConfig) -> Plan:
    """Where the account's budgets should go, none moved by more than the largest change."""
    found: list[Advice] = []
    known: list[_Known] = []
    for place, candidate in enumerate(candidates):
        advice, mover = _known(place, candidate, config)
        found.append(advice)
        if mover is not None:
            known.append(mover)
    if len(known) < 2 or all(each.is_unsure for each in known):  # noqa: PLR2004  (one alone has nobody to take from)
        for mover in known:
            found[mover.place] = _because(mover.seen, Why.CURVE_UNKNOWN if mover.is_unsure else Why.ALONE)
        return Plan(tuple(found))
    budgets = _budgets(known, config)
    gain = _total_gain(known, budgets)
    now = sum(each.response.curve.value(each.budget * each.pace) for each in known)
    moves = budgets != [each.budget for each in known]
    sure = moves and gain.low > 0 and gain.mean >= config.least_gain * now
    for mover, budget in zip(known, budgets, strict=True):
        if sure and budget != mover.budget:
            found[mover.place] = _moved(mover, budget)
        elif mover.is_unsure:
            found[mover.place] = _because(mover.seen, Why.CURVE_UNKNOWN)
        elif moves and not sure:
            found[mover.place] = _because(mover.seen, Why.GAIN_UNSURE)
    return Plan(tuple(found), gain if sure else None)


def _known(place: int, candidate: Candidate, config: ReallocationConfig) -> tuple[Advice, _Known | None]:
    days = mature(candidate.days, config.minimum_maturity, config.window_days)
    conversions = sum(day.conversions for day in days)
    seen = Advice(Why.BALANCED, days=len(days), conversions=conversions)
    if candidate.busy:
        return _because(seen, Why.BUSY), None
    if len(days) < config.minimum_days or conversions < config.minimum_conversions:
        return _because(seen, Why.NOT_ENOUGH_DATA), None
    pace = _pace(candidate)
    if pace is None:
        return _because(seen, Why.NOT_SPENT), None
    response = fitted([(day.spend_micros, day.value_micros) for day in days])
    if response is None:
        return _because(seen, Why.NOT_ENOUGH_DATA), None
    seen = Advice(
        Why.BALANCED,
        days=len(days),
        conversions=conversions,
        elasticity=response.elasticity,
        marginal=response.marginal(candidate.budget_micros * pace),
    )
    is_unsure = response.elasticity.high - response.elasticity.low > config.most_unknown
    option = _option(candidate, response, pace, config, may_rise=not (candidate.learning or is_unsure))
    return seen, _Known(place, response, pace, candidate.budget_micros, option, seen, is_unsure)


def _pace(candidate: Candidate) -> float | None:
    """What it spends of its budget; None where the one does not stand for the other."""
    recent = sorted(candidate.days, key=lambda day: day.day)[-_RECENT_DAYS:]
    if len(recent) < _RECENT_DAYS or candidate.budget_micros <= 0:
        return None
    pace = fmean(day.spend_micros for day in recent) / candidate.budget_micros
    return pace if _SPENDS_FROM <= pace <= _SPENDS_TO else None


def _option(
    candidate: Candidate, response: Response, pace: float, config: ReallocationConfig, *, may_rise: bool
) -> Option:
    """In terms of budget. Nobody is sent beyond what was seen by more than the exploration allows."""
    budget = candidate.budget_micros
    floor = max(
        budget * (1 - config.largest_change),
        config.floor_micros,
        response.lowest * (1 - config.exploration) / pace,
    )
    ceiling = min(
        budget * (1 + config.largest_change),
        float("inf") if may_rise else budget,
        float("inf") if config.ceiling_micros is None else config.ceiling_micros,
        response.highest * (1 + config.exploration) / pace,
    )
    curve = response.curve
    return Option(Curve(curve.top, curve.half / pace), min(floor, budget), max(ceiling, budget))


def _budgets(known: Sequence[_Known], config: ReallocationConfig) -> list[int]:
    """In whole units: raises take what the cuts gave and not more; what hardly moves stays."""
    ideal = allocate([each.option for each in known], float(sum(each.budget for each in known)))
    budgets = [each.budget for each in known]
    raises: dict[int, int] = {}
    freed = 0
    for n, (each, wanted) in enumerate(zip(known, ideal, strict=True)):
        if abs(wanted - each.budget) < max(config.least_change * each.budget, 1):
            continue
        if wanted > each.budget:
            raises[n] = whole_units(wanted - each.budget)
        else:
            budgets[n] = min(each.budget, up_to_whole_units(wanted))
            freed += each.budget - budgets[n]
    for n, step in zip(raises, sized(list(raises.values()), freed), strict=True):
        budgets[n] = max(known[n].budget, whole_units(known[n].budget + step))
    return budgets if sum(budgets) <= sum(each.budget for each in known) and freed else _kept(known)


def _kept(known: Sequence[_Known]) -> list[int]:
    return [each.budget for each in known]


def _total_gain(known: Sequence[_Known], budgets: Sequence[int]) -> Estimate:
    """Campaigns err by themselves, so their variances add up."""
    gains = [each.gain(budget) for each, budget in zip(known, budgets, strict=True)]
    return Estimate.of(sum(mean for mean, _ in gains), sum(variance for _, variance in gains))


def _moved(mover: _Known, budget: int) -> Advice:
    why = Why.EARNS_MORE if budget > mover.budget else Why.EARNS_LESS
    return _because(mover.seen, why, budget, mover.gain(budget)[0])


def _because(seen: Advice, why: Why, budget_micros: int | None = None, gain: float | None = None) -> Advice:
    return Advice(why, budget_micros, seen.days, seen.conversions, seen.elasticity, seen.marginal, gain)


def sentence(advice: Advice, config: ReallocationConfig) -> str:
    """Why, in words that a person acts on."""
    seen = f"{advice.days} mature days with {advice.conversions:.0f} conversions"
    if advice.marginal is not None:
        seen += (
            f"; the last unit of spend brings {advice.marginal.mean:.2f} "
            f"({max(0.0, advice.marginal.low):.2f} to {advice.marginal.high:.2f}, 80 %)"
        )
    ending = {
        Why.EARNS_MORE: "more than elsewhere: raise the budget.",
        Why.EARNS_LESS: "less than elsewhere: cut the budget.",
        Why.BALANCED: "about as much as elsewhere: leave it.",
        Why.GAIN_UNSURE: "moving it would not surely bring more: leave it.",
        Why.CURVE_UNKNOWN: "too little is known of what more or less spend would bring: leave it.",
        Why.NOT_ENOUGH_DATA: (
            f"needs {config.minimum_conversions} conversions on {config.minimum_days} mature days."
        ),
        Why.NOT_SPENT: "it does not spend what its budget is, so the budget is not what holds it.",
        Why.BUSY: "something else of it is under way: wait.",
        Why.ALONE: "no other campaign of the account has a known curve: leave it.",
    }[advice.why]
    gain = "" if advice.gain_micros is None else f" Expected: {advice.gain_micros / 1e6:+,.2f} value a day."
    return f"{seen}; {ending}{gain}"
