"""Writes a group of events in one transaction, by sets, without the ORM."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy.exc import SQLAlchemyError

from app.core.ids import uuid7
from app.core.security import keyed_hash, seal, unseal
from app.db.session import TenantDoor, TenantScope
from app.services.cdp.events.reading import Row, Verdict

NO_SOURCE = UUID(int=0)
VERDICT_PURPOSE = "cdp.events.verdict"
_SHARD = secrets.randbelow(32)
_KEPT_BYTES = 64 * 1024
# Data exceptions, broken constraints, limits of the program: the data is at fault, not the moment.
_POISON_CLASSES = ("22", "23", "54")

_DEDUPE = """
INSERT INTO cdp_event_dedupe (tenant_id, message_id, received_at)
SELECT $1, message_id, received_at FROM unnest($2::text[], $3::timestamptz[]) AS new (message_id, received_at)
ON CONFLICT DO NOTHING RETURNING message_id
"""

_EVENTS = """
INSERT INTO cdp_events (tenant_id, message_id, id, received_at, source_id, event_type, event_name, event_time,
  anonymous_id, user_id_hash, email_hash, phone_hash, identifiers, properties, context, order_id, value_micros,
  currency, is_order, is_refund, click_ids, match_keys, person_key)
SELECT $1, message_id, id, received_at, source_id, event_type, event_name, event_time, anonymous_id, user_id_hash,
  email_hash, phone_hash, identifiers, properties::jsonb, context::jsonb, order_id, value_micros, currency,
  is_order, is_refund, click_ids::jsonb, match_keys, person_key
FROM unnest($2::text[], $3::uuid[], $4::timestamptz[], $5::uuid[], $6::text[], $7::text[], $8::timestamptz[],
  $9::text[], $10::bytea[], $11::bytea[], $12::bytea[], $13::bytea[], $14::text[], $15::text[], $16::text[],
  $17::bigint[], $18::text[], $19::boolean[], $20::boolean[], $21::text[], $22::smallint[],
  $23::uuid[])
AS new (message_id, id, received_at, source_id, event_type, event_name, event_time, anonymous_id, user_id_hash,
  email_hash, phone_hash, identifiers, properties, context, order_id, value_micros, currency, is_order, is_refund,
  click_ids, match_keys, person_key)
"""

_TO_RESOLVE = """
INSERT INTO cdp_identity_queue (tenant_id, id, received_at, event_ids) VALUES ($1, $2, $3, $4)
"""

_VERDICTS = """
INSERT INTO cdp_event_verdicts AS old (tenant_id, id, source_id, message_id, event_name, dialect, code, reason,
  fingerprint, payload, first_at, last_at, times)
SELECT $1, id, source_id, message_id, event_name, dialect, code, reason, fingerprint, payload, at, at, times
FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bytea[],
  $10::bytea[], $11::timestamptz[], $12::integer[])
AS new (id, source_id, message_id, event_name, dialect, code, reason, fingerprint, payload, at, times)
ORDER BY fingerprint
ON CONFLICT (tenant_id, fingerprint) DO UPDATE
SET times = old.times + excluded.times, last_at = greatest(old.last_at, excluded.last_at), replayed_at = NULL,
  replay_outcome = NULL
"""

_COUNTS = """
INSERT INTO cdp_event_counts AS old (tenant_id, hour, source_id, shard, accepted, duplicates, rejected,
  newest_accepted_at)
SELECT $1, date_trunc('hour', at, 'UTC'), source_id, $2, accepted, duplicates, rejected, newest
FROM unnest($3::timestamptz[], $4::uuid[], $5::bigint[], $6::bigint[], $7::bigint[], $8::timestamptz[])
AS new (at, source_id, accepted, duplicates, rejected, newest)
ORDER BY 2, 3
ON CONFLICT (tenant_id, hour, source_id, shard) DO UPDATE
SET accepted = old.accepted + excluded.accepted, duplicates = old.duplicates + excluded.duplicates,
  rejected = old.rejected + excluded.rejected,
  newest_accepted_at = greatest(old.newest_accepted_at, excluded.newest_accepted_at)
"""


class Poisoned(Exception):
    """Something among these rows cannot be stored, now or later."""


class Interrupted(Exception):
    """The database did not answer as it should; whether it committed is not known."""


@dataclass(slots=True)
class Count:
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    at: datetime | None = None
    newest: datetime | None = None

    def seen(self, at: datetime) -> "Count":
        self.at = at if self.at is None else max(self.at, at)
        return self


@dataclass(frozen=True, slots=True)
class Group:
    """What one transaction writes. `rows` have distinct message ids; `repeats` are counted and not written."""

    tenant_id: int
    rows: Sequence[Row]
    repeats: Sequence[Row] = ()
    verdicts: Sequence[Verdict] = ()


class EventStore:
    """Opens the tenant's scope, writes, and tells downstream in the same transaction."""

    def __init__(self, door: TenantDoor) -> None:
        self._door = door

    async def write(self, group: Group) -> frozenset[str]:
        """The message ids that were new.

        Raises `Poisoned` where the data is at fault and `Interrupted` where the database is.
        """
        try:
            async with self._door(group.tenant_id) as scope:
                return await _write(scope, group)
        except asyncpg.PostgresError as error:
            raise _meaning(error, error) from error
        except SQLAlchemyError as error:
            cause = getattr(getattr(error, "orig", None), "__cause__", None)
            raise _meaning(cause if isinstance(cause, asyncpg.PostgresError) else None, error) from error
        except (asyncpg.DataError, UnicodeError, OverflowError) as error:
            raise Poisoned(str(error)) from error
        except (asyncpg.InterfaceError, OSError, TimeoutError) as error:
            raise Interrupted(str(error)) from error


def _meaning(answer: asyncpg.PostgresError | None, error: Exception) -> Exception:
    state = str(getattr(answer, "sqlstate", None) or "")
    return (Poisoned if state.startswith(_POISON_CLASSES) else Interrupted)(str(error)[:300])


async def _write(scope: TenantScope, group: Group) -> frozenset[str]:
    connection = await scope.session.connection()
    driver: Any = (await connection.get_raw_connection()).driver_connection
    new: frozenset[str] = frozenset()
    if group.rows:
        # One order for everybody: two writers of the same ids wait for each other in turn, never in a ring.
        ordered = sorted(group.rows)
        found = await driver.fetch(
            _DEDUPE,
            group.tenant_id,
            [row.message_id for row in ordered],
            [row.received_at for row in ordered],
        )
        new = frozenset(record[0] for record in found)
        fresh = ordered if len(new) == len(ordered) else [row for row in ordered if row.message_id in new]
        if fresh:
            # A column of nothing but NULL is sent as none at all; unnest fills it up.
            size = len(fresh)
            columns = (None if column.count(None) == size else column for column in zip(*fresh, strict=True))
            await driver.execute(_EVENTS, group.tenant_id, *columns)
            received, ids = [row.received_at for row in fresh], [row.id for row in fresh]
            await driver.execute(_TO_RESOLVE, group.tenant_id, uuid7(), received, ids)
            await scope.enqueue("cdp.identity.resolve", {}, queue="cdp", unless_pending=True)
            await _tell(scope, fresh)
    if group.verdicts:
        await driver.execute(_VERDICTS, group.tenant_id, *_verdict_columns(group.tenant_id, group.verdicts))
    await _count(driver, group, new)
    return new


async def _tell(scope: TenantScope, fresh: Sequence[Row]) -> None:
    """One message for all of a transaction's events; consumers read on from their own cursor."""
    received = [row.received_at for row in fresh]
    await scope.enqueue(
        "cdp.events.accepted",
        {
            "count": len(fresh),
            "received_from": min(received).isoformat(),
            "received_to": max(received).isoformat(),
            "sources": sorted({str(row.source_id) for row in fresh if row.source_id}),
        },
        queue="cdp",
    )


def _verdict_columns(tenant_id: int, verdicts: Sequence[Verdict]) -> Sequence[Sequence[Any]]:
    """The columns of `_VERDICTS`; the same event refused several times is one row."""
    times: dict[bytes, int] = {}
    firsts: dict[bytes, Verdict] = {}
    for verdict in verdicts:
        text = verdict.payload.decode("latin-1")
        mark = keyed_hash(
            f"{verdict.delivery.source_id}|{verdict.delivery.dialect}|{verdict.code}|{text}",
            purpose=VERDICT_PURPOSE,
            tenant_id=tenant_id,
        )
        times[mark] = times.get(mark, 0) + 1
        firsts[mark] = verdict
    rows = [
        (
            uuid7(),
            verdict.delivery.source_id,
            verdict.message_id,
            verdict.event_name,
            verdict.delivery.dialect,
            verdict.code.value,
            verdict.reason,
            mark,
            sealed_payload(verdict, tenant_id),
            verdict.delivery.received_at,
            times[mark],
        )
        for mark, verdict in firsts.items()
    ]
    return list(zip(*rows, strict=True))


class Kept(msgspec.Struct):
    """A refused event as it came, byte for byte (each a character), with what its request said of it."""

    item: str
    received_at: datetime
    sent_at: datetime | None
    event_type: str | None
    context: str
    integrations: str
    ip: str | None
    user_agent: str | None


def sealed_payload(verdict: Verdict, tenant_id: int) -> bytes | None:
    """None where the event is too large to keep: then it can be read about, and not replayed."""
    if len(verdict.payload) > _KEPT_BYTES:
        return None
    delivery = verdict.delivery
    kept = Kept(
        verdict.payload.decode("latin-1"),
        delivery.received_at,
        delivery.sent_at,
        delivery.event_type,
        delivery.context.decode("latin-1"),
        delivery.integrations.decode("latin-1"),
        delivery.ip,
        delivery.user_agent,
    )
    return seal(msgspec.json.encode(kept).decode(), purpose=VERDICT_PURPOSE, tenant_id=tenant_id)


def kept_payload(sealed: bytes, tenant_id: int) -> Kept:
    return msgspec.json.decode(unseal(sealed, purpose=VERDICT_PURPOSE, tenant_id=tenant_id), type=Kept)


async def _count(driver: Any, group: Group, new: frozenset[str]) -> None:
    counts: dict[UUID, Count] = {}

    def of(source_id: UUID | None, at: datetime) -> Count:
        return counts.setdefault(source_id or NO_SOURCE, Count()).seen(at)

    for row in group.rows:
        tally = of(row.source_id, row.received_at)
        if row.message_id in new:
            tally.accepted += 1
            tally.newest = row.received_at if tally.newest is None else max(tally.newest, row.received_at)
        else:
            tally.duplicates += 1
    for row in group.repeats:
        of(row.source_id, row.received_at).duplicates += 1
    for verdict in group.verdicts:
        of(verdict.delivery.source_id, verdict.delivery.received_at).rejected += 1
    if counts:
        columns = [
            (tally.at, source_id, tally.accepted, tally.duplicates, tally.rejected, tally.newest)
            for source_id, tally in counts.items()
        ]
        await driver.execute(_COUNTS, group.tenant_id, _SHARD, *zip(*columns, strict=True))
