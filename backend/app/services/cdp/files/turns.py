"""Work on files that is too long for one task: one worker of a tenant at a time, a fresh task after a while."""

import time
from collections.abc import Awaitable, Callable

from app.db.locks import exclusive_among
from app.db.session import Scopes, TenantScope


async def in_turn(
    scopes: Scopes,
    name: str,
    seconds: float,
    work: Callable[[float], Awaitable[bool]],
    is_waiting: Callable[[TenantScope], Awaitable[bool]],
) -> bool:
    """Work until nothing waits, or the time is up: True where a fresh task has to go on.

    `work` is told until when, by the monotonic clock, and says whether it got to the end. Whoever finds another at
    work may leave: that one looks once more after it has let go.
    """
    ends_at = time.monotonic() + seconds
    while True:
        async with exclusive_among(scopes, "cdp", name) as mine:
            if not mine:
                return False
            finished = await work(ends_at)
        async with scopes() as scope:
            waits = await is_waiting(scope)
        if not waits or not finished:
            return waits
