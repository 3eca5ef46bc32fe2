"""Segments that stand still for a day: computed at a time of the company's day, as of that time."""

from zoneinfo import ZoneInfo

from app.core.clock import Clock
from app.db.platform import Platform
from app.db.session import Scopes, TenantScope
from app.models.cdp.segments import CdpSegment
from app.schemas.cdp.segments import Daily, Live
from app.services.cdp.segments.errors import ListNotScheduled
from app.services.cdp.segments.membership_repository import tenants_due
from app.services.cdp.segments.repository import SegmentRepository
from app.services.cdp.segments.schedule_rules import last_daily, minutes_of, next_daily, shown_time
from app.services.tenants.service import TenantService


class Scheduling:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._segments = SegmentRepository(scope)
        self._tenants = TenantService(scope)

    async def plan(
        self, segment: CdpSegment, evaluation: Live | Daily | None, *, resumed: bool = False
    ) -> bool:
        """Have it evaluated so from now on (None: as before); whether that is another way than before.

        A time that has come and is not begun yet stays, unless the way changes or the segment is `resumed`.
        """
        before = segment.daily_at
        if evaluation is not None:
            segment.daily_at = minutes_of(evaluation.at) if isinstance(evaluation, Daily) else None
        if segment.daily_at is not None and segment.rule is None:
            raise ListNotScheduled
        if segment.daily_at is None:
            segment.next_run_at = None
        elif resumed or segment.daily_at != before or segment.next_run_at is None:
            segment.next_run_at = next_daily(segment.daily_at, await self._zone(), self._scope.now())
        return segment.daily_at != before

    async def begin_due(self) -> int:
        """Have those computed whose time has come, as of the last such time; how many."""
        now, zone = self._scope.now(), await self._zone()
        due = await self._segments.due_for_run(now)
        for segment in due:
            if segment.daily_at is None or segment.next_run_at is None:
                continue
            as_of = max(last_daily(segment.daily_at, zone, now), segment.next_run_at)
            segment.next_run_at = next_daily(segment.daily_at, zone, now)
            await self._scope.enqueue(
                "cdp.segments.recompute",
                {"segment_id": str(segment.id), "as_of": as_of.isoformat()},
                queue="cdp",
                unless_pending=False,
            )
        return len(due)

    async def _zone(self) -> ZoneInfo:
        return ZoneInfo((await self._tenants.current()).timezone)


def evaluation_of(segment: CdpSegment) -> Live | Daily:
    if segment.daily_at is None:
        return Live(mode="live")
    return Daily(mode="daily", at=shown_time(segment.daily_at))


async def run_scheduled(platform: Platform) -> None:
    """Begin what is due of every tenant's, by the domain's clock."""
    clock: Clock = platform.clock
    await platform.clock.sync()
    async with platform.maintenance() as session:
        due = await tenants_due(session, clock.now())
    await platform.for_each(due, _begin_due)


async def _begin_due(scopes: Scopes) -> None:
    async with scopes() as scope:
        await Scheduling(scope).begin_due()
