"""Google rations a project's operations by the day: what an account may use of them, with some kept for safety.

A query is one operation however many pages it has, and so is each operation of a mutate. The last tenth of an
account's share is kept from reading, the last twentieth from all but stops. Nothing of ours holds a stop back.
"""

from datetime import datetime, time, timedelta
from enum import StrEnum

from app.core.clock import real_now
from app.services.integrations.google.errors import PLATFORM
from app.services.integrations.ports import PlatformError, PlatformErrorKind
from app.services.integrations.wire import Line


class Use(StrEnum):
    READ = "read"
    CHANGE = "change"
    STOP = "stop"


_PART = {Use.READ: 0.90, Use.CHANGE: 0.95}
_FORGET = int(timedelta(days=2).total_seconds())


class Ration:
    """Counted for one account by days of UTC; without a limit nothing is counted."""

    def __init__(self, line: Line, per_day: int | None) -> None:
        self._line = line
        self._per_day = per_day

    async def spend(self, use: Use, operations: int = 1) -> None:
        """Raises where this use has had its part of the day, or would with so many operations."""
        if self._per_day is None:
            return
        now = real_now()
        key = f"{self._line.circuit}:operations:{now:%Y-%m-%d}"
        used = await self._line.breaker.count(key, operations, seconds=_FORGET)
        if use is Use.STOP or used <= allowed(use, self._per_day):
            return
        await self._line.breaker.count(key, -operations, seconds=_FORGET)
        raise PlatformError(
            PlatformErrorKind.RATE_LIMITED,
            f"{PLATFORM}.rationed",
            "This account has had its share of the day's operations: what is left is kept for safety.",
            retry_after=seconds_of_day_left(now),
        )


def allowed(use: Use, per_day: int) -> int:
    """How many operations of the day are used up before this use is refused.

    >>> allowed(Use.READ, 2880), allowed(Use.CHANGE, 2880), allowed(Use.STOP, 2880)
    (2592, 2736, 2880)
    """
    return int(per_day * _PART.get(use, 1.0))


def seconds_of_day_left(now: datetime) -> int:
    midnight = datetime.combine(now.date() + timedelta(days=1), time(), now.tzinfo)
    return max(1, int((midnight - now).total_seconds()))
