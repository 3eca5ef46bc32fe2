"""When an account is due, and which days a synchronisation reads."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

SYNC_EVERY = timedelta(minutes=10)
"""Domain time between two synchronisations of an account."""
FIRST_DAYS = 60
ROWS_AT_ONCE = 20_000
"""So many rows, about 20 MiB of them, are held in memory between reading and storing."""
_RESTATED_BEYOND_THE_WINDOW = 3
_EDITS_OVERLAP = timedelta(hours=1)
_EDITS_MAY_WAIT = timedelta(hours=6)
_FIRST_EDITS = timedelta(days=7)
_MATCH_QUALITY_EVERY = timedelta(hours=1)


def is_due(last_synced_at: datetime | None, now: datetime) -> bool:
    return last_synced_at is None or now - last_synced_at >= SYNC_EVERY


def days_to_read(
    *, today: date, last_read: date | None, window_days: int, lacking: bool = False
) -> tuple[date, date]:
    """From the oldest day that may still be restated, to today. A first reading goes further back.

    So does the first of a day while the last one that went so far is `lacking`: nothing else reads those days again.

    >>> days_to_read(today=date(2026, 3, 20), last_read=date(2026, 3, 20), window_days=7)
    (datetime.date(2026, 3, 10), datetime.date(2026, 3, 20))
    """
    if last_read is None or (lacking and last_read < today):
        return today - timedelta(days=FIRST_DAYS), today
    restated = timedelta(days=window_days + _RESTATED_BEYOND_THE_WINDOW)
    return max(min(last_read, today) - restated, today - timedelta(days=FIRST_DAYS)), today


def pieces(since: date, until: date, *, rows_a_day: int, most: int) -> Iterator[tuple[date, date]]:
    """The days from `since` to `until` in runs of at most `most` rows, and of a day at least: first and last of each.

    >>> list(pieces(date(2026, 3, 1), date(2026, 3, 5), rows_a_day=10, most=25))[-1]
    (datetime.date(2026, 3, 5), datetime.date(2026, 3, 5))
    """
    days = max(1, most // max(1, rows_a_day))
    while since <= until:
        last = min(until, since + timedelta(days=days - 1))
        yield since, last
        since = last + timedelta(days=1)


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
