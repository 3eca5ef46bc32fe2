from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import select

from app.db.session import TenantScope
from app.models.cdp.schemas import CdpSourceSchema
from app.services.cdp.schemas.rules import Kind, Shape

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
_COLUMNS = (
    "source_id, event_type, event_name, events, first_at, last_at, days::text, sampled, properties::text, "
    "properties_left_out, recent::text"
)
_KNOWN = f"""
SELECT {_COLUMNS} FROM cdp_source_schemas WHERE tenant_id = $1 AND (source_id, event_type, event_name) IN (
  SELECT * FROM unnest($2::uuid[], $3::text[], $4::text[]))
"""  # noqa: S608  (a constant)
_NAMES = """
SELECT source_id, count(*) FROM cdp_source_schemas WHERE tenant_id = $1 AND source_id = ANY($2::uuid[])
GROUP BY source_id
"""
_MAKE_ROOM = """
DELETE FROM cdp_source_schemas WHERE tenant_id = $1 AND source_id = $2 AND event_name <> '' AND last_at < $3
RETURNING event_name
"""
_SAVE = """
INSERT INTO cdp_source_schemas (tenant_id, source_id, event_type, event_name, events, first_at, last_at, days, sampled,
  properties, properties_left_out, recent)
SELECT $1, source_id, event_type, event_name, events, first_at, last_at, days::jsonb, sampled, properties::jsonb,
  properties_left_out, recent::jsonb
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::timestamptz[], $7::timestamptz[], $8::text[],
  $9::bigint[], $10::text[], $11::boolean[], $12::text[])
AS new (source_id, event_type, event_name, events, first_at, last_at, days, sampled, properties, properties_left_out,
  recent)
ON CONFLICT (tenant_id, source_id, event_type, event_name) DO UPDATE SET events = excluded.events,
  first_at = excluded.first_at, last_at = excluded.last_at, days = excluded.days, sampled = excluded.sampled,
  properties = excluded.properties, properties_left_out = excluded.properties_left_out, recent = excluded.recent
"""


class SchemaRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._tenant_id = scope.tenant_id

    async def lock(self) -> None:
        """Wait for the tenant's turn; held to the end of the transaction."""
        await (await self._scope.driver()).execute(_LOCK, self._scope.key("cdp.schemas"))

    async def known(self, kinds: Iterable[tuple[UUID, Kind]]) -> dict[tuple[UUID, Kind], Shape]:
        """Those of these that are kept already."""
        wanted = [(source, *kind) for source, kind in kinds]
        driver = await self._scope.driver()
        rows = await driver.fetch(
            _KNOWN, self._tenant_id, *[list(each) for each in zip(*wanted, strict=True)]
        )
        decode = msgspec.json.decode
        return {
            (row[0], (row[1], row[2])): Shape(
                row[3], row[4], row[5], decode(row[6]), row[7], decode(row[8]), row[9], decode(row[10])
            )
            for row in rows
        }

    async def names(self, sources: Iterable[UUID]) -> dict[UUID, int]:
        """How many kinds of events are kept of each source."""
        rows = await (await self._scope.driver()).fetch(_NAMES, self._tenant_id, list(sources))
        return {row[0]: int(row[1]) for row in rows}

    async def make_room(self, source: UUID, unseen_since: datetime) -> int:
        """Let go of kinds that have not come since then."""
        rows = await (await self._scope.driver()).fetch(_MAKE_ROOM, self._tenant_id, source, unseen_since)
        return len(rows)

    async def save(self, shapes: Mapping[tuple[UUID, Kind], Shape]) -> None:
        encode = msgspec.json.encode
        rows = [
            (
                source,
                *kind,
                shape.events,
                shape.first_at,
                shape.last_at,
                encode(shape.days).decode(),
                shape.sampled,
                encode(shape.properties).decode(),
                shape.properties_left_out,
                encode(shape.recent).decode(),
            )
            for (source, kind), shape in shapes.items()
        ]
        if rows:
            driver = await self._scope.driver()
            await driver.execute(_SAVE, self._tenant_id, *[list(each) for each in zip(*rows, strict=True)])

    async def of_source(self, source: UUID) -> Sequence[CdpSourceSchema]:
        """All that is kept of a source, the last seen first."""
        statement = (
            select(CdpSourceSchema)
            .where(CdpSourceSchema.tenant_id == self._scope.tenant_id, CdpSourceSchema.source_id == source)
            .order_by(CdpSourceSchema.last_at.desc(), CdpSourceSchema.event_type, CdpSourceSchema.event_name)
        )
        return (await self._scope.session.scalars(statement)).all()
