"""Days of a company's clock as times. Pure."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.schemas.cdp.conditions import Between, LastDays

_DAY = timedelta(days=1)


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


def span_of(days: LastDays | Between, zone: ZoneInfo, now: datetime) -> Span:
    if isinstance(days, LastDays):
        last = now.astimezone(zone).date()
        first = last - timedelta(days=days.days - 1)
    else:
        first, last = days.since, days.until
    return Span(first, last, starts_at(first, zone), starts_at(last + _DAY, zone))
