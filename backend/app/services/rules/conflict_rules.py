"""Whether two rules with opposite actions can hold of one campaign at once; where they can, an example. Pure.

Both trees are written as alternatives of plain conditions. A pair of alternatives cannot hold together where what they
ask of one figure, of the platform, of a label or of a currency leaves nothing over: that is a proof. Where something is
left, figures are searched for: an example is one for which both trees were held against the same figures and hold.
What is neither ruled out nor found is undecided, and is said to be. An example obeys what figures must: days that lie
within others, no more clicks than impressions, no value without conversions, with an attribution of seven days.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from itertools import product
from math import ceil, floor, prod
from uuid import UUID

from app.models.integrations.kinds import Platform
from app.models.rules.kinds import Metric, Overlap
from app.schemas.rules.definition import (
    Action,
    BudgetByAmount,
    BudgetByPercent,
    Enable,
    Pause,
    PutLabel,
    RuleDefinition,
    SetBudget,
)
from app.schemas.rules.tree import (
    RATIOS,
    AMetric,
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
    Window,
)
from app.services.rules.rules import COMPARISONS, FORMULAS, days_of, leaves, length_of, measures, read_by
from app.services.rules.wording_rules import figure_of, in_words

_MOST_ALTERNATIVES = 64
_MOST_STEPS = 20_000
_MOST_OF_ALL = 400_000
_UNIT = 1_000_000
_USUAL_ATTRIBUTION = 7
_FOREVER = 100_000
_OPPOSITE = {
    "equals": None, "less_than": "at_least", "at_most": "more_than", "more_than": "at_most", "at_least": "less_than",
}  # fmt: skip
_MONEY_BASES = frozenset({"spend_micros", "conversion_value_micros", "daily_budget"})
_BUDGET = "daily_budget"


@dataclass(frozen=True, slots=True)
class Other:
    """A rule that is switched on."""

    id: UUID
    name: str
    definition: RuleDefinition


@dataclass(frozen=True, slots=True)
class Example:
    """A campaign for which both rules hold: its figures in words, and what is left open of it."""

    figures: tuple[str, ...]
    platform: str | None = None
    name: str | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Collision:
    """`clash` says what the two would do against each other."""

    rule_id: UUID
    rule_name: str
    overlap: Overlap
    clash: str
    sentence: str
    example: Example | None = None


def collisions(definition: RuleDefinition, others: Sequence[Other]) -> list[Collision]:
    """The rules that work, or may work, against this one; where both cannot hold, there is none."""
    found, effort = [], Effort()
    for other in others:
        clash = clash_of(definition.actions, other.definition.actions)
        if clash is None:
            continue
        overlap, example = overlap_of(definition, other.definition, effort)
        if overlap is not None:
            sentence = _sentence(other.name, clash, example)
            found.append(Collision(other.id, other.name, overlap, clash, sentence, example))
    return found


def clash_of(mine: Sequence[Action], theirs: Sequence[Action]) -> str | None:
    """What two lists of actions do against each other, in words; None where they get on."""
    for one, other in product(mine, theirs):
        kinds = {type(one), type(other)}
        if kinds == {Pause, Enable}:
            return "one pauses what the other enables"
        ways = {_way(one), _way(other)}
        if ways == {"up", "down"}:
            return "one raises the budget that the other cuts"
        if "set" in ways and ways & {"up", "down"}:
            return "one sets the budget that the other moves"
        if isinstance(one, SetBudget) and isinstance(other, SetBudget) and one != other:
            return "they set different budgets"
        if isinstance(one, PutLabel) and isinstance(other, PutLabel) and _undoes(one, other):
            return "one puts on the label that the other takes off"
    return None


def _undoes(one: PutLabel, other: PutLabel) -> bool:
    return one.label_id == other.label_id and one.off != other.off


def _way(action: Action) -> str | None:
    match action:
        case BudgetByPercent():
            return "up" if action.percent > 0 else "down"
        case BudgetByAmount():
            return "up" if action.micros > 0 else "down"
        case SetBudget():
            return "set"
        case _:
            return None


def _sentence(name: str, clash: str, example: Example | None) -> str:
    if example is None:
        return f"It may work against “{name}”: {clash}. Whether both can hold at once could not be decided."
    told = "; ".join(example.figures) or "any campaign of both sets"
    return (
        f"It works against “{name}”: {clash}. Both hold for a campaign with {told}. "
        "Narrow this condition so that it leaves that out, or save it with `accept_conflicts`."
    )


@dataclass(slots=True)
class Effort:
    """What may still be looked at, in plain conditions, over all rules that one is held against."""

    left: int = _MOST_OF_ALL

    def spend(self, conditions: int) -> bool:
        """False once there is none left: what was not looked at by then stays undecided."""
        self.left -= conditions
        return self.left >= 0


def overlap_of(
    mine: RuleDefinition, theirs: RuleDefinition, effort: Effort
) -> tuple[Overlap | None, Example | None]:
    """None where both cannot hold of one campaign."""
    if _sets_apart(mine, theirs):
        return None, None
    one, other = alternatives(mine.condition), alternatives(theirs.condition)
    if one is None or other is None:
        return Overlap.UNDECIDED, None
    open_pairs = []
    for left, right in product(one, other):
        if not effort.spend(len(left) + len(right)):
            return Overlap.UNDECIDED, None
        asked = _asked(mine, theirs, [*left, *right])
        if asked is not None:
            open_pairs.append(asked)
    for asked in open_pairs:
        if effort.left < 0:
            break
        example = _Search(asked, (mine.condition, theirs.condition), effort).example()
        if example is not None:
            return Overlap.WITNESS, example
    return (Overlap.UNDECIDED, None) if open_pairs else (None, None)


def _sets_apart(mine: RuleDefinition, theirs: RuleDefinition) -> bool:
    """Whether no campaign is in both sets. Paused or active is left aside: that is what the rules change."""
    one, other = mine.scope, theirs.scope
    pairs: list[tuple[Sequence[object], Sequence[object]]] = [
        (one.platforms, other.platforms), (one.ad_account_ids, other.ad_account_ids),
    ]  # fmt: skip
    return any(left and right and set(left).isdisjoint(right) for left, right in pairs)


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
class _Asked:
    """What a pair of alternatives asks of one campaign."""

    intervals: dict[Measure, Interval] = field(default_factory=dict)
    platforms: frozenset[str] = frozenset(str(each) for each in Platform)
    names: list[Plain] = field(default_factory=list)
    labels: dict[UUID, bool] = field(default_factory=dict)
    currency: str | None = None
    ranked: bool = False
    measures: tuple[Measure, ...] = ()


def _asked(mine: RuleDefinition, theirs: RuleDefinition, plain: Sequence[Plain]) -> _Asked | None:
    """None where nothing can be all of it."""
    asked = _Asked(measures=tuple(dict.fromkeys([*measures(mine.condition), *measures(theirs.condition)])))
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


def _narrow(asked: _Asked, plain: Plain) -> bool:
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


def _one_currency(asked: _Asked, currency: str) -> bool:
    asked.currency = asked.currency or currency
    return asked.currency == currency


def _nest(asked: _Asked) -> None:
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
    return days.last, _FOREVER if days.first is None else days.first, days.settled


def _within(inner: tuple[int, int, bool], outer: tuple[int, int, bool]) -> bool:
    """Whatever the attribution: of windows that are both settled or both not, or in one that is for ever."""
    if inner[2] != outer[2] and not (outer[1] == _FOREVER and not outer[2]):
        return False
    return outer[0] <= inner[0] and inner[1] <= outer[1]


Figures = Mapping[tuple[str, Window | None], int]


class _Search:
    """Looks for the figures of one campaign, the smallest windows first; gives up after a number of steps."""

    def __init__(self, asked: _Asked, trees: tuple[Node, Node], effort: Effort) -> None:
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
    return days.last + back, _FOREVER if days.first is None else days.first + back


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


def _holds(node: Node, chosen: Figures, platform: str, name: str | None, asked: _Asked) -> bool | None:
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


def _is_such(leaf: Leaf, platform: str, name: str | None, asked: _Asked) -> bool | None:
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
