"""A whole membership, computed anew beside the following of changes.

The reading of all events holds no lock. What the feed tells meanwhile, and what time moved, is evaluated by itself at
the end, under the lock: so nobody is moved by an answer that is older than their membership.
"""

from datetime import datetime, timedelta
from uuid import UUID

from app.core.metrics import CDP_SEGMENT_EVALUATIONS
from app.db.session import Scopes, TenantScope
from app.models.cdp.segments import CdpSegment
from app.services.cdp.segments.following import count, tell, touched_by
from app.services.cdp.segments.membership_repository import MembershipRepository
from app.services.cdp.segments.questions import question_of
from app.services.cdp.segments.repository import SegmentRepository

PATIENCE = timedelta(minutes=10)


class Recomputation:
    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes

    async def run(self, segment_id: UUID, as_of: datetime | None = None) -> None:
        """Compute who is in; of a segment that stands still for a day, `as_of` its time.

        Nothing happens to a segment that is gone, switched off, changed, or computed for a later time meanwhile.
        """
        async with self._scopes() as scope:
            segment = await SegmentRepository(scope).for_update(segment_id)
            if segment is None or not segment.live or segment.archived_at is not None:
                return
            segment.computing_since = scope.now()
            version = segment.version
        async with self._scopes() as scope:
            await self._compute(scope, segment_id, version, as_of)

    @staticmethod
    async def _compute(scope: TenantScope, segment_id: UUID, version: int, as_of: datetime | None) -> None:
        members, segments = MembershipRepository(scope), SegmentRepository(scope)
        segment = await segments.one(segment_id)
        if segment is None or segment.version != version:
            return
        await members.be_patient(PATIENCE)
        seen = await members.head()
        question = question_of(segment)
        moment, stood = _moment(segment, as_of, scope.now()), segment.as_of
        await members.compute(question, moment)
        await members.lock()
        segment = await segments.for_update(segment_id)
        if (
            segment is None
            or segment.version != version
            or not segment.live
            or segment.archived_at is not None
        ):
            return
        now, stands = scope.now(), segment.daily_at is not None
        # Who asks for now is answered, also where the clock has gone back behind the time that it stood at.
        rivals = as_of is not None or segment.as_of != stood
        if stands and rivals and segment.as_of is not None and segment.as_of > moment:
            segment.computing_since = None
            return
        since = (await touched_by(members, [segment], await members.changes(seen))).get(segment_id, {})
        if not stands:
            since |= {each: since.get(each, "time") for each in await members.overtaken(now)}
        reason = "recompute" if as_of is None else "schedule"
        count(await members.settle(segment, now, but=list(since), reason=reason))
        if since:
            as_of_then = moment if stands else None
            count(await members.follow(segment, question, since, now, as_of=as_of_then))
        if stands:
            await members.forget_timers(segment_id)
        segment.as_of = moment if stands else None
        _done(segment, scope)
        CDP_SEGMENT_EVALUATIONS.labels("recomputed").inc()
        cursor = await members.cursor()
        if cursor is not None:
            await tell(scope, members, cursor)
        await scope.enqueue("cdp.segments.follow", {}, queue="cdp", unless_pending=True)


def _moment(segment: CdpSegment, as_of: datetime | None, now: datetime) -> datetime:
    return now if as_of is None or segment.daily_at is None else as_of


def _done(segment: CdpSegment, scope: TenantScope) -> None:
    segment.computed_version, segment.computed_at = segment.version, scope.now()
    segment.computing_since = None
