"""When a message leaves: at once, when quiet hours end, or with the day's digest. Pure.

A person's hours are minutes after midnight on the clocks of their zone; on a day whose clocks skip the minute, the
moment that follows the gap stands for it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from app.models.notifications.kinds import Digest, HeldFor

MINUTES_A_DAY = 1440


@dataclass(frozen=True, slots=True)
class Habits:
    """How a person wishes to be written to. Without quiet hours both ends are None."""

    zone: str = "UTC"
    digest: Digest = Digest.IMMEDIATE
    digest_minute: int = 480
    quiet_from: int | None = None
    quiet_until: int | None = None


@dataclass(frozen=True, slots=True)
class Due:
    at: datetime
    held_for: HeldFor | None = None


def due(now: datetime, habits: Habits, *, critical: bool) -> Due:
    """When a message of `now` leaves for this person; what is critical leaves at once."""
    if critical:
        return Due(now)
    if habits.digest is Digest.DAILY:
        return Due(next_time(now, habits.digest_minute, habits.zone), HeldFor.DIGEST)
    if habits.quiet_until is not None and is_quiet(now, habits):
        return Due(next_time(now, habits.quiet_until, habits.zone), HeldFor.QUIET_HOURS)
    return Due(now)


def is_quiet(now: datetime, habits: Habits) -> bool:
    """From `quiet_from` up to, and without, `quiet_until`; over midnight where the end is the smaller one."""
    start, end = habits.quiet_from, habits.quiet_until
    if start is None or end is None or start == end:
        return False
    local = now.astimezone(ZoneInfo(habits.zone))
    minute = local.hour * 60 + local.minute
    return start <= minute < end if start < end else minute >= start or minute < end


def next_time(now: datetime, minute: int, zone: str) -> datetime:
    """The next moment, after `now`, at which clocks in the zone show the minute of the day."""
    place = ZoneInfo(zone)
    day = now.astimezone(place).date()
    for ahead in range(3):
        midnight = datetime.combine(day + timedelta(days=ahead), datetime.min.time())
        moment = (midnight + timedelta(minutes=minute)).replace(tzinfo=place).astimezone(UTC)
        if moment > now:
            return moment
    raise AssertionError("one of three days has the minute ahead")
