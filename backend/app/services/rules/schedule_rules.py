"""When a rule is evaluated, by the clocks of its time zone. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.schemas.rules.definition import RuleSchedule

_DAY = timedelta(days=1)
_LONGEST = 8
"""A week and a day: a schedule names at least one time of the week."""


def next_time(schedule: RuleSchedule, after: datetime) -> datetime:
    """The first of its times after a moment. One that the clocks skip is when they go on; one that comes twice is once.

    Times of a week that the clocks fold or skip keep their order, so that none is passed by.
    """
    zone = ZoneInfo(schedule.timezone)
    day = after.astimezone(zone).date() - _DAY
    for _ in range(_LONGEST + 2):
        found = [moment for moment in moments_of(schedule, day) if moment > after]
        if found:
            return min(found)
        day += _DAY
    raise LookupError("a schedule without a time")


def moments_of(schedule: RuleSchedule, day: date) -> list[datetime]:
    """Its times of one day of its zone, in order."""
    zone = ZoneInfo(schedule.timezone)
    found = {
        datetime.combine(day, time(*divmod(minute, 60)), zone).astimezone(UTC)
        for minute in schedule.times_of(day.weekday())
    }
    return sorted(found)
