"""When an event happened, by our clock: clients' clocks are wrong, and say so by the time of sending. Pure."""

from datetime import UTC, datetime, timedelta

from app.services.cdp.events.rules import Refused, VerdictCode

_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST_AHEAD = timedelta(days=1)
_EPOCH_MILLISECONDS_FROM = 10**11
_MILLISECOND = timedelta(milliseconds=1)


def parse_time(value: str | float, what: str) -> datetime:
    """ISO 8601, or a number of milliseconds (or seconds) since 1970; without a zone it is UTC."""
    try:
        if isinstance(value, str):
            parsed = datetime.fromisoformat(value)
            return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed
        seconds = value / 1000 if abs(value) >= _EPOCH_MILLISECONDS_FROM else value
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise Refused(VerdictCode.ABSURD_TIME, f"{what} is not a time: {value!r:.60}") from error


def sent_time(value: str | float | None) -> datetime | None:
    """When the client says it sent; None where that is no time: then nothing is mended."""
    if value is None:
        return None
    try:
        return parse_time(value, "sentAt")
    except Refused:
        return None


def moved(at: datetime | None, by: timedelta) -> datetime | None:
    """None where that is past the calendar's end: then nothing is mended."""
    try:
        return None if at is None else at + by
    except OverflowError:
        return None


def corrected(received_at: datetime, sent_at: datetime | None, said: datetime | None) -> datetime:
    """When it happened by our clock: `receivedAt - (sentAt - originalTimestamp)`."""
    if said is None:
        return received_at
    try:
        happened = said if sent_at is None else received_at - (sent_at - said)
        if _EARLIEST <= happened <= received_at + _LATEST_AHEAD:
            return happened
    except OverflowError:
        pass
    raise Refused(VerdictCode.ABSURD_TIME, f"it would have happened at an absurd time: {said.isoformat()}")


def shift_ms(said: datetime, happened: datetime) -> int:
    """By how many milliseconds a client's time was moved to be ours."""
    return round((happened - said) / _MILLISECOND)
