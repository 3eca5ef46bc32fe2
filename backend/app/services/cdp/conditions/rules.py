"""What comparisons mean, and days of a company's clock as times. Pure."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from app.schemas.cdp.conditions import DaysBetween, LatestDays
from app.schemas.cdp.segments_tree import Between, LastDays

COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = MappingProxyType(
    {
        "equals": operator.eq,
        "less_than": operator.lt,
        "at_most": operator.le,
        "more_than": operator.gt,
        "at_least": operator.ge,
    }
)
_DAY = timedelta(days=1)
AHEAD = _DAY
"""No event happened later than so long after it was received: ingestion refuses it."""


@dataclass(frozen=True, slots=True)
class Span:
    """Days, both included, and the times that they begin and end at: a day of a clock change is no 24 hours."""

    first: date
    last: date
    since: datetime
    until: datetime


def starts_at(day: date, zone: ZoneInfo) -> datetime:
    """When a day begins there: its first moment, if midnight comes twice or not at all."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def span_of(days: LatestDays | DaysBetween, zone: ZoneInfo, now: datetime) -> Span:
    if isinstance(days, LatestDays):
        last = now.astimezone(zone).date()
        first = last - timedelta(days=days.days - 1)
    else:
        first, last = days.since, days.until
    return Span(first, last, starts_at(first, zone), starts_at(last + _DAY, zone))


def reaches_back(window: LastDays | Between | None, before: datetime, now: datetime) -> bool:
    """Whether events that were received before then are in the window."""
    match window:
        case LastDays():
            return now - timedelta(days=window.days) < before + AHEAD
        case Between():
            return window.since < before + AHEAD
        case None:
            return True
