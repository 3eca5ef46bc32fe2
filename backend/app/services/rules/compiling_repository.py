"""From a rule to one set-based statement over all campaigns of its set; bound parameters alone.

A figure is a fraction of two exact numbers, or is not known, with the reason. Conditions compare fractions by
multiplying crosswise, so that nothing is rounded. What is not known is NULL, and SQL's own `and`, `or` and `not` are
the three-valued logic that the rule promises. The days are read once, whatever the number of windows.

With `as_of` the same statement reads what was known at a past moment: of each day the last observation until then, of
each account the last reading until then.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Numeric,
    Select,
    Text,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    true,
)

from app.models.rules.kinds import Unknown
from app.schemas.rules.definition import RuleDefinition
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
    RankTest,
    RuleAll,
    RuleAny,
    RuleNot,
)
from app.services.rules.figures_repository import FigureQuery, bears, coded, link
from app.services.rules.rules import (
    COMPARISONS,
    leaves,
    length_of,
)

Truth = ColumnElement[bool]
_FINE = Decimal(10) ** 12
"""Ranks tell figures apart down to a millionth of a millionth."""
_SHOWN_OF_CAMPAIGN = ("id", "ad_account_id", "account", "platform", "external_id", "name", "status",
    "budget_level", "daily_budget_micros", "currency", "learning", "today")  # fmt: skip


class RuleQuery:
    def __init__(self, definition: RuleDefinition, *, now: datetime, as_of: bool = False) -> None:
        self._definition = definition
        self._figures = FigureQuery(definition, now=now, as_of=as_of)
        self.measures = self._figures.measures
        self.leaves = tuple(leaf for _, leaf in leaves(definition.condition))

    def verdicts(self, most: int) -> Select[Any]:
        """Every campaign for which the rule holds, and up to `most` of each other kind, beside how many there are.

        Kinds are: it does not hold, and it is not known, for each reason (`why`) apart. `of_kind` counts them all.
        """
        rows = self._decided().subquery("decided")
        order = (rows.c.name, rows.c.id)
        kind = (rows.c.matched, rows.c.why)
        placed = select(
            *rows.c,
            func.row_number().over(partition_by=kind, order_by=order).label("place"),
            func.count().over(partition_by=kind).label("of_kind"),
        ).subquery("placed")
        return (
            select(*placed.c)
            .where(or_(placed.c.matched, placed.c.place <= literal(most)))
            .order_by(placed.c.name, placed.c.id)
        )

    def _decided(self) -> Select[Any]:
        known = self._figures.known()
        tested = [self._test(leaf, known) for leaf in self.leaves]
        columns = [known.c[name] for name in _SHOWN_OF_CAMPAIGN]
        columns += [known.c[f"{part}{n}"] for n in range(len(self.measures)) for part in "uv"]
        for number, (holds, why) in enumerate(tested):
            columns += [holds.label(f"l{number}"), why.label(f"w{number}")]
        leaf = select(*columns).offset(literal(0)).subquery("leaf")
        count = len(tested)
        whole = self._whole(self._definition.condition, iter([leaf.c[f"l{n}"] for n in range(count)]))
        held = select(*leaf.c, whole.label("matched")).subquery("held")
        reasons = [case((held.c[f"l{n}"].is_(None), held.c[f"w{n}"])) for n in range(count)]
        first = func.coalesce(*reasons, type_=Text()) if len(reasons) > 1 else reasons[0]
        shown = [each for each in held.c if not each.key.startswith("w")]
        return select(*shown, case((held.c.matched.is_(None), first)).label("why"))

    def _test(self, leaf: Leaf, known: FromClause) -> tuple[Truth, ColumnElement[Any]]:
        """Whether a condition holds, and, where that is NULL, why it is not known."""
        match leaf:
            case MetricTest():
                return self._against(leaf, known)
            case ChangeTest():
                return self._changed(leaf, known)
            case RankTest():
                return self._ranked(leaf, known)
            case OnPlatform():
                return known.c.platform.in_([str(each) for each in leaf.one_of]), _nothing()
            case Named():
                return _named(leaf, known.c.name), _nothing()
            case Labelled():
                return bears(known, link.c.label_id == leaf.label_id), _nothing()

    def _fraction(self, measure: Measure, known: FromClause) -> tuple[ColumnElement[Any], ...]:
        number = self.measures.index(measure)
        return known.c[f"n{number}"], known.c[f"d{number}"], known.c[f"u{number}"]

    def _against(self, leaf: MetricTest, known: FromClause) -> tuple[Truth, ColumnElement[Any]]:
        over, under, why = self._fraction(leaf.measure, known)
        match leaf.than:
            case AMetric():
                other, below, unknown = self._fraction(leaf.than.measure, known)
                times = literal(leaf.than.times, Numeric())
                return _compared(leaf.op, over * below, times * other * under), func.coalesce(why, unknown)
            case AnAmount():
                same = known.c.currency == leaf.than.currency
                holds = _compared(leaf.op, over, literal(Decimal(leaf.than.micros), Numeric()) * under)
                return case((same, holds)), func.coalesce(why, case((not_(same), coded(Unknown.CURRENCY))))
            case _:
                return _compared(leaf.op, over, literal(leaf.than.value, Numeric()) * under), why

    def _changed(self, leaf: ChangeTest, known: FromClause) -> tuple[Truth, ColumnElement[Any]]:
        over, under, why = self._fraction(leaf.measure, known)
        other, below, unknown = self._fraction(leaf.before, known)
        days, before = (1, 1) if leaf.metric in RATIOS or leaf.window is None else (
            length_of(leaf.window), length_of(leaf.base))  # fmt: skip
        left = over * below * literal(Decimal(100 * before), Numeric())
        right = other * under * literal((100 + leaf.percent) * days, Numeric())
        nothing = case((other <= 0, coded(Unknown.NO_DENOMINATOR)))
        return case((other > 0, _compared(leaf.op, left, right))), func.coalesce(why, unknown, nothing)

    def _ranked(self, leaf: RankTest, known: FromClause) -> tuple[Truth, ColumnElement[Any]]:
        over, under, why = self._fraction(leaf.measure, known)
        same: Truth = true() if leaf.currency is None else known.c.currency == leaf.currency
        ranks = and_(over.is_not(None), same)
        figure = case((ranks, func.div(over * literal(_FINE, Numeric()), under)))
        ordered = figure.desc() if leaf.end == "top" else figure.asc()
        better = func.rank().over(order_by=ordered.nulls_last()) - 1
        may_pass = [str(each) for each in (Unknown.UNREAD, Unknown.NOT_STORED, Unknown.IMMATURE)]
        hidden = func.count().filter(and_(why.in_(may_pass), same)).over()
        count = literal(leaf.count)
        holds = case((not_(ranks), null()), (better + hidden < count, true()), (better >= count, false()))
        unknown = case((ranks, coded(Unknown.OTHERS)), else_=func.coalesce(why, coded(Unknown.CURRENCY)))
        return holds, unknown

    def _whole(self, node: Node, answers: Any) -> Truth:
        if isinstance(node, RuleNot):
            return not_(self._whole(node.of, answers))
        if isinstance(node, RuleAll | RuleAny):
            parts: Sequence[Truth] = [self._whole(child, answers) for child in node.of]
            return and_(*parts) if isinstance(node, RuleAll) else or_(*parts)
        found: Truth = next(answers)
        return found


def _compared(op: str, value: ColumnElement[Any], bound: ColumnElement[Any]) -> Truth:
    truth: Truth = COMPARISONS[op](value, bound)
    return truth


def _nothing() -> ColumnElement[Any]:
    return cast(null(), Text())


def _named(leaf: Named, name: ColumnElement[Any]) -> Truth:
    lowered, text = func.lower(name, type_=Text()), leaf.text.lower()
    match leaf.op:
        case "is":
            return lowered == text
        case "contains":
            return lowered.contains(text, autoescape=True)
        case "starts_with":
            return lowered.startswith(text, autoescape=True)
