"""Days, and how complete their figures are. An account's day begins at its own midnight, whatever the clocks do."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_DOWN, Decimal
from zoneinfo import ZoneInfo

_STEP = Decimal("0.01")


def account_day(moment: datetime, timezone: str) -> date:
    """The account's date at a moment."""
    return moment.astimezone(ZoneInfo(timezone)).date()


def day_begins(day: date, timezone: str) -> datetime:
    """The moment, in UTC, at which the account's day begins; a day of a clock change has 23 or 25 hours.

    Where midnight does not exist, the day begins at the first moment that does.
    """
    local = datetime.combine(day, time.min, ZoneInfo(timezone))
    moment = local.astimezone(UTC)
    if moment.astimezone(local.tzinfo).date() < day:
        moment = (datetime.combine(day, time.min, ZoneInfo(timezone)).replace(fold=1)).astimezone(UTC)
    return moment


def day_ends(day: date, timezone: str) -> datetime:
    return day_begins(day + timedelta(days=1), timezone)


def maturity(day: date, timezone: str, *, observed_at: datetime, window_days: int) -> Decimal:
    """The share, 0 to 1, of the attribution window that had passed since the day's end when it was read.

    It tells how much time conversions had to be attributed, not how many were: no figure is scaled up by it. In whole
    hundredths, rounded down: a day is 1 only when its window is over, and is not another at every reading.
    """
    passed = observed_at - day_ends(day, timezone)
    if window_days <= 0:
        return Decimal(1) if passed >= timedelta(0) else Decimal(0)
    share = Decimal(int(passed.total_seconds())) / Decimal(window_days * 86_400)
    return min(Decimal(1), max(Decimal(0), share)).quantize(_STEP, ROUND_DOWN)
