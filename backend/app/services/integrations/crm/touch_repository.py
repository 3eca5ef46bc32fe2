"""People's first and last visits that say where they came from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from app.db.session import TenantScope
from app.services.integrations.crm.touch_rules import CLICKS, Touch, touch_of

Which = Literal["first_touch", "last_touch"]

# An order may repeat the ids of the visit that led to it: it is not another visit.
_ENDS = r"""
SELECT a.name, t.which, t.event_time, t.campaign, t.page, t.url, t.clicks
FROM unnest($2::text[], $3::uuid[], $4::timestamptz[]) AS a (name, profile_id, until), LATERAL (
  (SELECT 'first_touch' AS which, {columns} {touches} ORDER BY e.event_time, e.id LIMIT 1)
  UNION ALL
  (SELECT 'last_touch' AS which, {columns} {touches} ORDER BY e.event_time DESC, e.id DESC LIMIT 1)
) AS t
"""
_COLUMNS = """e.event_time,
  CASE WHEN jsonb_typeof(e.context -> 'campaign') = 'object' THEN e.context ->> 'campaign' END AS campaign,
  e.context #>> '{page,url}' AS page,
  e.properties ->> 'url' AS url, ARRAY(SELECT jsonb_object_keys(e.click_ids)) AS clicks"""
_TOUCHES = r"""
FROM cdp_identifiers AS i JOIN cdp_events AS e ON e.tenant_id = $1 AND e.person_key = i.key
WHERE i.tenant_id = $1 AND i.profile_id = a.profile_id AND (a.until IS NULL OR e.event_time <= a.until)
  AND NOT e.is_order AND NOT e.is_refund AND (
    e.context #>> '{campaign,source}' ~ '\S' OR e.context #>> '{campaign,name}' ~ '\S' OR e.click_ids ?| $5::text[]
    OR concat_ws(' ', e.context #>> '{page,url}', e.properties ->> 'url') ~* '[?&]utm_(source|campaign)=[^&#\s]')
"""
_QUERY = _ENDS.replace("{columns}", _COLUMNS).replace("{touches}", _TOUCHES)


@dataclass(frozen=True, slots=True)
class Asked:
    """Under this name: of this person, up to this moment (None: until now)."""

    name: str
    profile_id: UUID
    until: datetime | None


class TouchRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope

    async def ends(self, asked: Sequence[Asked]) -> dict[str, dict[Which, Touch]]:
        """By name; nothing of whoever came without saying from where."""
        driver = await self._scope.driver()
        rows = await driver.fetch(
            _QUERY,
            self._scope.tenant_id,
            [each.name for each in asked],
            [each.profile_id for each in asked],
            [each.until for each in asked],
            list(CLICKS),
        )
        found: dict[str, dict[Which, Touch]] = {}
        for name, which, at, campaign, page, url, clicks in rows:
            said = msgspec.json.decode(campaign) if campaign else None
            found.setdefault(name, {})[which] = touch_of(at, said, (page, url), clicks)
        return found
