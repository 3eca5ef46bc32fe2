from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from app.db.session import TenantScope

_BURY = """
INSERT INTO cdp_tombstones AS old (tenant_id, key, before, request_id)
SELECT $1, key, $2, $3 FROM unnest($4::uuid[]) AS new (key) ORDER BY key
ON CONFLICT (tenant_id, key) DO UPDATE SET before = greatest(old.before, excluded.before),
  request_id = excluded.request_id
"""
_OF = "SELECT key, before FROM cdp_tombstones WHERE tenant_id = $1 AND key = ANY($2::uuid[])"
# Somebody who came back since was seen first behind it.
_BARRED = """
SELECT t.key, t.request_id FROM cdp_tombstones AS t WHERE t.tenant_id = $1 AND t.key = ANY($2::uuid[])
  AND NOT EXISTS (SELECT FROM cdp_identifiers AS i
    WHERE i.tenant_id = t.tenant_id AND i.key = t.key AND i.first_seen_at >= t.before)
"""


class TombstoneRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope

    async def bury(self, keys: Iterable[UUID], before: datetime, request_id: UUID) -> None:
        driver = await self._scope.driver()
        await driver.execute(_BURY, self._scope.tenant_id, before, request_id, list(keys))

    async def of(self, keys: Iterable[UUID]) -> dict[UUID, datetime]:
        driver = await self._scope.driver()
        rows = await driver.fetch(_OF, self._scope.tenant_id, list(keys))
        return {row[0]: row[1] for row in rows}

    async def barred(self, keys: Iterable[UUID]) -> dict[UUID, UUID]:
        driver = await self._scope.driver()
        rows = await driver.fetch(_BARRED, self._scope.tenant_id, list(keys))
        return {row[0]: row[1] for row in rows}
