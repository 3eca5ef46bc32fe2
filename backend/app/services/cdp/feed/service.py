"""The feed of changed profiles, as those read it who follow it: segments, and computed traits."""

import math
import time
from collections.abc import Awaitable, Callable

from app.services.cdp.feed.pruning import FeedPruning
from app.services.cdp.feed.repository import FeedReading, FeedRow

__all__ = ["FeedPruning", "FeedReading", "FeedRow", "until_done"]


async def until_done(*turns: Callable[[], Awaitable[int]], until: float = math.inf) -> int:
    """Take each turn in rotation until none finds anything to do, or `until` (monotonic seconds); how much was done."""
    whole = 0
    while True:
        done = sum([await turn() for turn in turns])
        whole += done
        if not done or time.monotonic() > until:
            return whole
