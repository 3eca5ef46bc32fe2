"""The identifiers of a tenant's people, each with the fold of the events anchored to it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from app.services.cdp.identity.driving_repository import TenantStatements, columns
from app.services.cdp.identity.graph_rules import Node, Position
from app.services.cdp.identity.rules import IdentifierType
from app.services.cdp.profiles.rules import State

_IDENTIFIERS = """
SELECT key, type, profile_id, first_seen_at, first_message_id, last_seen_on FROM cdp_identifiers
WHERE tenant_id = $1 AND key = ANY($2::uuid[])
"""
_MEMBERS = """
SELECT key, type, profile_id, first_seen_at, first_message_id, last_seen_on FROM cdp_identifiers
WHERE tenant_id = $1 AND profile_id = ANY($2::uuid[])
"""
_REGISTERS = """
SELECT key, revenue::text, refunded::text, traits::text, click_ids::text FROM cdp_identifiers
WHERE tenant_id = $1 AND key = ANY($2::uuid[])
"""
# Rows by the thousand go by COPY, which looks at each value once; an array of them is looked at several times.
_INCOMING_COLUMNS = (
    *(
        "key",
        "type",
        "sealed",
        "profile_id",
        "first_seen_at",
        "first_message_id",
        "last_seen_on",
        "event_count",
    ),
    *(
        "order_count",
        "refund_count",
        "revenue",
        "refunded",
        "first_event_at",
        "last_event_at",
        "first_order_at",
    ),
    *("last_order_at", "traits", "click_ids"),
)
_INCOMING = """
CREATE TEMPORARY TABLE IF NOT EXISTS cdp_incoming_identifiers (
  key uuid, type text, sealed bytea, profile_id uuid, first_seen_at timestamptz, first_message_id text,
  last_seen_on date, event_count bigint, order_count integer, refund_count integer, revenue text, refunded text,
  first_event_at timestamptz, last_event_at timestamptz, first_order_at timestamptz, last_order_at timestamptz,
  traits text, click_ids text
) ON COMMIT DELETE ROWS
"""
_NEW_IDENTIFIERS = f"""
INSERT INTO cdp_identifiers (tenant_id, created_at, {", ".join(_INCOMING_COLUMNS)})
SELECT $1, $2, key, type, sealed, profile_id, first_seen_at, first_message_id, last_seen_on, event_count, order_count,
  refund_count, coalesce(revenue::jsonb, '{{}}'), coalesce(refunded::jsonb, '{{}}'), first_event_at, last_event_at,
  first_order_at, last_order_at, coalesce(traits::jsonb, '{{}}'), coalesce(click_ids::jsonb, '{{}}')
FROM pg_temp.cdp_incoming_identifiers
"""  # noqa: S608  (constants)
_COUNTED = """
UPDATE cdp_identifiers AS i SET event_count = i.event_count + d.events,
  first_event_at = least(i.first_event_at, d.first_at), last_event_at = greatest(i.last_event_at, d.last_at)
FROM unnest($2::uuid[], $3::bigint[], $4::timestamptz[], $5::timestamptz[]) AS d (key, events, first_at, last_at)
WHERE i.tenant_id = $1 AND i.key = d.key
"""
_SIGHTED = """
UPDATE cdp_identifiers AS i SET first_seen_at = d.first_at, first_message_id = d.first_message_id,
  last_seen_on = d.last_on
FROM unnest($2::uuid[], $3::timestamptz[], $4::text[], $5::date[]) AS d (key, first_at, first_message_id, last_on)
WHERE i.tenant_id = $1 AND i.key = d.key
"""
_ENRICHED = """
UPDATE cdp_identifiers AS i SET order_count = i.order_count + d.orders, refund_count = i.refund_count + d.refunds,
  revenue = d.revenue::jsonb, refunded = d.refunded::jsonb, first_order_at = least(i.first_order_at, d.first_order_at),
  last_order_at = greatest(i.last_order_at, d.last_order_at), traits = d.traits::jsonb, click_ids = d.click_ids::jsonb
FROM unnest($2::uuid[], $3::integer[], $4::integer[], $5::text[], $6::text[], $7::timestamptz[], $8::timestamptz[],
  $9::text[], $10::text[])
AS d (key, orders, refunds, revenue, refunded, first_order_at, last_order_at, traits, click_ids)
WHERE i.tenant_id = $1 AND i.key = d.key
"""
_MOVED = """
UPDATE cdp_identifiers AS i SET profile_id = d.profile_id
FROM unnest($2::uuid[], $3::uuid[]) AS d (key, profile_id) WHERE i.tenant_id = $1 AND i.key = d.key
"""

_EMPTY = "{}"


@dataclass(frozen=True, slots=True)
class Identifier:
    """What the graph needs of a stored identifier."""

    key: UUID
    profile_id: UUID
    node: Node
    last_on: date


class Identifiers(TenantStatements):
    """One tenant's identifiers."""

    async def by_keys(self, keys: Iterable[UUID]) -> dict[UUID, Identifier]:
        """Those of these keys that are stored."""
        return _identifiers(await self._fetch(_IDENTIFIERS, list(keys)))

    async def of_profiles(self, profile_ids: Iterable[UUID]) -> dict[UUID, Identifier]:
        """Every identifier of these profiles."""
        ids = list(profile_ids)
        return _identifiers(await self._fetch(_MEMBERS, ids)) if ids else {}

    async def registers(self, keys: Iterable[UUID]) -> dict[UUID, State]:
        """Money, traits and click ids of these identifiers, as they stand."""
        wanted = list(keys)
        rows = await self._fetch(_REGISTERS, wanted) if wanted else []
        return {
            row[0]: State(
                revenue=_loads(row[1]),
                refunded=_loads(row[2]),
                traits=_loads(row[3]),
                click_ids=_loads(row[4]),
            )
            for row in rows
        }

    async def add(
        self, rows: Sequence[tuple[UUID, Node, date, bytes | None, UUID, State]], at: datetime
    ) -> None:
        """New ones, each with what its own events come to."""
        if not rows:
            return
        stored = [
            (
                key,
                node.type.value,
                sealed,
                profile_id,
                *node.first,
                last_on,
                state.event_count,
                state.order_count,
                state.refund_count,
                _dumped(state.revenue),
                _dumped(state.refunded),
                state.first_event_at,
                state.last_event_at,
                state.first_order_at,
                state.last_order_at,
                _dumped(state.traits),
                _dumped(state.click_ids),
            )
            for key, node, last_on, sealed, profile_id, state in rows
        ]
        driver = await self._scope.driver()
        await driver.execute(_INCOMING)
        await driver.copy_records_to_table(
            "cdp_incoming_identifiers", schema_name="pg_temp", columns=_INCOMING_COLUMNS, records=stored
        )
        await driver.execute(_NEW_IDENTIFIERS, self._scope.tenant_id, at)

    async def count(self, states: Mapping[UUID, State]) -> None:
        """Add the number and the times of events to identifiers."""
        if states:
            rows = [
                (key, state.event_count, state.first_event_at, state.last_event_at)
                for key, state in states.items()
            ]
            await self._write(_COUNTED, *columns(rows))

    async def enrich(self, deltas: Mapping[UUID, State], merged: Mapping[UUID, State]) -> None:
        """Orders and refunds of `deltas` are added; money, traits and click ids become those of `merged`."""
        if deltas:
            rows = [
                (
                    key,
                    delta.order_count,
                    delta.refund_count,
                    _dumps(merged[key].revenue),
                    _dumps(merged[key].refunded),
                    delta.first_order_at,
                    delta.last_order_at,
                    _dumps(merged[key].traits),
                    _dumps(merged[key].click_ids),
                )
                for key, delta in deltas.items()
            ]
            await self._write(_ENRICHED, *columns(rows))

    async def sight(self, rows: Sequence[tuple[UUID, Position, date]]) -> None:
        """They were first seen at an earlier place, or last on a later day."""
        if rows:
            await self._write(_SIGHTED, *columns([(key, *first, last_on) for key, first, last_on in rows]))

    async def move(self, profile_of: Mapping[UUID, UUID]) -> None:
        """Identifiers to other profiles."""
        if profile_of:
            await self._write(_MOVED, list(profile_of), list(profile_of.values()))


def _dumped(value: Mapping[str, Any]) -> str | None:
    return msgspec.json.encode(value).decode() if value else None


def _dumps(value: Mapping[str, Any]) -> str:
    return msgspec.json.encode(value).decode() if value else _EMPTY


def _loads(value: str) -> dict[str, Any]:
    loaded: dict[str, Any] = {} if value == _EMPTY else msgspec.json.decode(value)
    return loaded


def _identifiers(rows: Iterable[Any]) -> dict[UUID, Identifier]:
    return {
        row[0]: Identifier(row[0], row[2], Node(IdentifierType(row[1]), (row[3], row[4])), row[5])
        for row in rows
    }
