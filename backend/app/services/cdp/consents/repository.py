from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.db.session import TenantScope
from app.db.utils import newest_first
from app.models.cdp.consents import (
    CdpConsentReceipt,
    CdpConsentSettings,
    CdpConsentString,
    CdpConsentSummary,
)
from app.models.cdp.identity import CdpIdentifier
from app.services.cdp.consents.rules import Decision, Purpose, Receipt, Source

_SPEAKING = """
SELECT id, message_id, person_key, event_time, received_at,
  jsonb_build_object('consent', context -> 'consent', 'gpc', context -> 'gpc', 'tcf', context -> 'tcf',
    'gpp', context -> 'gpp')::text
FROM cdp_events
WHERE tenant_id = $1 AND received_at BETWEEN $2 AND $3 AND person_key IS NOT NULL
  AND context ?| ARRAY['consent', 'gpc', 'tcf', 'gpp']
"""
_RECEIPTS = """
INSERT INTO cdp_consent_receipts (tenant_id, recorded_at, id, person_key, purpose, decision, at, source,
  wording_version, proof, message_id, event_id, asserted_by)
SELECT $1, $2, id, person_key, purpose, decision, at, source, wording_version, proof::jsonb, message_id, event_id,
  asserted_by
FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::timestamptz[], $8::text[], $9::text[], $10::text[],
  $11::text[], $12::uuid[], $13::text[])
AS new (id, person_key, purpose, decision, at, source, wording_version, proof, message_id, event_id, asserted_by)
ORDER BY id
ON CONFLICT DO NOTHING
"""
_FOLD = """
INSERT INTO cdp_consents AS old (tenant_id, person_key, purpose, granted_at, granted_source, refused_at,
  refused_source)
SELECT $1, * FROM unnest($2::uuid[], $3::text[], $4::timestamptz[], $5::text[], $6::timestamptz[], $7::text[])
AS new (person_key, purpose, granted_at, granted_source, refused_at, refused_source)
ORDER BY 2, 3
ON CONFLICT (tenant_id, person_key, purpose) DO UPDATE SET
  granted_source = CASE WHEN (excluded.granted_at, excluded.granted_source) > (old.granted_at, old.granted_source)
    OR old.granted_at IS NULL THEN excluded.granted_source ELSE old.granted_source END,
  granted_at = greatest(old.granted_at, excluded.granted_at),
  refused_source = CASE WHEN (excluded.refused_at, excluded.refused_source) > (old.refused_at, old.refused_source)
    OR old.refused_at IS NULL THEN excluded.refused_source ELSE old.refused_source END,
  refused_at = greatest(old.refused_at, excluded.refused_at)
"""
_STRINGS = """
INSERT INTO cdp_consent_strings AS old (tenant_id, person_key, kind, value, at, message_id)
SELECT $1, * FROM unnest($2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::text[])
AS new (person_key, kind, value, at, message_id)
ORDER BY 2, 3
ON CONFLICT (tenant_id, person_key, kind) DO UPDATE SET value = excluded.value, at = excluded.at,
  message_id = excluded.message_id
WHERE (excluded.at, excluded.message_id) > (old.at, old.message_id)
"""
# What anybody of the same profile said counts for each of its identifiers; one that is not resolved yet speaks for
# itself. Each by its key, whatever the planner may think of the tables' sizes; the key is made first, since row-level
# security lets no index use a coalesce, and all that the company holds would be read for each of them.
_OF_KEYS = """
SELECT DISTINCT asked.key, c.purpose, c.granted_at, c.granted_source, c.refused_at, c.refused_source
FROM unnest($2::uuid[]) AS asked (key)
LEFT JOIN LATERAL (
  SELECT profile_id FROM cdp_identifiers WHERE tenant_id = $1 AND key = asked.key OFFSET 0) AS own ON true
LEFT JOIN LATERAL (
  SELECT key FROM cdp_identifiers WHERE tenant_id = $1 AND profile_id = own.profile_id OFFSET 0) AS other ON true
CROSS JOIN LATERAL (SELECT coalesce(other.key, asked.key) AS key OFFSET 0) AS theirs
CROSS JOIN LATERAL (SELECT * FROM cdp_consents WHERE tenant_id = $1 AND person_key = theirs.key OFFSET 0) AS c
"""
# The last word of each person counts, of two at the same time the refusal.
_SUMMARY = """
WITH said AS (
  SELECT i.profile_id, c.purpose, max(c.granted_at) AS granted_at, max(c.refused_at) AS refused_at
  FROM cdp_consents AS c JOIN cdp_identifiers AS i ON i.tenant_id = c.tenant_id AND i.key = c.person_key
  JOIN cdp_profiles AS p ON p.tenant_id = i.tenant_id AND p.id = i.profile_id
  WHERE c.tenant_id = $1 GROUP BY i.profile_id, c.purpose
)
SELECT purpose, count(*) FILTER (WHERE refused_at IS NULL OR granted_at > refused_at),
  count(*) FILTER (WHERE granted_at IS NULL OR granted_at <= refused_at),
  (SELECT count(*) FROM cdp_profiles WHERE tenant_id = $1)
FROM said GROUP BY purpose
UNION ALL SELECT NULL, 0, 0, count(*) FROM cdp_profiles WHERE tenant_id = $1
"""


@dataclass(frozen=True, slots=True)
class Speaking:
    """An event that says something of consent."""

    id: UUID
    message_id: str
    person_key: UUID
    at: datetime
    context: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """A receipt as it is kept."""

    id: UUID
    person_key: UUID
    receipt: Receipt
    wording_version: str | None
    proof: Mapping[str, Any]
    message_id: str | None = None
    event_id: UUID | None = None
    asserted_by: str | None = None


class ConsentRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._session = scope.session
        self._tenant_id = scope.tenant_id

    async def speaking(self, received_from: datetime, received_to: datetime) -> list[Speaking]:
        """Events received then that say something; none is believed to be later than it was received."""
        driver = await self._scope.driver()
        rows = await driver.fetch(_SPEAKING, self._tenant_id, received_from, received_to)
        return [
            Speaking(row[0], row[1], row[2], min(row[3], row[4]), msgspec.json.decode(row[5])) for row in rows
        ]

    async def record(self, rows: Sequence[ReceiptRow], at: datetime) -> None:
        """Keep receipts, each once, and fold them into the registers."""
        if not rows:
            return
        driver = await self._scope.driver()
        kept = [
            (
                row.id,
                row.person_key,
                row.receipt.purpose.value,
                row.receipt.decision.value,
                row.receipt.at,
                row.receipt.source.value,
                row.wording_version,
                msgspec.json.encode(row.proof).decode(),
                row.message_id,
                row.event_id,
                row.asserted_by,
            )
            for row in {row.id: row for row in rows}.values()
        ]
        await driver.execute(_RECEIPTS, self._tenant_id, at, *_turned(kept))
        await driver.execute(_FOLD, self._tenant_id, *_turned(_folded(rows)))

    async def keep_strings(self, rows: Iterable[tuple[UUID, str, str, datetime, str]]) -> None:
        """`(person_key, kind, value, at, message_id)`; the last of an identifier stays."""
        last: dict[tuple[UUID, str], tuple[UUID, str, str, datetime, str]] = {}
        for row in sorted(rows, key=lambda row: (row[3], row[4])):
            last[row[0], row[1]] = row
        if last:
            driver = await self._scope.driver()
            await driver.execute(_STRINGS, self._tenant_id, *_turned(list(last.values())))

    async def said_by(self, keys: Iterable[UUID]) -> dict[UUID, list[Receipt]]:
        """The last words of the people whom these identifiers belong to, by identifier."""
        wanted = sorted(set(keys))
        driver = await self._scope.driver()
        said: dict[UUID, list[Receipt]] = {}
        for key, purpose, granted_at, granted_by, refused_at, refused_by in await driver.fetch(
            _OF_KEYS, self._tenant_id, wanted
        ):
            held = said.setdefault(key, [])
            if granted_at is not None:
                held.append(Receipt(Purpose(purpose), Decision.GRANTED, granted_at, Source(granted_by)))
            if refused_at is not None:
                held.append(Receipt(Purpose(purpose), Decision.REFUSED, refused_at, Source(refused_by)))
        return said

    async def receipts(
        self, profile_id: UUID, *, cursor: str | None, limit: int
    ) -> tuple[Sequence[CdpConsentReceipt], str | None]:
        return await newest_first(
            self._session,
            select(CdpConsentReceipt).where(CdpConsentReceipt.person_key.in_(self._keys_of(profile_id))),
            at=CdpConsentReceipt.at,
            id=CdpConsentReceipt.id,
            cursor=cursor,
            limit=limit,
        )

    async def strings(self, profile_id: UUID) -> Sequence[CdpConsentString]:
        statement = (
            select(CdpConsentString)
            .where(CdpConsentString.person_key.in_(self._keys_of(profile_id)))
            .order_by(CdpConsentString.at.desc(), CdpConsentString.person_key, CdpConsentString.kind)
        )
        return (await self._session.scalars(statement)).all()

    def _keys_of(self, profile_id: UUID) -> Any:
        return select(CdpIdentifier.key).where(
            CdpIdentifier.tenant_id == self._tenant_id, CdpIdentifier.profile_id == profile_id
        )

    async def count_people(self) -> tuple[int, dict[str, tuple[int, int]]]:
        """How many people there are, and how many of them granted and refused each purpose; by one statement."""
        rows = await (await self._scope.driver()).fetch(_SUMMARY, self._tenant_id)
        people = int(next(row[3] for row in rows))
        return people, {row[0]: (int(row[1]), int(row[2])) for row in rows if row[0] is not None}

    async def summary(self) -> CdpConsentSummary | None:
        found: CdpConsentSummary | None = await self._session.scalar(
            select(CdpConsentSummary)
            .where(CdpConsentSummary.tenant_id == self._tenant_id)
            .execution_options(populate_existing=True)
        )
        return found

    async def save_summary(self, people: int, purposes: Mapping[str, Any], at: datetime) -> None:
        values = {"people": people, "purposes": dict(purposes), "computed_at": at}
        statement = insert(CdpConsentSummary).values(tenant_id=self._tenant_id, **values)
        await self._session.execute(
            statement.on_conflict_do_update(index_elements=[CdpConsentSummary.tenant_id], set_=values)
        )

    async def settings(self) -> CdpConsentSettings | None:
        found: CdpConsentSettings | None = await self._session.scalar(
            select(CdpConsentSettings)
            .where(CdpConsentSettings.tenant_id == self._tenant_id)
            .execution_options(populate_existing=True)
        )
        return found

    async def save_settings(
        self, policy: Mapping[str, Any], categories: Mapping[str, Any], *, by: str, at: datetime
    ) -> None:
        values = {
            "policy": dict(policy),
            "categories": dict(categories),
            "updated_by": by,
            "updated_at": at,
        }
        statement = insert(CdpConsentSettings).values(tenant_id=self._tenant_id, **values)
        await self._session.execute(
            statement.on_conflict_do_update(
                index_elements=[CdpConsentSettings.tenant_id],
                set_={**values, "version": CdpConsentSettings.version + 1},
            )
        )


def _folded(rows: Iterable[ReceiptRow]) -> list[tuple[Any, ...]]:
    """One row for each identifier and purpose: its last grant and its last refusal."""
    last: dict[tuple[UUID, Purpose], dict[Decision, tuple[datetime, Source]]] = {}
    for row in rows:
        said = last.setdefault((row.person_key, row.receipt.purpose), {})
        new = (row.receipt.at, row.receipt.source)
        said[row.receipt.decision] = max(new, said.get(row.receipt.decision, new))
    nothing = (None, None)
    return [
        (key, purpose.value, *said.get(Decision.GRANTED, nothing), *said.get(Decision.REFUSED, nothing))
        for (key, purpose), said in last.items()
    ]


def _turned(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Rows as columns."""
    return [list(column) for column in zip(*rows, strict=True)]
