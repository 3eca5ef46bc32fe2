"""The two logs that webhooks are fed from, and the people that they speak of, read by sets."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.db.session import TenantScope
from app.models.cdp.profiles import CdpProfile
from app.models.cdp.segments import CdpSegment
from app.services.cdp.webhooks.rules import ERASED, WHOLE, Birth, ChangeRow, Place, Transition

# One statement, one snapshot: whatever led to a transition in it is in it too.
_HEADS = """
SELECT coalesce((SELECT max(seq) FROM cdp_profile_changes WHERE tenant_id = $1), 0),
  coalesce((SELECT max(seq) FROM cdp_segment_transitions WHERE tenant_id = $1), 0)
"""
_LAST = """
SELECT seq, cardinality(profile_ids) FROM cdp_profile_changes WHERE tenant_id = $1 ORDER BY seq DESC LIMIT 1
"""
_CHANGES = f"""
WITH found AS (
  SELECT seq, at, reason, profile_ids, CASE WHEN seq = $2 THEN $3::integer ELSE 0 END AS told
  FROM cdp_profile_changes
  WHERE tenant_id = $1 AND seq >= $2 AND seq <= $4 AND (seq > $2 OR cardinality(profile_ids) > $3::integer)
    AND ($5::text[] IS NULL OR reason = ANY($5::text[])) AND (seq > $6 OR reason = '{ERASED}')
  ORDER BY seq LIMIT $8::integer),
counted AS (
  SELECT *, sum(greatest(cardinality(profile_ids) - told, 0)) OVER (ORDER BY seq)
    - greatest(cardinality(profile_ids) - told, 0) AS before_it
  FROM found)
SELECT seq, at, reason, told, profile_ids[told + 1 :
  CASE WHEN seq = $4 THEN least(told + $8::integer, $7::integer) ELSE told + $8::integer END]
FROM counted WHERE before_it < $8::integer ORDER BY seq
"""  # noqa: S608  (a constant)
# A turn of the resolver writes its rows one behind the other.
_NAMED = """
SELECT DISTINCT unnest(profile_ids) FROM (
  SELECT at, profile_ids FROM cdp_profile_changes WHERE tenant_id = $1 AND seq < $2 ORDER BY seq DESC LIMIT 1000
) AS before WHERE at = $3
"""
_BIRTHS = """
SELECT i.key, i.profile_id, i.created_at, p.created_at FROM cdp_identifiers AS i
LEFT JOIN cdp_profiles AS p ON p.tenant_id = $1 AND p.id = i.key
WHERE i.tenant_id = $1 AND i.key = ANY($2::uuid[])
"""
_TRANSITIONS = """
SELECT seq, at, segment_id, profile_id, entered, reason FROM cdp_segment_transitions
WHERE tenant_id = $1 AND seq > $2 AND seq <= $3 AND entered = ANY($4::boolean[])
  AND ($5::uuid[] IS NULL OR segment_id = ANY($5::uuid[]))
ORDER BY seq LIMIT $6
"""
_IDENTIFIERS = """
SELECT p.id, few.type, few.sealed FROM unnest($2::uuid[]) AS p (id) CROSS JOIN LATERAL (
  SELECT type, sealed FROM cdp_identifiers WHERE tenant_id = $1 AND profile_id = p.id
  ORDER BY first_seen_at, key LIMIT $3) AS few
"""
_ALIASES = """
SELECT p.id, array_agg(DISTINCT k.key) FROM unnest($2::uuid[]) AS p (id)
JOIN cdp_privacy_requests AS r ON r.tenant_id = $1 AND r.kind = 'erasure' AND r.subject_keys && ARRAY[p.id]
CROSS JOIN unnest(r.subject_keys) AS k (key) WHERE k.key <> p.id GROUP BY p.id
"""
_WAITING = """
SELECT (SELECT min(at) FROM (SELECT at FROM cdp_profile_changes WHERE tenant_id = $1 AND seq >= $2
    AND (seq > $2 OR cardinality(profile_ids) > $3) ORDER BY seq LIMIT 1) AS c),
  (SELECT min(at) FROM (SELECT at FROM cdp_segment_transitions WHERE tenant_id = $1 AND seq > $4
    ORDER BY seq LIMIT 1) AS t),
  (SELECT coalesce(sum(cardinality(profile_ids) - CASE WHEN seq = $2 THEN $3 ELSE 0 END), 0) FROM (
    SELECT seq, profile_ids FROM cdp_profile_changes WHERE tenant_id = $1 AND seq >= $2
      AND (seq > $2 OR cardinality(profile_ids) > $3) ORDER BY seq LIMIT $5) AS c),
  (SELECT count(*) FROM (SELECT FROM cdp_segment_transitions WHERE tenant_id = $1 AND seq > $4 LIMIT $5) AS t)
"""
_MOST_WAITING = 10_000
MOST_IDENTIFIERS = 50
"""Of one person in a message; how many there are stands beside them."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a webhook's logs hold that it was not told of, whether it concerns it or not; `count` stops at 10,000."""

    since: datetime | None
    count: int
    is_more: bool


class FeedRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._session = scope.session
        self._tenant_id = scope.tenant_id

    async def _fetch(self, sql: str, *values: Any) -> list[Any]:
        found: list[Any] = await (await self._scope.driver()).fetch(sql, self._tenant_id, *values)
        return found

    async def heads(self) -> Place:
        """The end of both logs."""
        [(change, transition)] = await self._fetch(_HEADS)
        return Place(change, WHOLE, transition)

    async def last_change(self) -> Place:
        """The end of the feed of changes, and no end of the other log."""
        rows = await self._fetch(_LAST)
        return Place(rows[0][0], rows[0][1], 0) if rows else Place(0, 0, 0)

    async def changes(
        self, begin: Place, end: Place, *, reasons: Sequence[str] | None, skip_to: int, most: int
    ) -> list[ChangeRow]:
        """About `most` ids behind `begin`, up to `end`; of rows up to `skip_to` only what tells of erasures."""
        rows = await self._fetch(
            _CHANGES, begin.change_seq, begin.change_offset, end.change_seq, reasons, skip_to,
            end.change_offset, most,
        )  # fmt: skip
        return [ChangeRow(*row) for row in rows]

    async def named_before(self, row: ChangeRow) -> set[UUID]:
        """Whom the rows before it named that were written in the same moment."""
        return {found[0] for found in await self._fetch(_NAMED, row.seq, row.at)}

    async def births(self, profile_ids: Iterable[UUID]) -> dict[UUID, Birth]:
        rows = await self._fetch(_BIRTHS, list(set(profile_ids)))
        return {row[0]: Birth(row[1], row[2], row[3]) for row in rows}

    async def transitions(
        self,
        begin: Place,
        end: Place,
        *,
        directions: Sequence[bool],
        segment_ids: Sequence[UUID] | None,
        most: int,
    ) -> list[Transition]:
        rows = await self._fetch(
            _TRANSITIONS, begin.transition_seq, end.transition_seq, list(directions), segment_ids, most
        )
        return [Transition(*row) for row in rows]

    async def profiles(self, profile_ids: Collection[UUID]) -> dict[UUID, CdpProfile]:
        statement = select(CdpProfile).where(
            CdpProfile.tenant_id == self._tenant_id, CdpProfile.id.in_(profile_ids)
        )
        return {each.id: each for each in await self._session.scalars(statement)}

    async def identifiers(self, profile_ids: Collection[UUID]) -> dict[UUID, list[tuple[str, bytes | None]]]:
        """The first ones of each person: type and sealed value."""
        found: dict[UUID, list[tuple[str, bytes | None]]] = {}
        for profile_id, kind, sealed in await self._fetch(_IDENTIFIERS, list(profile_ids), MOST_IDENTIFIERS):
            found.setdefault(profile_id, []).append((kind, sealed))
        return found

    async def aliases(self, profile_ids: Collection[UUID]) -> dict[UUID, list[UUID]]:
        """The other ids that erased people may have been known by."""
        return {row[0]: row[1] for row in await self._fetch(_ALIASES, list(profile_ids))}

    async def segment_names(self, segment_ids: Collection[UUID]) -> dict[UUID, str]:
        statement = select(CdpSegment.id, CdpSegment.name).where(
            CdpSegment.tenant_id == self._tenant_id, CdpSegment.id.in_(segment_ids)
        )
        return {row[0]: row[1] for row in await self._session.execute(statement)}

    async def live_segments(self, segment_ids: Collection[UUID]) -> set[UUID]:
        statement = select(CdpSegment.id).where(
            CdpSegment.tenant_id == self._tenant_id,
            CdpSegment.id.in_(segment_ids),
            CdpSegment.archived_at.is_(None),
        )
        return set(await self._session.scalars(statement))

    async def waiting(self, place: Place) -> Waiting:
        [(change_at, moved_at, changes, moves)] = await self._fetch(
            _WAITING, place.change_seq, place.change_offset, place.transition_seq, _MOST_WAITING + 1
        )
        since = min((each for each in (change_at, moved_at) if each is not None), default=None)
        count = int(changes) + int(moves)
        return Waiting(since, min(count, _MOST_WAITING), count > _MOST_WAITING)
