"""Who is, or may be, in an audience: whole sets at a time, by keyset, so that no audience is ever held whole."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.db.session import TenantScope
from app.services.cdp.audience_sync.rules import Leaving, Remembered, State, Why

_PAGE = """
WITH page AS (
  SELECT profile_id FROM (
    (SELECT profile_id FROM cdp_segment_members
     WHERE tenant_id = $1 AND segment_id = $2 AND profile_id > $4 ORDER BY profile_id LIMIT $5)
    UNION
    (SELECT profile_id FROM cdp_audience_members
     WHERE tenant_id = $1 AND audience_id = $3 AND profile_id > $4 ORDER BY profile_id LIMIT $5)
  ) AS whoever ORDER BY profile_id LIMIT $5)
SELECT page.profile_id, s.profile_id IS NOT NULL, p.version, p.updated_at, m.state, m.fingerprint, m.tried_at,
  m.sent_at, m.reason, m.profile_version, m.profile_at, m.country
FROM page
LEFT JOIN cdp_segment_members AS s
  ON s.tenant_id = $1 AND s.segment_id = $2 AND s.profile_id = page.profile_id
LEFT JOIN cdp_profiles AS p ON p.tenant_id = $1 AND p.id = page.profile_id
LEFT JOIN cdp_audience_members AS m
  ON m.tenant_id = $1 AND m.audience_id = $3 AND m.profile_id = page.profile_id
ORDER BY page.profile_id
"""
_LEAVING = """
SELECT count(*), count(*) FILTER (WHERE s.profile_id IS NULL AND p.id IS NOT NULL)
FROM cdp_audience_members AS m
LEFT JOIN cdp_segment_members AS s
  ON s.tenant_id = $1 AND s.segment_id = $3 AND s.profile_id = m.profile_id
LEFT JOIN cdp_profiles AS p ON p.tenant_id = $1 AND p.id = m.profile_id
WHERE m.tenant_id = $1 AND m.audience_id = $2
  AND (m.state = 'there' OR (m.state = 'adding' AND m.tried_at IS NOT NULL))
"""
_MERGED = """
SELECT asked.id FROM unnest($2::uuid[]) AS asked (id)
WHERE EXISTS (SELECT FROM cdp_identifiers AS i WHERE i.tenant_id = $1 AND i.key = asked.id)
"""
_ADD = """
INSERT INTO cdp_audience_members (tenant_id, audience_id, state, queued_at, profile_id, sealed, keys, fingerprint,
  profile_version, profile_at, country, because, consent_at)
SELECT $1, $2, 'adding', $3, new.profile_id, new.sealed, string_to_array(new.keys, ',')::uuid[], new.fingerprint,
  new.profile_version, new.profile_at, new.country, new.because, new.consent_at
FROM unnest($4::uuid[], $5::bytea[], $6::text[], $7::bytea[], $8::int[], $9::timestamptz[], $10::text[],
  $11::text[], $12::timestamptz[]) AS new (profile_id, sealed, keys, fingerprint, profile_version, profile_at, country,
  because, consent_at)
ON CONFLICT (tenant_id, audience_id, profile_id) DO UPDATE SET state = 'adding', reason = NULL,
  sealed = excluded.sealed, keys = excluded.keys, fingerprint = excluded.fingerprint,
  profile_version = excluded.profile_version, profile_at = excluded.profile_at, country = excluded.country,
  because = excluded.because, consent_at = excluded.consent_at, queued_at = excluded.queued_at
WHERE cdp_audience_members.state = 'adding' AND cdp_audience_members.tried_at IS NULL
"""
# What was sent stays as it is until it is taken out; then this takes its place.
_REPLACE = """
UPDATE cdp_audience_members AS m SET state = 'removing', reason = 'changed', next_sealed = new.sealed,
  next_keys = string_to_array(new.keys, ',')::uuid[], next_fingerprint = new.fingerprint,
  profile_version = new.profile_version, profile_at = new.profile_at, country = new.country, because = new.because,
  consent_at = new.consent_at, queued_at = $3
FROM unnest($4::uuid[], $5::bytea[], $6::text[], $7::bytea[], $8::int[], $9::timestamptz[], $10::text[],
  $11::text[], $12::timestamptz[]) AS new (profile_id, sealed, keys, fingerprint, profile_version, profile_at, country,
  because, consent_at)
WHERE m.tenant_id = $1 AND m.audience_id = $2 AND m.profile_id = new.profile_id
"""
_NOTE = """
UPDATE cdp_audience_members AS m SET profile_version = new.profile_version, profile_at = new.profile_at,
  country = new.country, because = new.because, consent_at = new.consent_at,
  state = CASE WHEN new.again THEN 'adding' ELSE m.state END, reason = CASE WHEN new.again THEN NULL ELSE m.reason END,
  next_sealed = NULL, next_keys = NULL, next_fingerprint = NULL
FROM unnest($3::uuid[], $4::int[], $5::timestamptz[], $6::text[], $7::text[], $8::timestamptz[], $9::bool[])
  AS new (profile_id, profile_version, profile_at, country, because, consent_at, again)
WHERE m.tenant_id = $1 AND m.audience_id = $2 AND m.profile_id = new.profile_id
  AND (m.reason IS DISTINCT FROM 'erased')
"""
_REMOVE = """
UPDATE cdp_audience_members AS m SET state = 'removing', reason = new.reason, queued_at = $3, next_sealed = NULL,
  next_keys = NULL, next_fingerprint = NULL
FROM unnest($4::uuid[], $5::text[]) AS new (profile_id, reason)
WHERE m.tenant_id = $1 AND m.audience_id = $2 AND m.profile_id = new.profile_id
  AND m.reason IS DISTINCT FROM 'erased'
"""
_FORGET = """
DELETE FROM cdp_audience_members WHERE tenant_id = $1 AND audience_id = $2 AND profile_id = ANY($3::uuid[])
  AND state = 'adding' AND tried_at IS NULL
"""
_NEXT = """
SELECT m.profile_id, m.sealed, m.country, m.tried_at, p.id IS NOT NULL
FROM cdp_audience_members AS m LEFT JOIN cdp_profiles AS p ON p.tenant_id = $1 AND p.id = m.profile_id
WHERE m.tenant_id = $1 AND m.audience_id = $2 AND m.state = $3 AND m.profile_id > $4
ORDER BY m.profile_id LIMIT $5 FOR UPDATE OF m
"""
_NEXT_WHOLE = """
SELECT m.profile_id, m.sealed, m.country, m.tried_at, p.id IS NOT NULL
FROM cdp_audience_members AS m LEFT JOIN cdp_profiles AS p ON p.tenant_id = $1 AND p.id = m.profile_id
WHERE m.tenant_id = $1 AND m.audience_id = $2 AND m.state IN ('there', 'adding') AND m.profile_id > $3
ORDER BY m.profile_id LIMIT $4 FOR UPDATE OF m
"""
_TRY = """
UPDATE cdp_audience_members SET tried_at = coalesce(tried_at, $3), run_id = $4
WHERE tenant_id = $1 AND audience_id = $2 AND profile_id = ANY($5::uuid[])
"""
_TOOK = """
UPDATE cdp_audience_members SET state = 'there', reason = NULL, sent_at = $3
WHERE tenant_id = $1 AND audience_id = $2 AND run_id = $4 AND state = 'adding' AND profile_id = ANY($5::uuid[])
"""
# Whoever has such an identifier now may have lost it there: they are sent again.
_GONE = """
WITH gone AS (
  DELETE FROM cdp_audience_members WHERE tenant_id = $1 AND audience_id = $2 AND profile_id = ANY($3::uuid[])
    AND state = 'removing' AND next_sealed IS NULL RETURNING profile_id, keys),
renewed AS (
  UPDATE cdp_audience_members AS m SET state = 'adding', reason = NULL, sealed = m.next_sealed, keys = m.next_keys,
    fingerprint = m.next_fingerprint, next_sealed = NULL, next_keys = NULL, next_fingerprint = NULL,
    tried_at = NULL, sent_at = NULL
  FROM cdp_audience_members AS before
  WHERE m.tenant_id = $1 AND m.audience_id = $2 AND m.profile_id = ANY($3::uuid[]) AND m.state = 'removing'
    AND m.next_sealed IS NOT NULL AND before.tenant_id = $1 AND before.audience_id = $2
    AND before.profile_id = m.profile_id
  RETURNING m.profile_id, before.keys),
owners AS (
  SELECT DISTINCT i.profile_id FROM (SELECT unnest(keys) AS key FROM gone UNION SELECT unnest(keys) FROM renewed) AS k
  JOIN cdp_identifiers AS i ON i.tenant_id = $1 AND i.key = k.key),
again AS (
  UPDATE cdp_audience_members AS m SET state = 'adding' FROM owners
  WHERE m.tenant_id = $1 AND m.audience_id = $2 AND m.profile_id = owners.profile_id AND m.state = 'there'
    AND m.profile_id <> ALL($3::uuid[]) RETURNING m.profile_id)
SELECT (SELECT count(*) FROM gone), (SELECT count(*) FROM renewed), (SELECT count(*) FROM again)
"""
_RENEW_ALL = """
UPDATE cdp_audience_members SET state = 'adding', reason = NULL, sealed = next_sealed, keys = next_keys,
  fingerprint = next_fingerprint, next_sealed = NULL, next_keys = NULL, next_fingerprint = NULL
WHERE tenant_id = $1 AND audience_id = $2 AND state = 'removing' AND next_sealed IS NOT NULL
"""
_RESEND_ALL = """
UPDATE cdp_audience_members SET state = 'adding' WHERE tenant_id = $1 AND audience_id = $2 AND state = 'there'
"""
_REPLACED = """
WITH gone AS (
  DELETE FROM cdp_audience_members WHERE tenant_id = $1 AND audience_id = $2 AND state = 'removing'
    AND run_id IS DISTINCT FROM $4 RETURNING 1),
there AS (
  UPDATE cdp_audience_members SET state = 'there', reason = NULL, sent_at = $3
  WHERE tenant_id = $1 AND audience_id = $2 AND state IN ('adding', 'there') AND run_id = $4 RETURNING 1)
SELECT (SELECT count(*) FROM gone), (SELECT count(*) FROM there)
"""
_START_OVER = """
WITH gone AS (
  DELETE FROM cdp_audience_members WHERE tenant_id = $1 AND audience_id = $2 AND state = 'removing'
    AND next_sealed IS NULL RETURNING 1)
UPDATE cdp_audience_members SET state = 'adding', reason = NULL, sealed = coalesce(next_sealed, sealed),
  keys = coalesce(next_keys, keys), fingerprint = coalesce(next_fingerprint, fingerprint), next_sealed = NULL,
  next_keys = NULL, next_fingerprint = NULL, tried_at = NULL, sent_at = NULL, run_id = NULL
WHERE tenant_id = $1 AND audience_id = $2 AND (state <> 'removing' OR next_sealed IS NOT NULL)
"""
_COUNTS = """
SELECT state, count(*) FROM cdp_audience_members WHERE tenant_id = $1 AND audience_id = $2 GROUP BY state
"""
_WITHDRAWN = """
SELECT DISTINCT m.profile_id, m.country FROM cdp_audience_members AS m
JOIN cdp_identifiers AS i ON i.tenant_id = $1 AND i.profile_id = m.profile_id
JOIN cdp_consents AS c ON c.tenant_id = $1 AND c.person_key = i.key AND c.purpose = 'ads'
WHERE m.tenant_id = $1 AND m.audience_id = $2 AND m.state <> 'removing' AND c.refused_at IS NOT NULL
  AND (c.granted_at IS NULL OR c.refused_at >= c.granted_at) ORDER BY m.profile_id
"""
_BURY = """
WITH theirs AS (
  UPDATE cdp_audience_members SET state = 'removing', reason = 'erased', next_sealed = NULL, next_keys = NULL,
    next_fingerprint = NULL
  WHERE tenant_id = $1 AND profile_id = ANY($2::uuid[]) AND (state <> 'adding' OR tried_at IS NOT NULL)
  RETURNING audience_id),
unsent AS (
  DELETE FROM cdp_audience_members WHERE tenant_id = $1 AND profile_id = ANY($2::uuid[]) AND state = 'adding'
    AND tried_at IS NULL RETURNING 1)
SELECT audience_id, count(*) FROM theirs GROUP BY audience_id ORDER BY audience_id
"""
_WAIT_ERASED = """
SELECT count(*) FROM cdp_audience_members
WHERE tenant_id = $1 AND audience_id = $2 AND profile_id = ANY($3::uuid[])
"""
_OF_PROFILE = """
SELECT a.name, a.platform, m.state, m.sent_at, m.because, m.consent_at
FROM cdp_audience_members AS m JOIN cdp_audiences AS a ON a.tenant_id = $1 AND a.id = m.audience_id
WHERE m.tenant_id = $1 AND m.profile_id = $2 ORDER BY a.name, a.id
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """A person of the segment or of the audience: what both say, and what was last looked at."""

    profile_id: UUID
    in_segment: bool
    version: int | None
    at: datetime | None
    known: Remembered | None
    known_version: int | None
    known_at: datetime | None
    country: str | None

    @property
    def is_unchanged(self) -> bool:
        return self.known is not None and (self.version, self.at) == (self.known_version, self.known_at)


@dataclass(frozen=True, slots=True)
class Queued:
    """Entries that are to be sent of a person, and why that is allowed."""

    profile_id: UUID
    sealed: bytes
    keys: Sequence[UUID]
    fingerprint: bytes
    version: int
    at: datetime
    country: str | None
    because: str
    consent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Noted:
    """Somebody whose entries stay as they are; `again`: they are sent once more."""

    profile_id: UUID
    version: int
    at: datetime
    country: str | None
    because: str
    consent_at: datetime | None
    again: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody in a queue."""

    profile_id: UUID
    sealed: bytes
    country: str | None
    was_tried: bool
    is_somebody: bool
    """Whether there still is such a profile."""


class MemberRepository:
    def __init__(self, scope: TenantScope, audience_id: UUID) -> None:
        self._scope = scope
        self._tenant_id = scope.tenant_id
        self._audience_id = audience_id

    async def _fetch(self, sql: str, *values: Any) -> list[Any]:
        found: list[Any] = await (await self._scope.driver()).fetch(
            sql, self._tenant_id, self._audience_id, *values
        )
        return found

    async def page(self, segment_id: UUID, after: UUID, most: int) -> list[Standing]:
        driver = await self._scope.driver()
        rows = await driver.fetch(_PAGE, self._tenant_id, segment_id, self._audience_id, after, most)
        return [
            Standing(
                row[0],
                row[1],
                row[2],
                row[3],
                None if row[4] is None else Remembered(State(row[4]), row[5], row[6], row[7], row[8]),
                row[9],
                row[10],
                row[11],
            )
            for row in rows
        ]

    async def leaving(self, segment_id: UUID) -> Leaving:
        """Who is no member of the segment any more, of those who may be there; both may be nobody."""
        [(standing, leaving)] = await self._fetch(_LEAVING, segment_id)
        return Leaving(leaving, standing)

    async def merged(self, profile_ids: Sequence[UUID]) -> set[UUID]:
        """Of those that are no profiles any more, the ones that others have become."""
        driver = await self._scope.driver()
        return {row[0] for row in await driver.fetch(_MERGED, self._tenant_id, list(profile_ids))}

    async def add(self, people: Sequence[Queued], now: datetime) -> None:
        await self._put(_ADD, people, now)

    async def replace(self, people: Sequence[Queued], now: datetime) -> None:
        await self._put(_REPLACE, people, now)

    async def _put(self, sql: str, people: Sequence[Queued], now: datetime) -> None:
        if not people:
            return
        rows = [
            (
                each.profile_id,
                each.sealed,
                ",".join(map(str, each.keys)),
                each.fingerprint,
                each.version,
                each.at,
                each.country,
                each.because,
                each.consent_at,
            )
            for each in people
        ]
        await self._fetch(sql, now, *_turned(rows))

    async def note(self, people: Sequence[Noted]) -> None:
        if people:
            rows = [
                (e.profile_id, e.version, e.at, e.country, e.because, e.consent_at, e.again) for e in people
            ]
            await self._fetch(_NOTE, *_turned(rows))

    async def remove(self, people: Sequence[tuple[UUID, Why]], now: datetime) -> None:
        if people:
            await self._fetch(_REMOVE, now, [each[0] for each in people], [each[1].value for each in people])

    async def forget(self, profile_ids: Sequence[UUID]) -> None:
        if profile_ids:
            await self._fetch(_FORGET, list(profile_ids))

    async def next_of(self, state: State, after: UUID, most: int) -> list[Waiting]:
        rows = await self._fetch(_NEXT, state.value, after, most)
        return [Waiting(row[0], row[1], row[2], row[3] is not None, row[4]) for row in rows]

    async def next_of_whole(self, after: UUID, most: int) -> list[Waiting]:
        rows = await self._fetch(_NEXT_WHOLE, after, most)
        return [Waiting(row[0], row[1], row[2], row[3] is not None, row[4]) for row in rows]

    async def tried(self, profile_ids: Sequence[UUID], run_id: UUID, now: datetime) -> None:
        await self._fetch(_TRY, now, run_id, list(profile_ids))

    async def took(self, profile_ids: Sequence[UUID], run_id: UUID, now: datetime) -> None:
        await self._fetch(_TOOK, now, run_id, list(profile_ids))

    async def gone(self, profile_ids: Sequence[UUID]) -> None:
        """They were taken out: forgotten, or about to be added as they are called now."""
        await self._fetch(_GONE, list(profile_ids))

    async def renew_all(self) -> None:
        await self._fetch(_RENEW_ALL)

    async def resend_all(self) -> None:
        """Whoever is there is sent once more."""
        await self._fetch(_RESEND_ALL)

    async def start_over(self) -> None:
        """The audience is gone at the platform, with all who were in it."""
        await self._fetch(_START_OVER)

    async def replaced(self, run_id: UUID, now: datetime) -> tuple[int, int]:
        """The audience is what this run sent: how many went, and how many are there."""
        [(gone, there)] = await self._fetch(_REPLACED, now, run_id)
        return gone, there

    async def counts(self) -> dict[State, int]:
        found = {State(row[0]): int(row[1]) for row in await self._fetch(_COUNTS)}
        return {state: found.get(state, 0) for state in State}

    async def withdrawn(self) -> list[tuple[UUID, str | None]]:
        """Who may have refused since; the last word is to be asked for."""
        return [(row[0], row[1]) for row in await self._fetch(_WITHDRAWN)]

    async def still_there(self, profile_ids: Iterable[UUID]) -> int:
        return int((await self._fetch(_WAIT_ERASED, list(profile_ids)))[0][0])


async def bury(scope: TenantScope, keys: Sequence[UUID]) -> dict[UUID, int]:
    """Have these people taken out of every audience; of each, how many may be there."""
    rows = await (await scope.driver()).fetch(_BURY, scope.tenant_id, list(keys))
    return {row[0]: int(row[1]) for row in rows}


async def audiences_of(scope: TenantScope, profile_id: UUID) -> list[dict[str, Any]]:
    rows = await (await scope.driver()).fetch(_OF_PROFILE, scope.tenant_id, profile_id)
    names = ("audience", "platform", "state", "sent_at", "because", "consent_at")
    return [dict(zip(names, row, strict=True)) for row in rows]


def _turned(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Rows as columns."""
    return [list(column) for column in zip(*rows, strict=True)]
