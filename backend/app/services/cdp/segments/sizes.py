"""How large a segment was, day by day: reckoned back from who is in now, by the log of who entered and who left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from app.db.session import TenantScope
from app.services.cdp.conditions.service import starts_at
from app.services.cdp.segments.errors import SegmentNotFound
from app.services.cdp.segments.repository import SegmentRepository
from app.services.tenants.service import TenantService

_MOST_MOVES = 50_000
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Size:
    day: date
    members: int
    entered: int
    left: int


@dataclass(frozen=True, slots=True)
class History:
    """`whole` is false where the log of the days that were asked for is too long to be read at once."""

    timezone: str
    whole: bool
    days: Sequence[Size]


class Sizes:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._segments = SegmentRepository(scope)
        self._tenants = TenantService(scope)

    async def of(self, segment_id: UUID, days: int) -> History:
        """The last days, none before the segment was made."""
        segment = await self._segments.one(segment_id)
        if segment is None:
            raise SegmentNotFound(segment_id=str(segment_id))
        name = (await self._tenants.current()).timezone
        zone = ZoneInfo(name)
        today = self._scope.now().astimezone(zone).date()
        first = max(today - _DAY * (days - 1), segment.created_at.astimezone(zone).date())
        moves, whole = await self._segments.moves(segment_id, starts_at(first, zone), name, _MOST_MOVES)
        if not whole and moves:
            # The day at which the reading stopped is not whole itself.
            first = min(max(min(moves) + _DAY, first), today)
        found, members = [], segment.member_count
        for back in range((today - first).days + 1):
            day = today - _DAY * back
            entered, left = moves.get(day, (0, 0))
            found.append(Size(day, members, entered, left))
            members -= entered - left
        return History(name, whole, found[::-1])
