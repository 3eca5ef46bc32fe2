"""The simulated hours and days as the calendar's."""

from datetime import UTC, date, datetime, timedelta
from functools import cache

EPOCH = datetime(2026, 1, 5, tzinfo=UTC)
"""A Monday."""


def moment(hours: float) -> datetime:
    return EPOCH + timedelta(hours=hours)


@cache
def calendar_day(day: int) -> date:
    return EPOCH.date() + timedelta(days=day)
