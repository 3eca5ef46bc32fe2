"""Events that wait to be resolved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from app.core.ids import uuid7
from app.services.cdp.identity.driving_repository import TenantStatements
from app.services.cdp.identity.reading import StoredEvent

_TAKE = """
WITH next AS (
  SELECT id, received_at, event_ids, sum(cardinality(event_ids)) OVER (ORDER BY id) - cardinality(event_ids) AS before
  FROM (SELECT * FROM cdp_identity_queue WHERE tenant_id = $1 ORDER BY id LIMIT 1000) AS oldest
)
DELETE FROM cdp_identity_queue AS queue USING next
WHERE queue.tenant_id = $1 AND queue.id = next.id AND next.before < $2
RETURNING queue.id, queue.queued_at, next.received_at, next.event_ids
"""
_PUT_BACK = """
INSERT INTO cdp_identity_queue (tenant_id, id, queued_at, received_at, event_ids)
VALUES ($1, $2, $3, $4, $5)
"""
_WAITING = "SELECT EXISTS (SELECT FROM cdp_identity_queue WHERE tenant_id = $1)"

# Each event by its key, whatever the planner may think of the table's size. An erased person's past is not resolved,
# even where it was being written while they were erased.
_EVENTS = """
SELECT e.id, e.received_at, e.message_id, e.source_id, e.event_type, e.event_name, e.event_time, e.person_key,
  e.anonymous_id, e.user_id_hash, e.email_hash, e.phone_hash, e.context #>> '{device,id}', e.identifiers,
  CASE WHEN e.event_type = 'identify' THEN e.properties::text END, e.value_micros, e.currency, e.is_order,
  e.is_refund, e.click_ids::text
FROM unnest($2::timestamptz[], $3::uuid[]) AS queued (received_at, id)
CROSS JOIN LATERAL (SELECT * FROM cdp_events WHERE tenant_id = $1 AND received_at = queued.received_at
  AND id = queued.id AND received_at BETWEEN $4 AND $5 OFFSET 0) AS e
WHERE NOT EXISTS (SELECT FROM cdp_tombstones WHERE tenant_id = $1) OR NOT EXISTS (
  SELECT FROM cdp_tombstones AS t WHERE t.tenant_id = $1 AND t.before > e.event_time AND t.key = ANY(ARRAY[e.person_key,
    encode(substr(e.user_id_hash, 1, 16), 'hex')::uuid, encode(substr(e.email_hash, 1, 16), 'hex')::uuid,
    encode(substr(e.phone_hash, 1, 16), 'hex')::uuid]))
"""
_BAR = "SELECT cdp_events_bar($1, $2)"


@dataclass(frozen=True, slots=True)
class Taken:
    """Events by the time of their receipt and their id, and since when the first of them waited."""

    keys: list[tuple[datetime, UUID]]
    since: datetime | None


class Queue(TenantStatements):
    """One tenant's events that wait, oldest first."""

    async def take(self, most: int, *, exactly: bool = False) -> Taken:
        """The next events to resolve, whose rows of the queue go: about `most`, or no more than that."""
        keys: list[tuple[datetime, UUID]] = []
        rows = sorted(await self._fetch(_TAKE, most), key=lambda row: row[0])
        for name, queued_at, received, ids in rows:
            room = most - len(keys) if exactly else len(ids)
            keys += zip(received[:room], ids[:room], strict=True)
            if room < len(ids):
                await self._write(_PUT_BACK, name, queued_at, received[room:], ids[room:])
        return Taken(keys, min((row[1] for row in rows), default=None))

    async def withdraw(self, received_at: datetime, event_id: UUID) -> bool:
        """Take this one out, if it is the next; whether it was."""
        taken = await self.take(1, exactly=True)
        if taken.keys == [(received_at, event_id)]:
            return True
        for at, name in taken.keys:
            await self._write(_PUT_BACK, uuid7(), taken.since, [at], [name])
        return False

    async def is_waiting(self) -> bool:
        return bool((await self._fetch(_WAITING))[0][0])

    async def events(self, keys: Sequence[tuple[datetime, UUID]]) -> list[StoredEvent]:
        """Those of them that count; what is of an erased person's past goes."""
        received, ids = [at for at, _ in keys], [event_id for _, event_id in keys]
        rows = await self._fetch(_EVENTS, received, ids, min(received), max(received))
        if len(rows) < len(keys):
            await (await self._scope.driver()).execute(_BAR, received, ids)
        return list(map(StoredEvent._make, rows))


async def tenants_waiting(session: Any, since: datetime) -> list[int]:
    """Which tenants have events that have waited since before `since`; the maintenance role's."""
    return list(await session.scalars(text("SELECT cdp_identity_waiting(:since)"), {"since": since}))
