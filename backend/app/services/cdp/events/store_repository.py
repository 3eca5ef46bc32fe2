"""Writes a group of events in one transaction, by sets, without the ORM."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from app.core.config import Settings
from app.core.ids import uuid7
from app.core.security import keyed_hash, seal, unseal
from app.db.writers import TenantWriter, Writers
from app.services.cdp.events.reading import Delivery, Row, Verdict
from app.services.cdp.events.rules import VerdictCode
from app.services.cdp.events.sampling import SHOWN, Sample, sample_of, shown_verdict

NO_SOURCE = UUID(int=0)
VERDICT_PURPOSE = "cdp.events.verdict"
_SHARD = secrets.randbelow(32)
_NEVER = datetime.min.replace(tzinfo=UTC)
_KEPT_BYTES = 64 * 1024
# Data exceptions, broken constraints, limits of the program: the data is at fault, not the moment.
_POISON_CLASSES = ("22", "23", "54")

_COLUMNS = ", ".join(Row._fields)

# COPY is refused on a table with row-level security: events go into a table of the connection's own first, and
# from there, by sets, into those of the tenant. It forgets its rows with each transaction.
_INCOMING = f"""
CREATE TEMPORARY TABLE cdp_incoming ON COMMIT DELETE ROWS AS SELECT {_COLUMNS} FROM cdp_events WITH NO DATA
"""  # noqa: S608  (a constant)

# One statement for what a group's events become: those of erased people are barred, whoever sends them (what happened
# before the erasure does not come in again); an id that is known already is a duplicate; the rest is stored and queued
# for identity. In one order for everybody: two writers of the same ids wait for each other in turn, never in a ring.
_STORE = f"""
WITH barred AS MATERIALIZED (
  SELECT DISTINCT e.message_id FROM pg_temp.cdp_incoming AS e
  CROSS JOIN LATERAL unnest(ARRAY[e.person_key, encode(substr(e.user_id_hash, 1, 16), 'hex')::uuid,
    encode(substr(e.email_hash, 1, 16), 'hex')::uuid, encode(substr(e.phone_hash, 1, 16), 'hex')::uuid]) AS named (key)
  JOIN cdp_tombstones AS t ON t.tenant_id = $1 AND t.key = named.key AND e.event_time < t.before
  WHERE EXISTS (SELECT FROM cdp_tombstones WHERE tenant_id = $1)
), fresh AS (
  INSERT INTO cdp_event_dedupe (tenant_id, message_id, received_at)
  SELECT $1, message_id, received_at FROM pg_temp.cdp_incoming
  WHERE message_id NOT IN (SELECT message_id FROM barred)
  ORDER BY message_id COLLATE "C" ON CONFLICT DO NOTHING RETURNING message_id
), stored AS (
  INSERT INTO cdp_events (tenant_id, {_COLUMNS}) SELECT $1, {_COLUMNS} FROM pg_temp.cdp_incoming
  WHERE message_id IN (SELECT message_id FROM fresh) RETURNING received_at, id
), queued AS (
  INSERT INTO cdp_identity_queue (tenant_id, id, received_at, event_ids)
  SELECT $1, $2, array_agg(received_at), array_agg(id) FROM stored HAVING count(*) > 0
)
SELECT ARRAY(SELECT message_id FROM barred) AS barred,
  CASE WHEN (SELECT count(*) FROM fresh) < $3 THEN ARRAY(SELECT message_id FROM fresh) END AS new
"""  # noqa: S608  (a constant)

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
RETURNING id, source_id, message_id, event_name, code, reason, last_at, times
"""

# What came waits for what follows from it since the statement that counts it: no round trip of its own.
_COUNTS = """
WITH queued AS (
  INSERT INTO cdp_event_arrivals (tenant_id, id, said, received_at, event_ids)
  SELECT $1, $9::uuid, $10::jsonb, $11::timestamptz[], $12::uuid[] WHERE $10 IS NOT NULL
)
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
class Outcome:
    """What became of one request's events."""

    accepted: int = 0
    duplicates: int = 0
    rejected: list[Verdict] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Part:
    """What one request brings to a group; `raw` holds the JSON of each row."""

    delivery: Delivery
    rows: Sequence[Row]
    raw: Sequence[bytes]
    verdicts: Sequence[Verdict]
    outcome: Outcome

    @property
    def size(self) -> int:
        return len(self.rows) + len(self.verdicts)


@dataclass(slots=True)
class _Count:
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    at: datetime = _NEVER
    newest: datetime | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """Of each part: how many events were new, and the verdicts on those of erased people."""

    accepted: Sequence[int]
    barred: Sequence[Sequence[Verdict]]


class EventStore:
    """Writes groups of a tenant's events, each group in one transaction, and tells downstream in the same."""

    def __init__(self, settings: Settings, *, connections: int) -> None:
        self._writers = Writers(settings, connections=connections, prepare=_prepare)

    async def write(self, tenant_id: int, parts: Sequence[Part]) -> Written:
        """What became of each part's events.

        Raises `Poisoned` where the data is at fault and `Interrupted` where the database is.
        """
        try:
            async with self._writers(tenant_id) as writer:
                return await _write(writer, parts)
        except asyncpg.PostgresError as error:
            faulty = str(error.sqlstate or "").startswith(_POISON_CLASSES)
            raise (Poisoned if faulty else Interrupted)(str(error)[:300]) from error
        except (ValueError, OverflowError) as error:  # the driver's, of what no column can take
            raise Poisoned(str(error)[:300]) from error
        except (
            asyncpg.InterfaceError,
            asyncpg.InternalClientError,  # a COPY whose server died
            OSError,
            TimeoutError,
        ) as error:
            raise Interrupted(str(error)[:300]) from error

    async def close(self) -> None:
        await self._writers.close()


async def _prepare(connection: asyncpg.Connection) -> None:
    await connection.execute(_INCOMING)


async def _write(writer: TenantWriter, parts: Sequence[Part]) -> Written:
    accepted = [0] * len(parts)
    barred: Sequence[Sequence[Verdict]] = [()] * len(parts)
    firsts: dict[str, Row] = {}
    for part in parts:
        for row in part.rows:
            firsts.setdefault(row[0], row)
    if firsts:
        await writer.connection.copy_records_to_table(
            "cdp_incoming", schema_name="pg_temp", columns=Row._fields, records=firsts.values()
        )
        (stored,) = await writer.connection.fetch(_STORE, writer.tenant_id, uuid7(), len(firsts))
        if stored["barred"]:
            barred = [_barred(part, set(stored["barred"])) for part in parts]
        if stored["new"] is not None:
            firsts = {message_id: firsts[message_id] for message_id in stored["new"]}
        accepted = [_accepted(part, firsts) for part in parts]
        await _tell(writer, firsts.values())
    everything = zip(parts, barred, strict=True)
    if verdicts := [verdict for part, theirs in everything for verdict in (*part.verdicts, *theirs)]:
        kept = await writer.connection.fetch(
            _VERDICTS, writer.tenant_id, *_verdict_columns(writer.tenant_id, verdicts)
        )
        shown = [shown_verdict(row) for row in kept[:SHOWN]]
        await writer.announce("cdp_verdict", {"verdicts": shown, "of": len(verdicts)})
    await _count(writer, parts, accepted, [len(each) for each in barred], sample_of(firsts.values()))
    return Written(accepted, barred)


def _barred(part: Part, erased: Collection[str]) -> list[Verdict]:
    """The verdict keeps nothing of the event: to keep it would be to let it in."""
    return [
        Verdict(
            part.delivery,
            row.message_id,
            row.event_name,
            VerdictCode.ERASED,
            "it is from before its person was erased",
            b"",
        )
        for row in part.rows
        if row.message_id in erased
    ]


def _accepted(part: Part, new: Mapping[str, Row]) -> int:
    return sum(new.get(row[0]) is row for row in part.rows)


async def _tell(writer: TenantWriter, new: Collection[Row]) -> None:
    """Have whose they are found out, and what follows from them done, unless a task is at it already."""
    if not new:
        return
    await writer.enqueue("cdp.identity.resolve", {}, queue="cdp", unless_pending=True)
    await writer.enqueue("cdp.events.accepted", {}, queue="cdp", unless_pending=True)


def _verdict_columns(tenant_id: int, verdicts: Sequence[Verdict]) -> Sequence[Sequence[Any]]:
    """The columns of `_VERDICTS`; the same event refused several times is one row."""
    times: dict[bytes, int] = {}
    firsts: dict[bytes, Verdict] = {}
    for verdict in verdicts:
        text = verdict.payload.decode("latin-1")
        mark = keyed_hash(
            f"{verdict.delivery.source_id}|{verdict.delivery.dialect}|{verdict.code}|{text or verdict.message_id}",
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
    gpc: bool = False
    contact_suffices: bool = False


def sealed_payload(verdict: Verdict, tenant_id: int) -> bytes | None:
    """None where the event is too large to keep, or may not be: it can be read about, and not replayed."""
    if not 0 < len(verdict.payload) <= _KEPT_BYTES:
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
        delivery.gpc,
        delivery.contact_suffices,
    )
    return seal(msgspec.json.encode(kept).decode(), purpose=VERDICT_PURPOSE, tenant_id=tenant_id)


def kept_payload(sealed: bytes, tenant_id: int) -> Kept:
    return msgspec.json.decode(unseal(sealed, purpose=VERDICT_PURPOSE, tenant_id=tenant_id), type=Kept)


async def _count(
    writer: TenantWriter,
    parts: Sequence[Part],
    accepted: Sequence[int],
    barred: Sequence[int],
    sample: Sample | None,
) -> None:
    counts: dict[UUID, _Count] = {}
    for part, new, erased in zip(parts, accepted, barred, strict=True):
        tally = counts.setdefault(part.delivery.source_id or NO_SOURCE, _Count())
        tally.at = max(tally.at, part.delivery.received_at)
        tally.accepted += new
        tally.duplicates += len(part.rows) - new - erased
        tally.rejected += len(part.verdicts) + erased
        if new:
            tally.newest = max(tally.newest or tally.at, part.delivery.received_at)
    columns = [
        (tally.at, source_id, tally.accepted, tally.duplicates, tally.rejected, tally.newest)
        for source_id, tally in counts.items()
    ]
    said = (None, None, None) if sample is None else (sample.said, sample.received_at, sample.event_ids)
    await writer.connection.execute(
        _COUNTS, writer.tenant_id, _SHARD, *zip(*columns, strict=True), uuid7(), *said
    )
