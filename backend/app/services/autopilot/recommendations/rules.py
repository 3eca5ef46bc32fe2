"""The life of a recommendation: renewed while its strategy comes to the same, silent for a while after a no."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any


class RecommendationState(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"
    EXPIRED = "expired"


LASTS = timedelta(hours=48)
"""Without being renewed."""

SILENT_FOR = timedelta(days=7)
"""After a no, the same is not said again for so long."""


def is_silent(dismissed_at: datetime | None, now: datetime) -> bool:
    return dismissed_at is not None and now - dismissed_at < SILENT_FOR


def key_of(strategy: str, subject: str, changes: Sequence[Mapping[str, Any]]) -> str:
    """What it is about: the campaign and the way it is to go, or the account; never the amount, which may differ.

    >>> key_of("scaling", "c1", [{"before": {"daily_budget_micros": 2}, "after": {"daily_budget_micros": 3}}])
    'scaling:c1:up'
    """
    way = _way(changes[0]["before"], changes[0]["after"]) if len(changes) == 1 else ""
    return f"{strategy}:{subject}:{way}"


def _way(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    was, will = before.get("daily_budget_micros"), after.get("daily_budget_micros")
    if isinstance(was, int) and isinstance(will, int):
        return "up" if will > was else "down"
    return str(after.get("status"))
