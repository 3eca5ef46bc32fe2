"""When a segment is computed that stands still for a day. Pure."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def last_daily(minutes: int, zone: ZoneInfo, now: datetime) -> datetime:
    """The last time, now included, that the zone's clocks showed it; where they skip it, the moment they go on."""
    return _around(minutes, zone, now)[0]


def next_daily(minutes: int, zone: ZoneInfo, now: datetime) -> datetime:
    """The first time after now that the zone's clocks show it."""
    return _around(minutes, zone, now)[1]


def _around(minutes: int, zone: ZoneInfo, now: datetime) -> tuple[datetime, datetime]:
    today = now.astimezone(zone).date()
    shown = time(*divmod(minutes, 60))
    times = [
        datetime.combine(today + timedelta(days=days), shown, zone).astimezone(UTC)
        for days in (-2, -1, 0, 1, 2)
    ]
    return max(each for each in times if each <= now), min(each for each in times if each > now)


def minutes_of(at: str) -> int:
    """`06:30` in minutes."""
    hours, minutes = at.split(":")
    return int(hours) * 60 + int(minutes)


def shown_time(minutes: int) -> str:
    return "{:02}:{:02}".format(*divmod(minutes, 60))
