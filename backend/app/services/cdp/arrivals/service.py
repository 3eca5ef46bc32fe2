"""What follows from events that were stored: the live view, consents, conversions, the form of what was sent.

Every write leaves a row that says what it stored. One task at a time takes a tenant's rows by sets, each in one
transaction with all that follows from it. Where a set fails though the database is well, its rows are taken one by
one, and the one at fault becomes a task of its own, which is tried again and at last a dead letter: it stops nobody.
"""

import math
import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from app.core.clock import real_now
from app.core.logging import get_logger
from app.core.metrics import CDP_ARRIVALS_LAG
from app.db.platform import Platform
from app.db.session import Scopes, TenantScope, is_passing, is_too_slow
from app.services.cdp.arrivals.repository import Arrival, ArrivalRepository, tenants_waiting
from app.services.cdp.consents.service import Consents
from app.services.cdp.events.service import EventService
from app.services.cdp.schemas.service import Schemas
from app.services.integrations.conversions.service import ConversionService

__all__ = ["Arrival", "Arrivals", "arrival_stragglers", "follow_up"]

log = get_logger(__name__)

_AT_ONCE = 25
_STRAGGLES_AFTER = timedelta(seconds=3)
_APART = timedelta(seconds=2)


class _Stuck(Exception):
    """These cannot be taken in together, and it is not the moment's fault; its cause says why."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count


class Arrivals:
    """Works through what waits of one tenant."""

    def __init__(self, scopes: Scopes, *, at_once: int = _AT_ONCE) -> None:
        self._scopes = scopes
        self._at_once = at_once

    async def drain(self, until: float = math.inf) -> int:
        """Take in until nothing waits, another is at work, or `until` (monotonic seconds); how many writes it was."""
        taken, alone = 0, 0
        while True:
            try:
                done = await self._turn(1 if alone else self._at_once)
            except _Stuck as stuck:
                alone = stuck.count
                if stuck.count == 1:
                    await self._set_aside(stuck)
                continue
            alone = max(0, alone - done)
            taken += done
            if not done or time.monotonic() > until:
                return taken

    async def _turn(self, most: int) -> int:
        async with self._scopes() as scope:
            arrivals = ArrivalRepository(scope)
            if not await arrivals.try_lock():
                return 0
            taken = await arrivals.take(most)
            count = len(taken.arrivals)
            if taken.since is None:
                return 0
            try:
                await follow_up(scope, taken.arrivals)
                await scope.session.flush()
            except Exception as error:
                if is_passing(error) and not (is_too_slow(error) and count > 1):
                    raise
                raise _Stuck(count) from error
        CDP_ARRIVALS_LAG.observe(max(0.0, (real_now() - taken.since).total_seconds()))
        return count

    async def _set_aside(self, stuck: _Stuck) -> None:
        log.error("cdp.arrivals.set_aside", exc_info=stuck.__cause__)
        async with self._scopes() as scope:
            arrivals = ArrivalRepository(scope)
            if not await arrivals.try_lock():
                return
            for arrival in (await arrivals.take(1)).arrivals:
                await scope.enqueue("cdp.events.accepted_alone", {"arrival": arrival.payload()}, queue="cdp")


async def follow_up(scope: TenantScope, arrivals: Sequence[Arrival]) -> None:
    """All that follows from these writes."""
    for since, until, events in _spans(arrivals):
        await EventService(scope).show(since, until, events)
        await Consents(scope).take_in(since, until)
        await ConversionService(scope).queue_accepted(since, until)
    await Schemas(scope).fold(arrivals)


def _spans(arrivals: Iterable[Arrival]) -> list[tuple[datetime, datetime, int]]:
    """When these were received and how many events they are; what lies close together is read together."""
    spans: list[tuple[datetime, datetime, int]] = []
    for each in sorted(arrivals, key=lambda arrival: arrival.since):
        if spans and each.since <= spans[-1][1] + _APART:
            since, until, events = spans[-1]
            spans[-1] = since, max(until, each.until), events + each.events
        else:
            spans.append((each.since, each.until, each.events))
    return spans


async def arrival_stragglers(platform: Platform) -> None:
    """Take in what a worker's death, or a write that committed just as a task ended, has left behind."""
    async with platform.maintenance() as session:
        waiting = await tenants_waiting(session, real_now() - _STRAGGLES_AFTER)
    await platform.for_each(waiting, lambda scopes: Arrivals(scopes).drain())
