"""Conditions on computed traits; those that move with time are asked of what is stored, against now.

Nothing has to be written each day for people who do nothing: a border is a moment, the last order and so many days or
gaps after it, and whoever has it still before them has a timer.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Float, Interval, Numeric, and_, case, cast, func, literal, true

from app.db.base import UtcDateTime
from app.schemas.cdp.conditions import Exists, IsNumber
from app.schemas.cdp.segments_tree import ComputedTrait
from app.services.cdp.conditions.service import Time, Truth, certain, inside, tested, text_of
from app.services.cdp.segments.answers_repository import NEVER, Answer
from app.services.cdp.traits.rules import MOVING, Stretch, exactly, whole_days

_MOMENT = timedelta(microseconds=1)
_FAR = 100_000_000_000
"""Seconds: three thousand years, and still a time."""
_DAY = 86_400


def computed_answer(leaf: ComputedTrait, computed: ColumnElement[Any], now: datetime) -> Answer:
    if leaf.name not in MOVING:
        return Answer(tested(leaf.test, inside(computed, leaf.name)))
    last = cast(text_of(inside(computed, "churn.last_order_at")), UtcDateTime())
    gap = func.nullif(cast(text_of(inside(computed, "churn.median_gap_days")), Numeric), 0)
    by_gap = leaf.name == "churn.ratio"
    known: Truth = and_(last.is_not(None), gap.is_not(None)) if by_gap else last.is_not(None)
    match leaf.test:
        case Exists():
            return Answer(certain(known))
        case IsNumber(op=op, number=number):
            stretch = exactly(op, number) if by_gap else whole_days(op, number)
        case _:
            stretch = None
    if stretch is None:
        return Answer(~true())
    unit = gap * _DAY if by_gap else literal(_DAY, Numeric)
    return _within(stretch, last, unit, certain(known), literal(now, UtcDateTime()))


def _within(stretch: Stretch, last: Time, unit: ColumnElement[Any], known: Truth, now: Time) -> Answer:
    """Whether now lies in the stretch; and at which of its borders, still ahead, that changes."""
    holds, flips = [known], []
    if stretch.since is not None:
        begins = _at(last, unit, stretch.since, after=stretch.after_since)
        holds.append(now >= begins)
        flips.append((now < begins, begins))
    if stretch.until is not None:
        ends = _at(last, unit, stretch.until, after=stretch.after_until)
        holds.append(now < ends)
        flips.append((now < ends, ends))
    return Answer(certain(and_(*holds)), func.coalesce(case(*flips, else_=NEVER), NEVER))


def _at(last: Time, unit: ColumnElement[Any], number: Any, *, after: bool) -> Time:
    """The last order and so many units, as a time there can be."""
    seconds = func.greatest(func.least(unit * literal(number, Numeric), _FAR), -_FAR)
    length = func.make_interval(0, 0, 0, 0, 0, 0, cast(seconds, Float), type_=Interval())
    moment: Time = last + length
    return moment + literal(_MOMENT, Interval) if after else moment
