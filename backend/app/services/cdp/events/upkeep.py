"""Partitions made ahead and dropped in time; message ids and verdicts forgotten after theirs."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.core.clock import real_now
from app.core.logging import get_logger
from app.db.platform import Platform
from app.db.session import scopes_for
from app.services.cdp.events.forgetting import events_forgotten
from app.services.cdp.events.upkeep_repository import UpkeepRepository

log = get_logger(__name__)

_MONTHS_AHEAD = 3
_MONTH = timedelta(days=31)
_AT_ONCE = 20_000
_TURNS = 200


@dataclass(frozen=True, slots=True)
class Kept:
    """How long each kind of row is kept. Message ids: at least a day, which the database holds to by itself."""

    events: timedelta
    message_ids: timedelta
    verdicts: timedelta
    counts: timedelta


class EventUpkeep:
    """Works as the maintenance role, which may call four functions and read no event."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        settings = platform.settings
        self._kept = Kept(
            timedelta(days=settings.cdp_event_days),
            timedelta(hours=settings.cdp_dedupe_hours),
            timedelta(days=settings.cdp_verdict_days),
            timedelta(days=settings.cdp_count_days),
        )

    async def run(self) -> None:
        await self.make_partitions()
        await self.drop_partitions()
        await self.forget()
        await self.forget_counts()

    async def make_partitions(self) -> int:
        """This month's and the next three's, by real time and by the domain's clock, which may run ahead."""
        await self._platform.clock.sync()
        months = {
            (start + _MONTH * number).replace(day=1)
            for start in (real_now().date().replace(day=1), self._platform.clock.now().date().replace(day=1))
            for number in range(_MONTHS_AHEAD + 1)
        }
        made = 0
        for month in sorted(months):
            made += await self._make(month)
        log.info("cdp.events.partitions_made", made=made)
        return made

    async def _make(self, month: date) -> bool:
        # Each in a transaction of its own: what must wait for a lock gives up and is tried at the next turn.
        async with self._platform.maintenance() as session:
            return await UpkeepRepository(session).make_partition(month)

    async def drop_partitions(self) -> int:
        before = min(real_now(), self._platform.clock.now()) - self._kept.events
        async with self._platform.maintenance() as session:
            is_due = await UpkeepRepository(session).has_partitions(before.date())
        if is_due:
            await self._tell_all(before)
        async with self._platform.maintenance() as session:
            dropped = await UpkeepRepository(session).drop_partitions(before.date())
        log.info("cdp.events.partitions_dropped", dropped=dropped)
        return dropped

    async def _tell_all(self, before: datetime) -> None:
        for tenant_id in await self._platform.active_tenants():
            async with scopes_for(self._platform.engine, tenant_id, clock=self._platform.clock)() as scope:
                await events_forgotten(scope, before)

    async def forget(self) -> int:
        """In bites, each a short transaction."""
        forgotten = 0
        for _ in range(_TURNS):
            async with self._platform.maintenance() as session:
                bite = await UpkeepRepository(session).forget(
                    real_now() - self._kept.message_ids,
                    self._platform.clock.now() - self._kept.verdicts,
                    _AT_ONCE,
                )
            forgotten += bite
            if not bite:
                break
        log.info("cdp.events.forgotten", rows=forgotten)
        return forgotten

    async def forget_counts(self) -> int:
        """By the domain's clock, by which they were counted."""
        before = self._platform.clock.now() - self._kept.counts
        forgotten = 0
        for _ in range(_TURNS):
            async with self._platform.maintenance() as session:
                bite = await UpkeepRepository(session).forget_counts(before, _AT_ONCE)
            forgotten += bite
            if not bite:
                break
        log.info("cdp.events.counts_forgotten", rows=forgotten)
        return forgotten
