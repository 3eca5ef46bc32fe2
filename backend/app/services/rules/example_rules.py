"""The search for figures for which two trees of conditions hold at once. Pure.

They obey what figures must: days that lie within others, no more clicks than impressions, no value without conversions,
with an attribution of seven days. An example is one for which both trees were held against the same figures and hold.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

from app.models.rules.kinds import Metric
from app.schemas.rules.tree import (
    RATIOS,
    AMetric,
    AnAmount,
    ChangeTest,
    Labelled,
    Leaf,
    Measure,
    MetricTest,
    Named,
    Node,
    OnPlatform,
    RuleAll,
    RuleAny,
    RuleNot,
    Window,
)
from app.services.rules.alternatives_rules import FOREVER, Asked, Plain
from app.services.rules.rules import COMPARISONS, FORMULAS, days_of, leaves, length_of, read_by
from app.services.rules.wording_rules import figure_of, in_words

_MOST_STEPS = 20_000
_MOST_OF_ALL = 400_000
_UNIT = 1_000_000
_USUAL_ATTRIBUTION = 7
_MONEY_BASES = frozenset({"spend_micros", "conversion_value_micros", "daily_budget"})
_BUDGET = "daily_budget"


@dataclass(frozen=True, slots=True)
class Example:
    """A campaign for which both rules hold: its figures in words, and what is left open of it."""

    figures: tuple[str, ...]
    platform: str | None = None
    name: str | None = None
    currency: str | None = None


@dataclass(slots=True)
class Effort:
    """What may still be looked at, in plain conditions, over all rules that one is held against."""

    left: int = _MOST_OF_ALL

    def spend(self, conditions: int) -> bool:
        """False once there is none left: what was not looked at by then stays undecided."""
        self.left -= conditions
        return self.left >= 0


Figures = Mapping[tuple[str, Window | None], int]


class Search:
    """Looks for the figures of one campaign, the smallest windows first; gives up after a number of steps."""

    def __init__(self, asked: Asked, trees: tuple[Node, Node], effort: Effort) -> None:
        self._asked = asked
        self._trees = trees
        self._effort = effort
        self._size = sum(1 for tree in trees for _ in leaves(tree))
        self._steps = 0
        self._needed = self._variables()
        self._chosen: dict[tuple[str, Window | None], int] = {}

    def example(self) -> Example | None:
        if self._asked.ranked:
            return None
        name = _a_name(self._asked.names)
        platform = min(self._asked.platforms)
        for _ in self._filled(0):
            if all(_holds(tree, self._chosen, platform, name, self._asked) for tree in self._trees):
                return self._told(platform, name)
        return None

    def _variables(self) -> list[tuple[str, Window | None]]:
        order = ("spend_micros", "impressions", "clicks", "conversions", "conversion_value_micros")
        needed = {
            (part, each.window)
            for each in self._asked.measures
            if each.metric in FORMULAS
            for part in FORMULAS[each.metric].parts
        }

        def place(variable: tuple[str, Window | None]) -> tuple[int, int, str]:
            newest, oldest = _days(variable[1])
            return oldest - newest, order.index(variable[0]), str(variable[1])

        found = sorted(needed, key=place)
        budget = (
            [(_BUDGET, None)]
            if any(each.metric is Metric.DAILY_BUDGET for each in self._asked.measures)
            else []
        )
        return [*budget, *found]

    def _filled(self, number: int) -> Iterator[None]:
        if number == len(self._needed):
            if self._effort.spend(self._size):
                yield None
            return
        variable = self._needed[number]
        for value in self._candidates(variable):
            self._steps += 1
            if self._steps > _MOST_STEPS or not self._effort.spend(1):
                return
            self._chosen[variable] = value
            if self._is_possible(variable):
                yield from self._filled(number + 1)
        self._chosen.pop(variable, None)

    def _candidates(self, variable: tuple[str, Window | None]) -> list[int]:
        base, window = variable
        unit = _UNIT if base in _MONEY_BASES else 1
        usual = [0, *(each * unit for each in (1, 10, 100, 1_000, 10_000, 100_000))]
        found = [each for pair in self._bounds(base, window) for each in _around(*pair, unit)]
        floor_of = [
            self._chosen[each] for each in self._chosen if each[0] == base and _inside_of(each[1], window)
        ]
        least = max([0, sum(_apart(self._chosen, base, window)), *floor_of])
        return [each for each in dict.fromkeys([*found, least, *usual]) if each >= least]

    def _bounds(self, base: str, window: Window | None) -> Iterator[tuple[Fraction, Fraction | None]]:
        """What the intervals of figures say of this sum, where the other sum of a ratio is chosen."""
        for measure, interval in self._asked.intervals.items():
            if measure.window != window:
                continue
            if measure.metric is Metric.DAILY_BUDGET:
                if base == _BUDGET:
                    yield interval.low, interval.high
                continue
            formula = FORMULAS[measure.metric]
            if formula.under is None and formula.over == base:
                yield interval.low, interval.high
            elif formula.over == base and (under := self._chosen.get((formula.under or "", window))):
                times = Fraction(under, formula.times)
                yield interval.low * times, None if interval.high is None else interval.high * times
            elif formula.under == base and (over := self._chosen.get((formula.over, window))):
                whole = Fraction(over * formula.times)
                high = whole / interval.low if interval.low else None
                yield (whole / interval.high if interval.high else Fraction(0)), high

    def _is_possible(self, variable: tuple[str, Window | None]) -> bool:
        """Whether what is chosen so far can be, and lies in every interval that can be told by now."""
        base, window = variable
        clicks, seen = self._chosen.get(("clicks", window)), self._chosen.get(("impressions", window))
        if clicks is not None and seen is not None and clicks > seen:
            return False
        sold, worth = (
            self._chosen.get(("conversions", window)),
            self._chosen.get(("conversion_value_micros", window)),
        )
        if sold == 0 and worth:
            return False
        for measure, interval in self._asked.intervals.items():
            if measure.window == window and base in _parts(measure):
                value = _value(measure, self._chosen)
                known = all((part, window) in self._chosen for part in _parts(measure))
                if known and (value is None or not interval.has(value)):
                    return False
        return True

    def _told(self, platform: str, name: str | None) -> Example:
        currency = self._asked.currency or "the account's currency"
        said = []
        for measure in self._asked.measures:
            value = _value(measure, self._chosen)
            if value is not None:
                shown = figure_of(measure, _decimal(value), None)
                said.append(in_words(shown, currency))
        if name is not None:
            said.append(f"the name “{name}”")
        return Example(tuple(said), platform, name, self._asked.currency)


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def _parts(measure: Measure) -> tuple[str, ...]:
    return (_BUDGET,) if measure.metric is Metric.DAILY_BUDGET else FORMULAS[measure.metric].parts


def _value(measure: Measure, chosen: Figures) -> Fraction | None:
    """None where it is not known: not chosen, or a ratio to nothing."""
    if measure.metric is Metric.DAILY_BUDGET:
        budget = chosen.get((_BUDGET, None))
        return None if not budget else Fraction(budget)
    formula = FORMULAS[measure.metric]
    over = chosen.get((formula.over, measure.window))
    under = 1 if formula.under is None else chosen.get((formula.under, measure.window))
    return None if over is None or not under else Fraction(over * formula.times, under)


def _days(window: Window | None) -> tuple[int, int]:
    if window is None:
        return 0, 0
    days = days_of(window)
    back = _USUAL_ATTRIBUTION if days.settled else 0
    return days.last + back, FOREVER if days.first is None else days.first + back


def _inside_of(inner: Window | None, outer: Window | None) -> bool:
    if inner is None or outer is None or inner == outer:
        return False
    (newest, oldest), (first, last) = _days(inner), _days(outer)
    return first <= newest and oldest <= last


def _apart(chosen: Figures, base: str, window: Window | None) -> list[int]:
    """The largest two sums that lie within a window and share no day."""
    inside = [
        (each[1], value) for each, value in chosen.items() if each[0] == base and _inside_of(each[1], window)
    ]
    best: list[int] = []
    for one, value in inside:
        for other, more in inside:
            if _days(one)[1] < _days(other)[0] and value + more > sum(best):
                best = [value, more]
    return best


def _around(low: Fraction, high: Fraction | None, unit: int) -> list[int]:
    """Whole numbers at the ends of an interval and within; round ones first."""
    found = [ceil(low / unit) * unit, (floor(low / unit) + 1) * unit, ceil(low), floor(low) + 1]
    if high is None:
        return [*found, 2 * ceil(low / unit) * unit, 10 * ceil(low / unit) * unit]
    middle = (low + high) / 2
    return [
        *found,
        floor(middle / unit) * unit,
        floor(middle),
        floor(high / unit) * unit,
        floor(high),
        ceil(high) - 1,
    ]


def _a_name(names: Sequence[Plain]) -> str | None:
    """A name that every test of names may hold for; the search holds the trees against it."""
    wanted = [each.leaf for each in names if each.holds and isinstance(each.leaf, Named)]
    if not wanted:
        return None
    exact = [each.text for each in wanted if each.op == "is"]
    if exact:
        return exact[0]
    begins = sorted((each.text for each in wanted if each.op == "starts_with"), key=len)
    return " ".join([*begins[-1:], *[each.text for each in wanted if each.op == "contains"]])


def _holds(node: Node, chosen: Figures, platform: str, name: str | None, asked: Asked) -> bool | None:
    """The three-valued answer of a tree for one campaign."""
    if isinstance(node, RuleNot):
        found = _holds(node.of, chosen, platform, name, asked)
        return None if found is None else not found
    if isinstance(node, RuleAll | RuleAny):
        parts = [_holds(child, chosen, platform, name, asked) for child in node.of]
        decisive = not isinstance(node, RuleAll)
        return decisive if decisive in parts else None if None in parts else not decisive
    if isinstance(node, MetricTest | ChangeTest):
        return _compares(node, chosen)
    return _is_such(node, platform, name, asked)


def _is_such(leaf: Leaf, platform: str, name: str | None, asked: Asked) -> bool | None:
    match leaf:
        case OnPlatform():
            return platform in {str(each) for each in leaf.one_of}
        case Labelled():
            return asked.labels.get(leaf.label_id, False)
        case Named():
            return _is_named(leaf, name or "a campaign")
        case _:
            return None


def _compares(leaf: MetricTest | ChangeTest, chosen: Figures) -> bool | None:
    values = [_value(each, chosen) for each in read_by(leaf)]
    if any(each is None for each in values):
        return None
    known = [each for each in values if each is not None]
    if isinstance(leaf, ChangeTest):
        sums = leaf.metric not in RATIOS and leaf.window is not None
        now = known[0] / (length_of(leaf.window) if sums and leaf.window is not None else 1)
        before = known[1] / (length_of(leaf.base) if sums else 1)
        if before <= 0:
            return None
        return bool(COMPARISONS[leaf.op](now * 100, before * (100 + Fraction(leaf.percent))))
    match leaf.than:
        case AMetric():
            bound = Fraction(leaf.than.times) * known[1]
        case AnAmount():
            bound = Fraction(leaf.than.micros)
        case _:
            bound = Fraction(leaf.than.value)
    return bool(COMPARISONS[leaf.op](known[0], bound))


def _is_named(leaf: Named, name: str) -> bool:
    text, own = leaf.text.lower(), name.lower()
    return {"is": own == text, "contains": text in own, "starts_with": own.startswith(text)}[leaf.op]
