"""Memberships follow the feed of changed profiles, and time.

Only who changed is evaluated, and only for the segments that read what changed of them. A turn is one transaction:
what it read of the feed, whom it moved and how far it has come are committed together, so who dies half-way leaves
nothing behind, and the next one begins where it began.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from app.core.clock import real_now
from app.core.metrics import CDP_SEGMENT_EVALUATIONS, CDP_SEGMENT_TRANSITIONS
from app.db.platform import Platform
from app.db.session import Scopes, TenantScope, scopes_for
from app.models.cdp.segments import CdpSegment, CdpSegmentCursor
from app.services.cdp.feed.service import FeedRow, until_done
from app.services.cdp.segments.membership_repository import MembershipRepository, Moved, tenants_waiting
from app.services.cdp.segments.questions import question_of, reads_of
from app.services.cdp.segments.standing_repository import Standing

_AT_ONCE = 5_000
_TELLS_AT_MOST_EVERY = timedelta(seconds=1)


class Following:
    """Works through what one tenant's segments have to follow."""

    def __init__(self, scopes: Scopes, *, at_once: int = _AT_ONCE) -> None:
        self._scopes = scopes
        self._at_once = at_once

    async def drain(self) -> int:
        """Follow until there is nothing left, or another is at work; how many profiles it evaluated."""
        return await until_done(self._turn)

    async def _turn(self) -> int:
        """One set of changes; 0 where there is none, or another has the turn."""
        async with self._scopes() as scope:
            members = MembershipRepository(scope)
            if not await members.try_lock():
                return 0
            cursor = await members.cursor()
            if cursor is None:
                return 0
            feed = await members.changes(cursor.seq, self._at_once)
            segments = await members.evaluating()
            now = scope.now()
            due = await members.due(now, self._at_once)
            touched = await touched_by(members, segments, feed)
            await Standing(scope).succeed(feed, now)
            evaluated = await self._evaluate(scope, members, segments, touched, due)
            if feed:
                cursor.seq = feed[-1].seq
            await tell(scope, members, cursor)
            return max(evaluated, len(feed), len(due))

    @staticmethod
    async def _evaluate(
        scope: TenantScope,
        members: MembershipRepository,
        segments: Sequence[CdpSegment],
        touched: Mapping[UUID, Mapping[UUID, str]],
        due: Mapping[UUID, Sequence[UUID]],
    ) -> int:
        now, evaluated = scope.now(), 0
        for segment in segments:
            whom = dict.fromkeys(due.get(segment.id, ()), "time") | dict(touched.get(segment.id, {}))
            if whom:
                count(await members.follow(segment, question_of(segment), whom, now))
                evaluated += len(whom)
        for segment_id in due.keys() - {segment.id for segment in segments}:
            await members.forget_timers(segment_id)
        CDP_SEGMENT_EVALUATIONS.labels("followed").inc(evaluated)
        return evaluated


async def touched_by(
    members: MembershipRepository, segments: Sequence[CdpSegment], feed: Sequence[FeedRow]
) -> dict[UUID, dict[UUID, str]]:
    """For each segment whom to evaluate and why: who changed in what it reads, and who is new where that matters."""
    asked = [(segment.id, reads_of(segment)) for segment in segments]
    new = await members.new_among(feed) if any(reads.absence for _, reads in asked) else frozenset()
    touched: dict[UUID, dict[UUID, str]] = {}
    for row in feed:
        for segment_id, reads in asked:
            if reads.concerns(row.reason, row.event_names, row.traits):
                touched.setdefault(segment_id, {}).update(dict.fromkeys(row.profile_ids, row.reason))
            elif reads.absence and (whom := new.intersection(row.profile_ids)):
                touched.setdefault(segment_id, {}).update(dict.fromkeys(whom, row.reason))
    return touched


def count(moved: Moved) -> None:
    CDP_SEGMENT_TRANSITIONS.labels("entered").inc(moved.entered)
    CDP_SEGMENT_TRANSITIONS.labels("left").inc(moved.left)


async def tell(scope: TenantScope, members: MembershipRepository, cursor: CdpSegmentCursor) -> None:
    """Tell live views of counts that changed, once a second at most; what is untold then is told by a later turn."""
    now = real_now()
    if cursor.announced_at > now - _TELLS_AT_MOST_EVERY:
        return
    untold = await members.untold()
    if not untold:
        return
    await scope.announce(
        "segment_counts",
        {"segments": [{"id": str(each.id), "member_count": each.member_count} for each in untold]},
    )
    for segment in untold:
        segment.announced_count = segment.member_count
    cursor.announced_at = now


async def follow_stragglers(platform: Platform) -> None:
    """Follow what nobody follows: windows that time has moved, and what a worker's death left behind."""
    await platform.clock.sync()
    async with platform.maintenance() as session:
        waiting = await tenants_waiting(session, platform.clock.now())
    for tenant_id in waiting:
        await Following(scopes_for(platform.engine, tenant_id, clock=platform.clock)).drain()
