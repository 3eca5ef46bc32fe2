"""The life of a recommendation: renewed while its strategy comes to the same, silent for a while after a no."""

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum


class RecommendationState(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"
    EXPIRED = "expired"


LASTS = timedelta(hours=48)
"""Without being renewed."""


def key_of(strategy: str, subject: str, ways: Sequence[str]) -> str:
    """What it is about: the campaign and the way it is to go, or the account; never the amount, which may differ.

    >>> key_of("scaling", "c1", ["up"])
    'scaling:c1:up'
    """
    return f"{strategy}:{subject}:{ways[0] if len(ways) == 1 else ''}"
