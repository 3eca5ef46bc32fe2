"""What a standing envelope covers. Pure: the caller gives the time, and what was raised under it so far."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

LONGEST = timedelta(days=14)
"""For so long from now on somebody may say yes beforehand; silence after it is no consent."""
_BUDGET = "daily_budget_micros"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """`campaigns`: these alone; empty: all of the account. Money is micros of `currency`."""

    campaigns: Collection[UUID]
    currency: str
    most_daily_micros: int | None
    most_raised_micros: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One change of one campaign, that waits for a person alone."""

    campaign_id: UUID | None
    currency: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def raised_micros(before: Mapping[str, Any], after: Mapping[str, Any]) -> int | None:
    """How much more a day it lets a campaign spend; 0 for a cut or a pause, None for what no envelope is about."""
    if set(before) | set(after) == {_BUDGET}:
        was, becomes = before.get(_BUDGET), after.get(_BUDGET)
        if isinstance(was, int) and isinstance(becomes, int):
            return max(0, becomes - was)
    if set(after) == {"status"} and after["status"] == "paused":
        return 0
    return None


def covers(terms: Terms, asked: Asked, *, now: datetime, raised_so_far: int) -> bool:
    """Whether the yes that was given to the terms is one to this change.

    A start is never covered, nor a bid, nor anything that is no daily budget and no pause.
    """
    if not terms.starts_at <= now < terms.ends_at or asked.currency != terms.currency:
        return False
    if terms.campaigns and asked.campaign_id not in terms.campaigns:
        return False
    more = raised_micros(asked.before, asked.after)
    if more is None:
        return False
    if more == 0:
        return True
    most = terms.most_daily_micros
    return (
        most is not None and asked.after[_BUDGET] <= most and raised_so_far + more <= terms.most_raised_micros
    )
