"""Times as the Ads API writes them: in the account's time zone, without saying so."""

from datetime import date, datetime
from zoneinfo import ZoneInfo


def account_text(at: float, timezone: str, *, micros: bool = False) -> str:
    form = "%Y-%m-%d %H:%M:%S.%f" if micros else "%Y-%m-%d %H:%M:%S"
    return datetime.fromtimestamp(at, ZoneInfo(timezone)).strftime(form)


def account_day(at: float, timezone: str) -> date:
    return datetime.fromtimestamp(at, ZoneInfo(timezone)).date()


def seconds(text: str, timezone: str) -> float:
    """Of `yyyy-MM-dd[ HH:mm:ss[.ffffff]]`; ValueError for what is none."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(timezone)).timestamp()
