"""What a metric is made of, which days a window has, and what a rule reads. Pure."""

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from app.models.rules.kinds import Metric
from app.models.trust_engine.kinds import Component
from app.schemas.rules.definition import RuleDefinition
from app.schemas.rules.tree import (
    AMetric,
    AnAmount,
    ChangeTest,
    Leaf,
    Lifetime,
    Measure,
    MetricTest,
    Node,
    RankTest,
    RuleAll,
    RuleAny,
    RuleNot,
    Today,
    WholeDays,
    Window,
    Yesterday,
)

COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = MappingProxyType(
    {
        "equals": operator.eq,
        "less_than": operator.lt,
        "at_most": operator.le,
        "more_than": operator.gt,
        "at_least": operator.ge,
    }
)
"""Of fractions here, and of columns in the statement."""
BASES = ("spend_micros", "impressions", "clicks", "conversions", "conversion_value_micros")
"""What is stored of a campaign's day; everything else is a ratio of two of these."""
_LEAST = frozenset({"more_than", "at_least"})
_LESS = frozenset({"less_than", "at_most"})
_ATTRIBUTED = frozenset({"conversions", "conversion_value_micros"})


@dataclass(frozen=True, slots=True)
class Formula:
    """`times` x `over` / `under`; a sum where there is nothing under it."""

    over: str
    under: str | None = None
    times: int = 1

    @property
    def parts(self) -> tuple[str, ...]:
        return (self.over,) if self.under is None else (self.over, self.under)

    @property
    def matures(self) -> bool:
        """Whether it may still change while conversions are attributed."""
        return not _ATTRIBUTED.isdisjoint(self.parts)


FORMULAS: dict[Metric, Formula] = {
    Metric.SPEND: Formula("spend_micros"),
    Metric.IMPRESSIONS: Formula("impressions"),
    Metric.CLICKS: Formula("clicks"),
    Metric.CONVERSIONS: Formula("conversions"),
    Metric.VALUE: Formula("conversion_value_micros"),
    Metric.CTR: Formula("clicks", "impressions"),
    Metric.CPC: Formula("spend_micros", "clicks"),
    Metric.CPM: Formula("spend_micros", "impressions", 1_000),
    Metric.CVR: Formula("conversions", "clicks"),
    Metric.CPA: Formula("spend_micros", "conversions"),
    Metric.ROAS: Formula("conversion_value_micros", "spend_micros"),
}
"""Of each metric that is summed over days; the daily budget is not."""


@dataclass(frozen=True, slots=True)
class Days:
    """A window in days before the account's today, both included; None: from the beginning.

    Settled ones lie further back by the account's attribution window.
    """

    first: int | None
    last: int
    settled: bool


def days_of(window: Window) -> Days:
    match window:
        case Today():
            return Days(0, 0, settled=False)
        case Yesterday():
            return Days(1, 1, settled=False)
        case WholeDays():
            return Days(window.days, 1, settled=window.settled)
        case Lifetime():
            return Days(None, 1 if window.settled else 0, settled=window.settled)


def length_of(window: Window) -> int:
    """Days of a window that has a fixed number of them."""
    return window.days if isinstance(window, WholeDays) else 1


def leaves(node: Node) -> Iterator[tuple[str, Leaf]]:
    """Each condition and its path, such as `of.0.of.2`, from left to right."""
    waiting: list[tuple[str, Node]] = [("", node)]
    while waiting:
        path, each = waiting.pop()
        if isinstance(each, RuleAll | RuleAny):
            waiting += [(f"{path}.of.{n}", child) for n, child in reversed(list(enumerate(each.of)))]
        elif isinstance(each, RuleNot):
            waiting.append((f"{path}.of", each.of))
        else:
            yield path.lstrip("."), each


def read_by(leaf: Leaf) -> tuple[Measure, ...]:
    """The figures that a condition reads."""
    match leaf:
        case MetricTest(than=AMetric() as other):
            return (leaf.measure, other.measure)
        case ChangeTest():
            return (leaf.measure, leaf.before)
        case MetricTest() | RankTest():
            return (leaf.measure,)
        case _:
            return ()


def measures(node: Node) -> tuple[Measure, ...]:
    """Every figure that a tree reads, each once, from left to right."""
    return tuple(dict.fromkeys(each for _, leaf in leaves(node) for each in read_by(leaf)))


def windows(asked: tuple[Measure, ...]) -> tuple[Window, ...]:
    return tuple(dict.fromkeys(each.window for each in asked if each.window is not None))


def rests_on(definition: RuleDefinition) -> tuple[Component, ...]:
    """The signals that justify what the rule proposes.

    None where it reads budgets and how much was spent at least: what is not there yet cannot make that hold.
    """
    parts = {
        part
        for each in measures(definition.condition)
        if each.metric in FORMULAS
        for part in FORMULAS[each.metric].parts
    }
    if not _ATTRIBUTED.isdisjoint(parts):
        return (Component.FRESHNESS, Component.VARIANCE, Component.EVENT_LOSS)
    by_spend = parts <= {"spend_micros"} and _asks_for_spend(definition.condition)
    return () if by_spend else (Component.FRESHNESS,)


def _asks_for_spend(node: Node, *, holds: bool = True) -> bool:
    """Whether every condition on spend is that there was as much of it, or more."""
    match node:
        case RuleAll() | RuleAny():
            return all(_asks_for_spend(each, holds=holds) for each in node.of)
        case RuleNot():
            return _asks_for_spend(node.of, holds=not holds)
        case MetricTest(than=AnAmount()) if node.metric is Metric.SPEND:
            return node.op in (_LEAST if holds else _LESS)
        case _:
            return all(each.metric is Metric.DAILY_BUDGET for each in read_by(node))
