"""Memberships that stand still: nobody comes or goes, but nobody may stay who is no profile any more."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.db.session import TenantScope
from app.services.cdp.feed.service import FeedRow

# Whose profile was merged into another is in under that one's name; whose was erased is not in any more.
_SUCCEED = """
WITH gone AS (
  DELETE FROM cdp_segment_members AS m USING cdp_segments AS s
  WHERE m.tenant_id = $1 AND m.profile_id = ANY($2::uuid[]) AND s.tenant_id = $1 AND s.id = m.segment_id
    AND (s.daily_at IS NOT NULL OR NOT s.live) AND s.id <> ALL($4::uuid[])
    AND NOT EXISTS (SELECT FROM cdp_profiles AS p WHERE p.tenant_id = $1 AND p.id = m.profile_id)
  RETURNING m.segment_id, m.profile_id, m.entered_at),
heirs AS (
  INSERT INTO cdp_segment_members (tenant_id, segment_id, profile_id, entered_at)
  SELECT $1, g.segment_id, i.profile_id, min(g.entered_at)
  FROM gone AS g
  JOIN cdp_identifiers AS i ON i.tenant_id = $1 AND i.key = g.profile_id
  JOIN cdp_profiles AS p ON p.tenant_id = $1 AND p.id = i.profile_id
  GROUP BY g.segment_id, i.profile_id
  ON CONFLICT DO NOTHING
  RETURNING segment_id, profile_id),
moved AS (
  SELECT segment_id, profile_id, false AS entered, 'ended' AS reason FROM gone
  UNION ALL SELECT segment_id, profile_id, true, 'graph' FROM heirs),
logged AS (
  INSERT INTO cdp_segment_transitions (tenant_id, segment_id, version, profile_id, entered, reason, at)
  SELECT $1, m.segment_id, s.version, m.profile_id, m.entered, m.reason, $3::timestamptz
  FROM moved AS m JOIN cdp_segments AS s ON s.tenant_id = $1 AND s.id = m.segment_id)
UPDATE cdp_segments AS s SET member_count = s.member_count + n.difference
FROM (
  SELECT segment_id, sum(CASE WHEN entered THEN 1 ELSE -1 END) AS difference FROM moved GROUP BY segment_id) AS n
WHERE s.tenant_id = $1 AND s.id = n.segment_id
"""


class Standing:
    """Of segments that are switched off, or computed once a day."""

    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope

    async def succeed(self, feed: Sequence[FeedRow], now: datetime, *, but: Sequence[UUID]) -> None:
        """Under the tenant's lock: have those who are no profile any more leave, or be who they are now.

        `but` not of these, which this turn follows: one that is switched off meanwhile stands still from the next on.
        """
        changed = {each for row in feed if row.reason != "events" for each in row.profile_ids}
        if changed:
            driver = await self._scope.driver()
            await driver.execute(_SUCCEED, self._scope.tenant_id, list(changed), now, list(but))
