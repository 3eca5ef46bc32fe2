"""The feed of changed profiles, as those read it who follow it: segments, and computed traits."""

from collections.abc import Awaitable, Callable

from app.services.cdp.feed.repository import FeedReading, FeedRow

__all__ = ["FeedReading", "FeedRow", "until_done"]


async def until_done(turn: Callable[[], Awaitable[int]]) -> int:
    """Take turns until one finds nothing to do; how much was done."""
    whole = 0
    while done := await turn():
        whole += done
    return whole
