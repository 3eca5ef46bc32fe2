"""When an account is due, and which days a synchronisation reads."""

from datetime import date, datetime, timedelta
from decimal import Decimal

SYNC_EVERY = timedelta(minutes=10)
"""Domain time between two synchronisations of an account."""
FIRST_DAYS = 60
_RESTATED_BEYOND_THE_WINDOW = 3
_EDITS_OVERLAP = timedelta(hours=1)
_EDITS_MAY_WAIT = timedelta(hours=6)
_FIRST_EDITS = timedelta(days=7)
_MATCH_QUALITY_EVERY = timedelta(hours=1)


def is_due(last_synced_at: datetime | None, now: datetime) -> bool:
    return last_synced_at is None or now - last_synced_at >= SYNC_EVERY


def days_to_read(*, today: date, last_read: date | None, window_days: int) -> tuple[date, date]:
    """From the oldest day that may still be restated, to today. A first reading goes further back.

    >>> days_to_read(today=date(2026, 3, 20), last_read=date(2026, 3, 20), window_days=7)
    (datetime.date(2026, 3, 10), datetime.date(2026, 3, 20))
    """
    if last_read is None:
        return today - timedelta(days=FIRST_DAYS), today
    restated = timedelta(days=window_days + _RESTATED_BEYOND_THE_WINDOW)
    return max(min(last_read, today) - restated, today - timedelta(days=FIRST_DAYS)), today


def edits_since(read_until: datetime | None, now: datetime) -> datetime:
    """A little before the last reading: platforms write their activity logs late."""
    return now - _FIRST_EDITS if read_until is None else read_until - _EDITS_OVERLAP


def edits_may_wait(read_until: datetime | None, now: datetime, *, is_first: bool) -> bool:
    """A log that is late holds up nothing else, until it has been late for long: what others did is then unknown."""
    return is_first if read_until is None else now - read_until < _EDITS_MAY_WAIT


def match_quality_is_due(read_at: datetime | None, now: datetime) -> bool:
    """A platform works its figure out over days: a reading an hour misses nothing."""
    return read_at is None or now - read_at >= _MATCH_QUALITY_EVERY


def match_quality(figure: float) -> Decimal | None:
    """The figure to a hundredth; None where it is not one from 0 to 10."""
    return Decimal(str(figure)).quantize(Decimal("0.01")) if 0 <= figure <= 10 else None  # noqa: PLR2004  (the scale)
