"""Two rules' trees as alternatives of plain conditions, and what a pair of these asks of one campaign. Pure.

Where nothing is left over of a figure, the platform, a label or a currency, the pair cannot hold: that is a proof.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from math import prod
from uuid import UUID

from app.models.integrations.kinds import Platform
from app.schemas.rules.definition import (
    RuleDefinition,
)
from app.schemas.rules.tree import (
    RATIOS,
    AnAmount,
    ANumber,
    ChangeTest,
    Labelled,
    Leaf,
    Measure,
    MetricTest,
    Named,
    Node,
    OnPlatform,
    RankTest,
    RuleAll,
    RuleAny,
    RuleNot,
)
from app.services.rules.rules import days_of, measures

_MOST_ALTERNATIVES = 64
FOREVER = 100_000
"""Days back that are more than any window's."""
_OPPOSITE = {
    "equals": None, "less_than": "at_least", "at_most": "more_than", "more_than": "at_most", "at_least": "less_than",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plain:
    """A condition, or that it does not hold; `op` is how a comparison then reads."""

    leaf: Leaf
    holds: bool = True
    op: str | None = None


def alternatives(node: Node, *, holds: bool = True) -> list[list[Plain]] | None:
    """The tree as alternatives of plain conditions; None where there are too many of them."""
    match node:
        case RuleNot():
            return alternatives(node.of, holds=not holds)
        case RuleAll() | RuleAny():
            parts = [alternatives(child, holds=holds) for child in node.of]
            known = [part for part in parts if part is not None]
            together = isinstance(node, RuleAll) is holds
            count = prod(map(len, known)) if together else sum(map(len, known))
            if len(known) < len(parts) or count > _MOST_ALTERNATIVES:
                return None
            if together:
                return [[each for part in chosen for each in part] for chosen in product(*known)]
            return [each for part in known for each in part]
        case MetricTest() | ChangeTest():
            opposite = _OPPOSITE[node.op]
            ops = [node.op] if holds else ["less_than", "more_than"] if opposite is None else [opposite]
            return [[Plain(node, op=each)] for each in ops]
        case _:
            return [[Plain(node, holds)]]


@dataclass(slots=True)
class Interval:
    """From `low` to `high`; an end that is open is not in it."""

    low: Fraction = Fraction(0)
    high: Fraction | None = None
    low_open: bool = False
    high_open: bool = False

    def narrow(self, op: str, bound: Fraction) -> None:
        if op in {"equals", "at_least", "more_than"}:
            is_open = op == "more_than"
            if bound > self.low or (bound == self.low and is_open):
                self.low, self.low_open = bound, is_open
        if op in {"equals", "at_most", "less_than"}:
            is_open = op == "less_than"
            if self.high is None or bound < self.high or (bound == self.high and is_open):
                self.high, self.high_open = bound, is_open

    @property
    def is_empty(self) -> bool:
        if self.high is None:
            return False
        return self.low > self.high or (self.low == self.high and (self.low_open or self.high_open))

    def has(self, value: Fraction) -> bool:
        above = value > self.low or (value == self.low and not self.low_open)
        below = self.high is None or value < self.high or (value == self.high and not self.high_open)
        return above and below


@dataclass(slots=True)
class Asked:
    """What a pair of alternatives asks of one campaign."""

    intervals: dict[Measure, Interval] = field(default_factory=dict)
    platforms: frozenset[str] = frozenset(str(each) for each in Platform)
    names: list[Plain] = field(default_factory=list)
    labels: dict[UUID, bool] = field(default_factory=dict)
    currency: str | None = None
    ranked: bool = False
    measures: tuple[Measure, ...] = ()


def asked_of(mine: RuleDefinition, theirs: RuleDefinition, plain: Sequence[Plain]) -> Asked | None:
    """None where nothing can be all of it."""
    asked = Asked(measures=tuple(dict.fromkeys([*measures(mine.condition), *measures(theirs.condition)])))
    for scope in (mine.scope, theirs.scope):
        if scope.platforms:
            asked.platforms &= {str(each) for each in scope.platforms}
    for each in plain:
        if not _narrow(asked, each):
            return None
    _nest(asked)
    if not asked.platforms or any(each.is_empty for each in asked.intervals.values()):
        return None
    return asked


def _narrow(asked: Asked, plain: Plain) -> bool:
    """Take one condition in; False where it contradicts another."""
    leaf = plain.leaf
    match leaf:
        case MetricTest(than=AnAmount() as amount) if plain.op is not None:
            asked.intervals.setdefault(leaf.measure, Interval()).narrow(plain.op, Fraction(amount.micros))
            return _one_currency(asked, amount.currency)
        case MetricTest(than=ANumber() as number) if plain.op is not None:
            asked.intervals.setdefault(leaf.measure, Interval()).narrow(plain.op, Fraction(number.value))
        case OnPlatform():
            these = {str(each) for each in leaf.one_of}
            asked.platforms = asked.platforms & these if plain.holds else asked.platforms - these
        case Labelled():
            return asked.labels.setdefault(leaf.label_id, plain.holds) is plain.holds
        case Named():
            asked.names.append(plain)
            return not any(each.leaf == leaf and each.holds is not plain.holds for each in asked.names)
        case RankTest():
            asked.ranked = True
            return leaf.currency is None or _one_currency(asked, leaf.currency)
        case _:
            pass
    return True


def _one_currency(asked: Asked, currency: str) -> bool:
    asked.currency = asked.currency or currency
    return asked.currency == currency


def _nest(asked: Asked) -> None:
    """A sum over days is no less than that over some of them: what is asked of one narrows the other."""
    sums = [
        (each, days) for each in list(asked.intervals) if each.metric not in RATIOS and (days := _span(each))
    ]
    for inner, inside in sums:
        for outer, around in sums:
            if inner == outer or inner.metric != outer.metric or not _within(inside, around):
                continue
            small, large = asked.intervals[inner], asked.intervals[outer]
            large.narrow("more_than" if small.low_open else "at_least", small.low)
            if large.high is not None:
                small.narrow("less_than" if large.high_open else "at_most", large.high)


def _span(measure: Measure) -> tuple[int, int, bool] | None:
    """Days before today, the newest and the oldest; None of what is over no days."""
    if measure.window is None:
        return None
    days = days_of(measure.window)
    return days.last, FOREVER if days.first is None else days.first, days.settled


def _within(inner: tuple[int, int, bool], outer: tuple[int, int, bool]) -> bool:
    """Whatever the attribution: of windows that are both settled or both not, or in one that is for ever."""
    if inner[2] != outer[2] and not (outer[1] == FOREVER and not outer[2]):
        return False
    return outer[0] <= inner[0] and inner[1] <= outer[1]
