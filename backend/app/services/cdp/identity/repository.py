"""The graph in the database: read and written by sets, under the tenant's lock, without the ORM."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text

from app.db.session import TenantScope
from app.services.cdp.identity.graph_rules import Assertion, Kind, Node, Position
from app.services.cdp.identity.reading import StoredEvent
from app.services.cdp.identity.rules import IdentifierType, Reason
from app.services.cdp.profiles.rules import State

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
_TRY_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))"

_TAKE = """
WITH next AS (
  SELECT id, received_at, event_ids, sum(cardinality(event_ids)) OVER (ORDER BY id) - cardinality(event_ids) AS before
  FROM (SELECT * FROM cdp_identity_queue WHERE tenant_id = $1 ORDER BY id LIMIT 1000) AS oldest
)
DELETE FROM cdp_identity_queue AS queue USING next
WHERE queue.tenant_id = $1 AND queue.id = next.id AND next.before < $2
RETURNING next.received_at, next.event_ids, queue.queued_at
"""
_WAITING = "SELECT EXISTS (SELECT FROM cdp_identity_queue WHERE tenant_id = $1)"

# An erased person's past is not resolved, even where it was being written while they were erased.
_EVENTS = """
SELECT e.id, e.received_at, e.message_id, e.source_id, e.event_type, e.event_name, e.event_time, e.person_key,
  e.anonymous_id, e.user_id_hash, e.email_hash, e.phone_hash, e.context #>> '{device,id}', e.identifiers,
  CASE WHEN e.event_type = 'identify' THEN e.properties::text END, e.value_micros, e.currency, e.is_order,
  e.is_refund, e.click_ids::text
FROM unnest($2::timestamptz[], $3::uuid[]) AS queued (received_at, id)
JOIN cdp_events AS e ON e.tenant_id = $1 AND e.received_at = queued.received_at AND e.id = queued.id
  AND e.received_at BETWEEN $4 AND $5
WHERE NOT EXISTS (SELECT FROM cdp_tombstones WHERE tenant_id = $1) OR NOT EXISTS (
  SELECT FROM cdp_tombstones AS t WHERE t.tenant_id = $1 AND t.before > e.event_time AND t.key = ANY(ARRAY[e.person_key,
    encode(substr(e.user_id_hash, 1, 16), 'hex')::uuid, encode(substr(e.email_hash, 1, 16), 'hex')::uuid,
    encode(substr(e.phone_hash, 1, 16), 'hex')::uuid]))
"""

_BAR = "SELECT cdp_events_bar($1, $2)"

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
_NEW_IDENTIFIERS = """
INSERT INTO cdp_identifiers (tenant_id, created_at, key, type, sealed, profile_id, first_seen_at, first_message_id,
  last_seen_on, event_count, order_count, refund_count, revenue, refunded, first_event_at, last_event_at,
  first_order_at, last_order_at, traits, click_ids)
SELECT $1, $2, key, type, sealed, profile_id, first_seen_at, first_message_id, last_seen_on, event_count, order_count,
  refund_count, revenue::jsonb, refunded::jsonb, first_event_at, last_event_at, first_order_at, last_order_at,
  traits::jsonb, click_ids::jsonb
FROM unnest($3::uuid[], $4::text[], $5::bytea[], $6::uuid[], $7::timestamptz[], $8::text[], $9::date[],
  $10::bigint[], $11::integer[], $12::integer[], $13::text[], $14::text[], $15::timestamptz[], $16::timestamptz[],
  $17::timestamptz[], $18::timestamptz[], $19::text[], $20::text[])
AS new (key, type, sealed, profile_id, first_seen_at, first_message_id, last_seen_on, event_count, order_count,
  refund_count, revenue, refunded, first_event_at, last_event_at, first_order_at, last_order_at, traits, click_ids)
"""
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

_EDGE_COLUMNS = (
    "assertion, place, kind, a_key, b_key, asserted_at, message_id, joined, reason, removed_at IS NOT NULL, event_id, "
    "received_at, source_id"
)
_KNOWN = f"""
SELECT {_EDGE_COLUMNS} FROM cdp_identity_edges
WHERE tenant_id = $1 AND assertion = ANY($2::uuid[]) ORDER BY assertion, place
"""  # noqa: S608  (a constant, and so below)
_TOUCHING = f"""
SELECT {_EDGE_COLUMNS} FROM cdp_identity_edges
WHERE tenant_id = $1 AND removed_at IS NULL AND kind <> 'apart' AND assertion IN (
  SELECT assertion FROM cdp_identity_edges WHERE tenant_id = $1 AND a_key = ANY($2::uuid[])
  UNION SELECT assertion FROM cdp_identity_edges WHERE tenant_id = $1 AND b_key = ANY($2::uuid[])
) ORDER BY assertion, place
"""  # noqa: S608
_APART = """
SELECT a_key, b_key FROM cdp_identity_edges WHERE tenant_id = $1 AND kind = 'apart' AND removed_at IS NULL
"""
_BOUND_BY_MERGES = """
SELECT a_key, b_key FROM cdp_identity_edges WHERE tenant_id = $1 AND reason = 'too_many_merges' AND removed_at IS NULL
  AND (a_key = ANY($2::uuid[]) OR b_key = ANY($2::uuid[]))
"""
_ALL = f"""
SELECT {_EDGE_COLUMNS} FROM cdp_identity_edges WHERE tenant_id = $1 AND kind <> 'apart' ORDER BY assertion, place
"""  # noqa: S608
_SIZE = "SELECT count(*) FROM (SELECT FROM cdp_identity_edges WHERE tenant_id = $1 LIMIT $2) AS few"
_REMOVE = """
UPDATE cdp_identity_edges SET removed_at = $2, removed_by = $3
WHERE tenant_id = $1 AND assertion = ANY($4::uuid[]) AND removed_at IS NULL
"""
_RESTORE = """
UPDATE cdp_identity_edges SET removed_at = NULL, removed_by = NULL
WHERE tenant_id = $1 AND assertion = ANY($2::uuid[])
"""
_REMOVED_BY = f"""
SELECT {_EDGE_COLUMNS} FROM cdp_identity_edges WHERE tenant_id = $1 AND removed_by = $2 ORDER BY assertion, place
"""  # noqa: S608
_BETWEEN = """
SELECT assertion FROM cdp_identity_edges WHERE tenant_id = $1 AND kind = 'apart' AND removed_at IS NULL
  AND ((a_key = ANY($2::uuid[]) AND b_key = ANY($3::uuid[])) OR (a_key = ANY($3::uuid[]) AND b_key = ANY($2::uuid[])))
"""
_LEDGER = """
INSERT INTO cdp_identity_edges AS old (tenant_id, decided_at, assertion, place, kind, a_key, b_key, asserted_at,
  message_id, event_id, received_at, source_id, asserted_by, joined, reason)
SELECT $1, $2, * FROM unnest($3::uuid[], $4::smallint[], $5::text[], $6::uuid[], $7::uuid[], $8::timestamptz[],
  $9::text[], $10::uuid[], $11::timestamptz[], $12::uuid[], $13::text[], $14::boolean[], $15::text[])
ON CONFLICT (tenant_id, assertion, place) DO UPDATE SET decided_at = excluded.decided_at,
  asserted_at = excluded.asserted_at, message_id = excluded.message_id, event_id = excluded.event_id,
  received_at = excluded.received_at, source_id = excluded.source_id, asserted_by = excluded.asserted_by,
  joined = excluded.joined, reason = excluded.reason, removed_at = NULL, removed_by = NULL
"""
_REDECIDED = """
UPDATE cdp_identity_edges AS e SET joined = d.joined, reason = d.reason, decided_at = $2
FROM unnest($3::uuid[], $4::smallint[], $5::boolean[], $6::text[]) AS d (assertion, place, joined, reason)
WHERE e.tenant_id = $1 AND e.assertion = d.assertion AND e.place = d.place
"""

_empty = "{}"


@dataclass(frozen=True, slots=True)
class Identifier:
    """What the graph needs of a stored identifier."""

    key: UUID
    profile_id: UUID
    node: Node
    last_on: date


@dataclass(frozen=True, slots=True)
class Evidence:
    """The event that asserted something; a person's own assertion has none."""

    id: UUID | None = None
    received_at: datetime | None = None
    source_id: UUID | None = None


NO_EVENT = Evidence()


@dataclass(frozen=True, slots=True)
class Entry:
    """An assertion of the ledger and what became of its links."""

    assertion: Assertion
    reasons: tuple[Reason | None, ...]
    removed: bool
    evidence: Evidence

    @property
    def joined(self) -> int:
        """How many of its links stand, from the anchor outward."""
        return next((n for n, reason in enumerate(self.reasons) if reason is not None), len(self.reasons))

    @property
    def joined_part(self) -> Assertion:
        whole = self.assertion
        return Assertion(whole.id, whole.kind, whole.at, whole.keys[: self.joined + 1])


@dataclass(frozen=True, slots=True)
class Link:
    """A row of the ledger to write."""

    assertion: Assertion
    reasons: tuple[Reason | None, ...]
    event: StoredEvent | Evidence = NO_EVENT
    asserted_by: str | None = None


class Graph:
    """One tenant's graph, in one transaction."""

    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._tenant_id = scope.tenant_id

    async def _fetch(self, sql: str, *values: Any) -> list[Any]:
        found: list[Any] = await (await self._scope.driver()).fetch(sql, self._tenant_id, *values)
        return found

    async def _write(self, sql: str, *values: Any) -> None:
        await (await self._scope.driver()).execute(sql, self._tenant_id, *values)

    async def lock(self) -> None:
        """Wait for the tenant's turn at the graph; held to the end of the transaction."""
        await (await self._scope.driver()).execute(_LOCK, self._scope.key("cdp.identity"))

    async def try_lock(self) -> bool:
        """The same, without waiting."""
        return bool(await (await self._scope.driver()).fetchval(_TRY_LOCK, self._scope.key("cdp.identity")))

    # -- the queue

    async def take(self, most: int) -> tuple[list[tuple[datetime, UUID]], datetime | None]:
        """The next events to resolve, about `most`, whose rows of the queue go; and since when the first waited."""
        rows = await self._fetch(_TAKE, most)
        events = [pair for row in rows for pair in zip(row[0], row[1], strict=True)]
        return events, min((row[2] for row in rows), default=None)

    async def is_waiting(self) -> bool:
        return bool(await (await self._scope.driver()).fetchval(_WAITING, self._tenant_id))

    async def events(self, keys: Sequence[tuple[datetime, UUID]]) -> list[StoredEvent]:
        """Those of them that count; what is of an erased person's past goes."""
        received, ids = [at for at, _ in keys], [event_id for _, event_id in keys]
        rows = await self._fetch(_EVENTS, received, ids, min(received), max(received))
        if len(rows) < len(keys):
            await (await self._scope.driver()).execute(_BAR, received, ids)
        return [StoredEvent(*row) for row in rows]

    # -- identifiers

    async def identifiers(self, keys: Iterable[UUID]) -> dict[UUID, Identifier]:
        return _identifiers(await self._fetch(_IDENTIFIERS, list(keys)))

    async def members(self, profile_ids: Iterable[UUID]) -> dict[UUID, Identifier]:
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

    async def add_identifiers(
        self, rows: Sequence[tuple[UUID, Node, date, bytes | None, UUID, State]], at: datetime
    ) -> None:
        if rows:
            columns = [
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
                    _dumps(state.revenue),
                    _dumps(state.refunded),
                    state.first_event_at,
                    state.last_event_at,
                    state.first_order_at,
                    state.last_order_at,
                    _dumps(state.traits),
                    _dumps(state.click_ids),
                )
                for key, node, last_on, sealed, profile_id, state in rows
            ]
            await self._write(_NEW_IDENTIFIERS, at, *_turned(columns))

    async def count(self, states: Mapping[UUID, State]) -> None:
        """Add the number and the times of events to identifiers."""
        if states:
            rows = [
                (key, state.event_count, state.first_event_at, state.last_event_at)
                for key, state in states.items()
            ]
            await self._write(_COUNTED, *_turned(rows))

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
            await self._write(_ENRICHED, *_turned(rows))

    async def sight(self, rows: Sequence[tuple[UUID, Position, date]]) -> None:
        if rows:
            await self._write(_SIGHTED, *_turned([(key, *first, last_on) for key, first, last_on in rows]))

    async def move(self, profile_of: Mapping[UUID, UUID]) -> None:
        """Identifiers to other profiles."""
        if profile_of:
            await self._write(_MOVED, list(profile_of), list(profile_of.values()))

    # -- the ledger

    async def known(self, assertions: Iterable[UUID]) -> dict[UUID, Entry]:
        ids = list(assertions)
        return _entries(await self._fetch(_KNOWN, ids)) if ids else {}

    async def touching(self, keys: Iterable[UUID]) -> dict[UUID, Entry]:
        """Every assertion that counts and names one of these identifiers."""
        wanted = list(keys)
        return _entries(await self._fetch(_TOUCHING, wanted)) if wanted else {}

    async def closure(self, keys: Iterable[UUID]) -> tuple[dict[UUID, Entry], set[UUID]]:
        """The assertions that lead on from these identifiers, joined or refused, and all that they name."""
        reached = set(keys)
        entries: dict[UUID, Entry] = {}
        front = set(reached)
        while front:
            found = await self.touching(front)
            entries |= found
            named = {key for entry in found.values() for key in entry.assertion.keys}
            front = named - reached
            reached |= named
        return entries, reached

    async def apart(self) -> list[tuple[UUID, UUID]]:
        """Pairs that a person has said are two people."""
        return [(row[0], row[1]) for row in await self._fetch(_APART)]

    async def bound_by_merges(self, keys: Iterable[UUID]) -> set[UUID]:
        """Which identifiers have a link that the number of merges refused."""
        rows = await self._fetch(_BOUND_BY_MERGES, list(keys))
        return {row[0] for row in rows} | {row[1] for row in rows}

    async def apart_between(self, ones: Iterable[UUID], others: Iterable[UUID]) -> list[UUID]:
        """The assertions that keep identifiers of these two sets apart."""
        return [row[0] for row in await self._fetch(_BETWEEN, list(ones), list(others))]

    async def size(self, most: int) -> int:
        """How many links the ledger has; counting ends at `most`."""
        return int((await self._fetch(_SIZE, most))[0][0])

    async def whole(self) -> dict[UUID, Entry]:
        """The ledger, what was removed from it too."""
        return _entries(await self._fetch(_ALL))

    async def removed_by(self, whom: str) -> dict[UUID, Entry]:
        return _entries(await self._fetch(_REMOVED_BY, whom))

    async def remove(self, assertions: Iterable[UUID], at: datetime, whom: str) -> None:
        """Take assertions out of the count; they stay in the ledger."""
        await self._write(_REMOVE, at, whom, list(assertions))

    async def restore(self, assertions: Iterable[UUID]) -> None:
        await self._write(_RESTORE, list(assertions))

    async def record(self, links: Iterable[Link], at: datetime) -> None:
        """Write assertions, anew or at their earlier place."""
        rows = []
        for link in links:
            anchor, *others = link.assertion.keys
            happened, message_id = link.assertion.at
            for place, (key, reason) in enumerate(zip(others, link.reasons, strict=True)):
                rows.append(
                    (
                        link.assertion.id,
                        place,
                        link.assertion.kind.value,
                        anchor,
                        key,
                        happened,
                        message_id,
                        link.event.id,
                        link.event.received_at,
                        link.event.source_id,
                        link.asserted_by,
                        reason is None,
                        reason,
                    )
                )
        if rows:
            await self._write(_LEDGER, at, *_turned(rows))

    async def redecide(self, decisions: Mapping[UUID, Sequence[Reason | None]], at: datetime) -> None:
        rows = [
            (assertion, place, reason is None, reason)
            for assertion, reasons in decisions.items()
            for place, reason in enumerate(reasons)
        ]
        if rows:
            await self._write(_REDECIDED, at, *_turned(rows))


def _turned(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Rows as columns."""
    return [list(column) for column in zip(*rows, strict=True)]


def _dumps(value: Mapping[str, Any]) -> str:
    return msgspec.json.encode(value).decode() if value else _empty


def _loads(value: str) -> dict[str, Any]:
    loaded: dict[str, Any] = {} if value == _empty else msgspec.json.decode(value)
    return loaded


def _identifiers(rows: Iterable[Any]) -> dict[UUID, Identifier]:
    return {
        row[0]: Identifier(row[0], row[2], Node(IdentifierType(row[1]), (row[3], row[4])), row[5])
        for row in rows
    }


def _entries(rows: Iterable[Any]) -> dict[UUID, Entry]:
    """Rows in the order of assertion and place."""
    grouped: dict[UUID, list[Any]] = {}
    for row in rows:
        grouped.setdefault(row[0], []).append(row)
    return {
        name: Entry(
            Assertion(
                name, Kind(links[0][2]), (links[0][5], links[0][6]), (links[0][3], *(row[4] for row in links))
            ),
            tuple(None if row[7] else Reason(row[8]) for row in links),
            links[0][9],
            Evidence(*links[0][10:13]),
        )
        for name, links in grouped.items()
    }


async def tenants_waiting(session: Any, since: datetime) -> list[int]:
    """Which tenants have events that have waited since before `since`; the maintenance role's."""
    return list(await session.scalars(text("SELECT cdp_identity_waiting(:since)"), {"since": since}))
