"""Memberships follow the feed of changed profiles, and time.

Only who changed is evaluated, and only for the segments that read what changed of them. A turn is one transaction:
what it read of the feed, whom it moved and how far it has come are committed together, so who dies half-way leaves
nothing behind, and the next one begins where it began.

A segment whose evaluation fails stops no other: the turn is taken again with each segment by itself, and the one that
fails is computed whole instead, beside the following, where its failure is a task's and seen as such.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from app.core.clock import real_now
from app.core.logging import get_logger
from app.core.metrics import CDP_SEGMENT_EVALUATIONS, CDP_SEGMENT_FAILURES, CDP_SEGMENT_TRANSITIONS
from app.db.platform import Platform
from app.db.session import Scopes, TenantScope, is_passing, is_too_slow
from app.models.cdp.segments import CdpSegment, CdpSegmentCursor
from app.services.cdp.feed.service import FeedRow, until_done
from app.services.cdp.segments.membership_repository import MembershipRepository, Moved, tenants_waiting
from app.services.cdp.segments.questions import question_of, reads_of
from app.services.cdp.segments.standing_repository import Standing

log = get_logger(__name__)

_AT_ONCE = 5_000
_TELLS_AT_MOST_EVERY = timedelta(seconds=1)


class Following:
    """Works through what one tenant's segments have to follow."""

    def __init__(self, scopes: Scopes, *, at_once: int = _AT_ONCE) -> None:
        self._scopes = scopes
        self._at_once = at_once

    async def drain(self) -> int:
        """Follow until there is nothing left, or another is at work; how many profiles it evaluated."""
        return await until_done(self.turn)

    async def turn(self) -> int:
        """One set of changes, and of whom time has moved; 0 where there is none, or another has the turn."""
        try:
            return await self._turn()
        except Exception as error:
            if is_passing(error) and not is_too_slow(error):
                raise
            log.warning("cdp.segments.follow_each_alone", error=type(error).__name__)
            return await self._turn(alone=True)

    async def _turn(self, *, alone: bool = False) -> int:
        """`alone`: whoever fails fails alone."""
        async with self._scopes() as scope:
            members = MembershipRepository(scope)
            if not await members.try_lock():
                return 0
            await scope.prefer_indexes()
            cursor = await members.cursor()
            if cursor is None:
                return 0
            feed = await members.changes(cursor.seq, self._at_once)
            segments = await members.evaluating()
            if alone:
                segments = [each for each in segments if await _can_be_asked(scope, members, each)]
            now = scope.now()
            due = await members.due(now, self._at_once)
            touched = await touched_by(members, segments, feed)
            await Standing(scope).succeed(feed, now, but=[each.id for each in segments])
            evaluated = await self._evaluate(scope, members, segments, touched, due, alone=alone)
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
        *,
        alone: bool,
    ) -> int:
        now, evaluated = scope.now(), 0
        for segment in segments:
            whom = dict.fromkeys(due.get(segment.id, ()), "time") | dict(touched.get(segment.id, {}))
            if not whom:
                continue
            evaluated += len(whom)
            if alone:
                await _follow_alone(scope, members, segment, whom)
            else:
                count(await members.follow(segment, question_of(segment), whom, now))
        for segment_id in due.keys() - {segment.id for segment in segments}:
            await members.forget_timers(segment_id)
        CDP_SEGMENT_EVALUATIONS.labels("followed").inc(evaluated)
        return evaluated


async def _can_be_asked(scope: TenantScope, members: MembershipRepository, segment: CdpSegment) -> bool:
    """Whether what is stored of it is a question at all; one that is none is computed whole, and fails by itself."""
    try:
        reads_of(segment)
        question_of(segment)
    except Exception as error:  # noqa: BLE001  (whatever it is: the others are followed)
        await _compute_instead(scope, members, segment.id, error)
        return False
    return True


async def _follow_alone(
    scope: TenantScope, members: MembershipRepository, segment: CdpSegment, whom: Mapping[UUID, str]
) -> None:
    segment_id = segment.id
    try:
        async with scope.session.begin_nested():
            count(await members.follow(segment, question_of(segment), whom, scope.now()))
    except Exception as error:
        if is_passing(error) and not is_too_slow(error):
            raise
        await _compute_instead(scope, members, segment_id, error)


async def _compute_instead(
    scope: TenantScope, members: MembershipRepository, segment_id: UUID, error: Exception
) -> None:
    """It follows no more until it has been computed whole."""
    log.error("cdp.segments.follow_failed", segment_id=str(segment_id), exc_info=error)
    CDP_SEGMENT_FAILURES.inc()
    await members.distrust(segment_id)
    await scope.enqueue("cdp.segments.recompute", {"segment_id": str(segment_id)}, queue="cdp")


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
    if now - _TELLS_AT_MOST_EVERY < cursor.announced_at <= now:
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
    await platform.for_each(waiting, lambda scopes: Following(scopes).drain())
