from collections.abc import Iterable
from typing import Any
from uuid import UUID

from app.core.ids import uuid7
from app.db.session import TenantScope

_AT_ONCE = 5_000
_NAMED_BESIDE = """
SELECT DISTINCT unnest(ARRAY[a_key, b_key]) FROM cdp_identity_edges
WHERE tenant_id = $1 AND assertion = ANY($2::uuid[])
"""
_ASSERTIONS = """
SELECT assertion FROM cdp_identity_edges WHERE tenant_id = $1 AND a_key = ANY($2::uuid[])
UNION SELECT assertion FROM cdp_identity_edges WHERE tenant_id = $1 AND b_key = ANY($2::uuid[])
"""
_IDS_OF_ACTS = """
UPDATE cdp_identity_edges SET ended = (SELECT coalesce(array_agg(k), '{}') FROM unnest(ended) AS k WHERE k <> ALL($2)),
  founded = (SELECT coalesce(array_agg(k), '{}') FROM unnest(founded) AS k WHERE k <> ALL($2))
WHERE tenant_id = $1 AND ended IS NOT NULL AND (ended && $2::uuid[] OR founded && $2::uuid[])
"""
_EDGES = (
    "WITH gone AS (DELETE FROM cdp_identity_edges WHERE tenant_id = $1 AND assertion = ANY($2::uuid[]) RETURNING 1) "
    "SELECT count(*) FROM gone"
)
_IDENTIFIERS = (
    "WITH gone AS (DELETE FROM cdp_identifiers WHERE tenant_id = $1 AND key = ANY($2::uuid[]) RETURNING 1) "
    "SELECT count(*) FROM gone"
)
_PROFILES = "DELETE FROM cdp_profiles WHERE tenant_id = $1 AND id = ANY($2::uuid[]) RETURNING id"
_LEFT = """
UPDATE cdp_identifiers SET profile_id = key WHERE tenant_id = $1 AND profile_id = ANY($2::uuid[]) RETURNING key
"""
_EVENTS = "SELECT cdp_events_erase($1, $2)"
# What waits in the queue is barred when it is resolved; what stands apart may never be.
_BAR_APART = """
SELECT cdp_events_bar(array_agg(received_at), array_agg(id)) FROM cdp_identity_quarantine WHERE tenant_id = $1
"""
# Who came back while they were being erased: what they did since is resolved anew.
_AGAIN = """
INSERT INTO cdp_identity_queue (tenant_id, id, received_at, event_ids)
SELECT $1, $3, array_agg(e.received_at), array_agg(e.id) FROM cdp_events AS e
WHERE e.tenant_id = $1 AND e.person_key = ANY($2::uuid[]) AND NOT EXISTS (
  SELECT FROM cdp_identity_queue AS q WHERE q.tenant_id = $1 AND e.id = ANY(q.event_ids))
    AND NOT EXISTS (SELECT FROM cdp_identity_quarantine AS a WHERE a.tenant_id = $1 AND a.id = e.id)
HAVING count(*) > 0
"""
_STOOD_APART = """
DELETE FROM cdp_identity_quarantine AS a WHERE tenant_id = $1 AND NOT EXISTS (
  SELECT FROM cdp_events AS e WHERE e.tenant_id = $1 AND e.received_at = a.received_at AND e.id = a.id)
"""


class ErasingRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope

    async def _fetch(self, sql: str, *values: Any) -> list[Any]:
        found: list[Any] = await (await self._scope.driver()).fetch(sql, self._scope.tenant_id, *values)
        return found

    async def edges(self, keys: Iterable[UUID]) -> tuple[int, set[UUID]]:
        """Every assertion that names one of these goes, and their ids in what acts have kept.

        How many links that was, and who else they named.
        """
        wanted = list(keys)
        assertions = [row[0] for row in await self._fetch(_ASSERTIONS, wanted)]
        beside = {row[0] for row in await self._fetch(_NAMED_BESIDE, assertions)} - set(wanted)
        links = int((await self._fetch(_EDGES, assertions))[0][0])
        await self._fetch(_IDS_OF_ACTS, wanted)
        return links, beside

    async def identifiers(self, keys: Iterable[UUID]) -> int:
        return int((await self._fetch(_IDENTIFIERS, list(keys)))[0][0])

    async def profiles(self, ids: Iterable[UUID]) -> list[UUID]:
        return [row[0] for row in await self._fetch(_PROFILES, list(ids))]

    async def set_free(self, profile_ids: Iterable[UUID]) -> set[UUID]:
        """What still belongs to these profiles belongs to itself."""
        return {row[0] for row in await self._fetch(_LEFT, list(profile_ids))}

    async def events(self, request_id: UUID) -> int:
        driver = await self._scope.driver()
        erased = 0
        while bite := int(await driver.fetchval(_EVENTS, request_id, _AT_ONCE)):
            erased += bite
        erased += int(await driver.fetchval(_BAR_APART, self._scope.tenant_id))
        await driver.execute(_STOOD_APART, self._scope.tenant_id)
        return erased

    async def resolve_again(self, keys: Iterable[UUID]) -> None:
        await (await self._scope.driver()).execute(_AGAIN, self._scope.tenant_id, list(keys), uuid7())
