from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text

from app.db.session import TenantScope

Kinds = Sequence[tuple[UUID | None, str, str, int, datetime, datetime]]

_TRY_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))"
_TAKE = """
DELETE FROM cdp_event_arrivals WHERE tenant_id = $1 AND id IN (
  SELECT id FROM cdp_event_arrivals WHERE tenant_id = $1 ORDER BY id LIMIT $2
) RETURNING said::text, received_at, event_ids, queued_at
"""
_decode_said = msgspec.json.Decoder(list[tuple[UUID | None, str, str, int, datetime, datetime]]).decode


@dataclass(frozen=True, slots=True)
class Arrival:
    """What one write stored: of each source, type and name how many events, received when; and a sample of them."""

    kinds: Kinds
    sampled: Sequence[tuple[datetime, UUID]]

    @property
    def events(self) -> int:
        return sum(count for _, _, _, count, _, _ in self.kinds)

    @property
    def since(self) -> datetime:
        return min(first for *_, first, _ in self.kinds)

    @property
    def until(self) -> datetime:
        return max(last for *_, last in self.kinds)

    def payload(self) -> dict[str, Any]:
        """As JSON, for a task."""
        return {"kinds": msgspec.to_builtins(self.kinds), "sampled": msgspec.to_builtins(self.sampled)}

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> "Arrival":
        return msgspec.convert(payload, cls)


@dataclass(frozen=True, slots=True)
class Taken:
    """Writes, and since when the first of them waited."""

    arrivals: Sequence[Arrival]
    since: datetime | None


class ArrivalRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope

    async def try_lock(self) -> bool:
        """Whether this is the tenant's turn; held to the end of the transaction."""
        driver = await self._scope.driver()
        return bool(await driver.fetchval(_TRY_LOCK, self._scope.key("cdp.arrivals")))

    async def take(self, most: int) -> Taken:
        """The oldest that wait; they wait again if this transaction fails."""
        rows = await (await self._scope.driver()).fetch(_TAKE, self._scope.tenant_id, most)
        found = [Arrival(_decode_said(row[0]), list(zip(row[1], row[2], strict=True))) for row in rows]
        return Taken(found, min((row[3] for row in rows), default=None))


async def tenants_waiting(session: Any, since: datetime) -> list[int]:
    """Where something has waited since before `since`; the maintenance role's."""
    return list(await session.scalars(text("SELECT cdp_arrivals_waiting(:since)"), {"since": since}))
