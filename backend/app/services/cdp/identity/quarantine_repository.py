"""Events that could not be resolved."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, tuple_

from app.core.ids import uuid7
from app.db.session import TenantScope
from app.db.utils import decode_cursor, encode_cursor
from app.models.cdp.events import CdpEvent
from app.models.cdp.identity import CdpIdentityQuarantined
from app.services.cdp.identity.driving_repository import TenantStatements

_SET_ASIDE = """
INSERT INTO cdp_identity_quarantine (tenant_id, quarantined_at, received_at, id, code, reason, person_key)
VALUES ($1, $2, $3, $4, $5, $6, (
  SELECT person_key FROM cdp_events WHERE tenant_id = $1 AND received_at = $3 AND id = $4))
ON CONFLICT (tenant_id, id) DO UPDATE
SET quarantined_at = excluded.quarantined_at, code = excluded.code, reason = excluded.reason
"""
_BACK = """
WITH back AS (
  DELETE FROM cdp_identity_quarantine WHERE tenant_id = $1 AND id IN (
    SELECT id FROM cdp_identity_quarantine WHERE tenant_id = $1 AND ($2::uuid[] IS NULL OR id = ANY($2))
    ORDER BY quarantined_at, id LIMIT $3)
  RETURNING received_at, id
)
INSERT INTO cdp_identity_queue (tenant_id, id, received_at, event_ids)
SELECT $1, $4, array_agg(received_at ORDER BY id), array_agg(id ORDER BY id) FROM back HAVING count(*) > 0
RETURNING cardinality(event_ids)
"""
_WHOSE = """
SELECT i.profile_id, e.event_name FROM cdp_events AS e JOIN cdp_identifiers AS i
  ON i.tenant_id = $1 AND i.key = e.person_key
WHERE e.tenant_id = $1 AND e.received_at = $2 AND e.id = $3
"""
_ANCHORED = """
SELECT apart.person_key, array_agg(DISTINCT e.event_name) FROM cdp_identity_quarantine AS apart
CROSS JOIN LATERAL (SELECT event_name FROM cdp_events
  WHERE tenant_id = $1 AND received_at = apart.received_at AND id = apart.id OFFSET 0) AS e
WHERE apart.tenant_id = $1 AND apart.person_key = ANY($2::uuid[]) GROUP BY apart.person_key
"""
_AT_ONCE = 5_000
COUNTED_TO = 10_000


class QuarantineRepository(TenantStatements):
    """One tenant's events that stand apart. An event is in the queue, or here, or resolved: one of the three."""

    def __init__(self, scope: TenantScope) -> None:
        super().__init__(scope)
        self._session = scope.session

    async def set_aside(
        self, received_at: datetime, event_id: UUID, at: datetime, code: str, reason: str
    ) -> None:
        await self._write(_SET_ASIDE, at, received_at, event_id, code, reason)

    async def whose(self, received_at: datetime, event_id: UUID) -> tuple[UUID, str] | None:
        """The profile that the event is anchored to, where there is one, and the event's name."""
        rows = await self._fetch(_WHOSE, received_at, event_id)
        return (rows[0][0], rows[0][1]) if rows else None

    async def anchored(self, keys: Sequence[UUID]) -> dict[UUID, set[str]]:
        """By identifier the names of the events that stand apart and are anchored to it."""
        return {row[0]: set(row[1]) for row in await self._fetch(_ANCHORED, keys)}

    async def back(self, event_ids: Sequence[UUID] | None) -> int:
        """Let these, or all, wait to be resolved again; how many that is."""
        total = 0
        while True:
            wanted = None if event_ids is None else list(event_ids)
            rows = await self._fetch(_BACK, wanted, _AT_ONCE, uuid7())
            total += (found := int(rows[0][0]) if rows else 0)
            if found < _AT_ONCE:
                return total

    async def newest(self, *, cursor: str | None, limit: int) -> tuple[Sequence[Any], str | None]:
        """The last set aside first. Of an event that is stored no more there is nothing to show."""
        apart, event = CdpIdentityQuarantined, CdpEvent
        statement = (
            select(
                apart.id,
                event.message_id,
                event.event_type,
                event.event_name,
                event.source_id,
                event.event_time,
                apart.received_at,
                apart.quarantined_at,
                apart.code,
                apart.reason,
            )
            .join(
                event,
                (event.tenant_id == apart.tenant_id)
                & (event.received_at == apart.received_at)
                & (event.id == apart.id),
            )
            .where(apart.tenant_id == self._scope.tenant_id)
            .order_by(apart.quarantined_at.desc(), apart.id.desc())
            .limit(limit + 1)
        )
        if cursor:
            statement = statement.where(
                tuple_(apart.quarantined_at, apart.id) < tuple_(*decode_cursor(cursor))
            )
        found = (await self._session.execute(statement)).all()
        if len(found) <= limit:
            return found, None
        last = found[limit - 1]
        return found[:limit], encode_cursor(last[7], last[0])

    async def count(self) -> int:
        """How many stand apart; counting ends at ten thousand."""
        few = select(CdpIdentityQuarantined.id).limit(COUNTED_TO).subquery()
        return await self._session.scalar(select(func.count()).select_from(few)) or 0

    async def oldest(self) -> datetime | None:
        """When the first of them was set aside."""
        found: datetime | None = await self._session.scalar(
            select(func.min(CdpIdentityQuarantined.quarantined_at))
        )
        return found
