"""What computed traits read, how customers are ranked, and when a customer is overdue. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from app.schemas.cdp.conditions import Comparison
from app.schemas.cdp.segments_tree import LastDays
from app.schemas.cdp.traits import RESERVED, TraitDefinition

MAX_TRAITS = 50
NEEDED_CUSTOMERS = 25
"""Five for each quintile: fewer are ranked by accident."""
ORDERS_FOR_A_RHYTHM = 3
"""Two gaps: one is no rhythm."""
MOVING = frozenset({"churn.days_since_last_order", "churn.ratio"})
"""Asked of a profile against the time, and not stored: they move by themselves."""
FIELDS: Mapping[str, frozenset[str]] = {
    "rfm": frozenset({"recency", "frequency", "monetary", "cell"}),
    "churn": frozenset({"orders", "last_order_at", "median_gap_days", "days_since_last_order", "ratio"}),
}
CELLS = ("Champions", "Loyal", "Potential Loyalist", "New", "At Risk", "Hibernating")

_DAY = timedelta(days=1)
_GOOD, _FAIR, _FIRST_STEPS = 4, 3, 2


def concerns(definition: TraitDefinition, reason: str, event_names: Iterable[str]) -> bool:
    """Whether a row of the feed of changed profiles may change the trait; every reason not known here does."""
    if reason == "events":
        return definition.event in event_names
    return reason not in {"computed", "lifecycle"}


def slides(definition: TraitDefinition) -> timedelta | None:
    """How long a window is whose border moves with time."""
    return timedelta(days=definition.window.days) if isinstance(definition.window, LastDays) else None


def is_known(name: str, traits: Iterable[str]) -> bool:
    """Whether a segment may ask for this: a trait by its name, or a part of what is always computed."""
    first, dot, rest = name.partition(".")
    if first in RESERVED:
        return not dot or rest in FIELDS[first]
    return not dot and first in traits


def cell(recency: int, frequency: int, monetary: int) -> str:
    """The named cell of three quintiles, by recency and the mean of frequency and monetary value.

    After Putler's segments (https://www.putler.com/rfm-analysis/), which span the same two axes with eleven cells:
    here the usual six, each taking in its neighbours, so that every score has one. Champions: R ≥ 4, FM ≥ 4. Loyal:
    R ≥ 3, FM ≥ 3. New: R ≥ 4, FM < 2. Potential Loyalist: R ≥ 3 otherwise. At Risk: R ≤ 2, FM ≥ 3. Hibernating: R ≤ 2
    otherwise.
    """
    worth = frequency + monetary
    if recency >= _FAIR:
        if worth >= 2 * _GOOD and recency >= _GOOD:
            return "Champions"
        if worth >= 2 * _FAIR:
            return "Loyal"
        return "New" if worth < 2 * _FIRST_STEPS and recency >= _GOOD else "Potential Loyalist"
    return "At Risk" if worth >= 2 * _FAIR else "Hibernating"


def cells_by_scores() -> dict[str, str]:
    """The cell of each three scores, by their digits: `543`."""
    scores = range(1, 6)
    return {f"{r}{f}{m}": cell(r, f, m) for r in scores for f in scores for m in scores}


@dataclass(frozen=True, slots=True)
class Churn:
    """A customer's own rhythm, and how far they are past it."""

    orders: int
    last_order_at: datetime
    days_since_last_order: int
    median_gap_days: float | None
    ratio: float | None


def churn(stored: Mapping[str, Any], now: datetime) -> Churn:
    """What is stored of a customer's orders, as of now.

    ratio = (now - last order) / median gap between consecutive orders. It is the recency of a buyer measured by their
    own interpurchase time, as in Platzer and Reutterer, "Ticking Away the Moments: Timing Regularity Helps to Better
    Predict Customer Activity", Marketing Science 35 (2016); the median, since one long pause must not hide the rhythm.
    """
    last = datetime.fromisoformat(stored["last_order_at"])
    gap = stored.get("median_gap_days")
    since = now - last
    return Churn(
        stored["orders"],
        last,
        since // _DAY,
        gap,
        round(since / timedelta(days=gap), 4) if gap else None,
    )


@dataclass(frozen=True, slots=True)
class Stretch:
    """While a number that grows with time fits a comparison: from one of its values on, to another, which is out.

    None is without a bound; `after` moves both borders by the least moment there is.
    """

    since: Decimal | None
    until: Decimal | None
    after_since: bool = False
    after_until: bool = False


def whole_days(op: Comparison, number: Decimal) -> Stretch | None:
    """Of a count of whole days; None where it never fits."""
    up, down = (number.to_integral_value(each) for each in (ROUND_CEILING, ROUND_FLOOR))
    match op:
        case "at_least":
            return Stretch(up, None)
        case "less_than":
            return Stretch(None, up)
        case "more_than":
            return Stretch(down + 1, None)
        case "at_most":
            return Stretch(None, down + 1)
        case _:
            return Stretch(up, up + 1) if up == down else None


def exactly(op: Comparison, number: Decimal) -> Stretch:
    """Of a number that takes every value."""
    match op:
        case "at_least":
            return Stretch(number, None)
        case "less_than":
            return Stretch(None, number)
        case "more_than":
            return Stretch(number, None, after_since=True)
        case "at_most":
            return Stretch(None, number, after_until=True)
        case _:
            return Stretch(number, number, after_until=True)
