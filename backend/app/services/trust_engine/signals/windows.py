"""How long a window has to be to hold enough: a small account's is longer, a fallen account's is not."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from app.services.trust_engine.signals.history_rules import MINIMUM_EVENTS

DAY = timedelta(days=1)
T = TypeVar("T")
WINDOWS = tuple(days * DAY for days in (1, 3, 7, 14, 28))


async def long_enough(
    measure: Callable[[timedelta], Awaitable[T]], size: Callable[[T], int]
) -> tuple[timedelta, T]:
    """The shortest window that holds enough events, with what was measured of it; the first one where none does.

    So is the first where the longer one shows that it should have held enough, and it holds not half of that: what
    is missing there is what is to be seen, and days from before would hide it.
    """
    window = WINDOWS[0]
    first = await measure(window)
    if size(first) >= MINIMUM_EVENTS:
        return window, first
    for longer in WINDOWS[1:]:
        found = await measure(longer)
        if size(found) < MINIMUM_EVENTS:
            continue
        expected = size(found) * (window / longer)
        fallen = expected >= MINIMUM_EVENTS and size(first) < expected / 2
        return (window, first) if fallen else (longer, found)
    return window, first
