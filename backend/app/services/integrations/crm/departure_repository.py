"""Contacts that are no longer there: taken out of what is told and written, and put back if they return."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, tuple_

from app.core.clock import real_now
from app.db.session import TenantScope
from app.models.integrations.crm import CrmDeparture, CrmDepartureKey
from app.services.integrations.crm.ports import Gone

# What an erasure has promised to empty stays queued: it is the writer's to settle.
_LEFT = """
WITH said AS (
  SELECT * FROM unnest($3::text[], $4::timestamptz[], $5::text[], $6::text[]) AS s (id, at, why, merged_into)
), left_now AS (
  DELETE FROM crm_contacts AS c USING said WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.external_id = said.id
  RETURNING c.external_id, c.keys, c.fields, said.at, said.why, said.merged_into
), unqueued AS (
  DELETE FROM crm_writes AS w USING left_now AS l WHERE w.tenant_id = $1 AND w.account_id = $2
    AND w.kind = 'contacts' AND w.external_id = l.external_id AND w.request_id IS NULL
)
INSERT INTO crm_departures AS old
  (tenant_id, account_id, external_id, why, merged_into, gone_at, noticed_at, keys, fields)
SELECT $1, $2, l.external_id, l.why, l.merged_into, l.at, $7, l.keys, l.fields FROM left_now AS l ORDER BY 3
ON CONFLICT (account_id, external_id, tenant_id) DO UPDATE SET why = excluded.why,
  merged_into = excluded.merged_into, gone_at = excluded.gone_at, noticed_at = excluded.noticed_at,
  keys = excluded.keys, fields = excluded.fields
RETURNING external_id
"""
# A deletion is often told twice: as one, and as one that the law wants.
_SAID_MORE = """
UPDATE crm_departures AS d SET why = s.why, merged_into = coalesce(s.merged_into, d.merged_into)
FROM unnest($3::text[], $4::text[], $5::text[]) AS s (id, why, merged_into)
WHERE d.tenant_id = $1 AND d.account_id = $2 AND d.external_id = s.id AND s.why <> 'deleted' AND d.why <> 'privacy'
"""
_KEEP_KEYS = """
WITH theirs AS (
  SELECT d.external_id, k.key FROM crm_departures AS d, unnest(d.keys) AS k (key)
  WHERE d.tenant_id = $1 AND d.account_id = $2 AND d.external_id = ANY($3::text[])
), gone AS (
  DELETE FROM crm_departure_keys AS k WHERE k.tenant_id = $1 AND k.account_id = $2 AND k.external_id = ANY($3::text[])
    AND NOT EXISTS (SELECT FROM theirs AS t WHERE t.external_id = k.external_id AND t.key = k.key)
)
INSERT INTO crm_departure_keys (tenant_id, account_id, key, external_id)
SELECT DISTINCT $1, $2, t.key, t.external_id FROM theirs AS t ON CONFLICT DO NOTHING
"""
# Whose event was refused is not known here: what was agreed of them, and whom they name, stays where it is.
_RETURNED = """
WITH back AS (
  DELETE FROM crm_departures AS d USING crm_contacts AS c
  WHERE d.tenant_id = $1 AND d.account_id = $2 AND d.external_id = ANY($3::text[])
    AND c.tenant_id = d.tenant_id AND c.account_id = d.account_id AND c.external_id = d.external_id
  RETURNING d.external_id, d.fields
)
UPDATE crm_contacts AS c SET fields = back.fields || c.fields FROM back
WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.external_id = back.external_id
"""


@dataclass(frozen=True, slots=True)
class Departed:
    """Of a contact that was gone: its account, its id there, and the hashed identifiers that it named."""

    account_id: UUID
    external_id: str
    keys: Sequence[UUID]


class Departures:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._session = scope.session

    async def left(self, account_id: UUID, gone: Sequence[Gone]) -> int:
        """How many of these were told of until now; the others are nothing to us."""
        if not gone:
            return 0
        driver = await self._scope.driver()
        ids, whys = [each.id for each in gone], [_why(each) for each in gone]
        into = [each.merged_into for each in gone]
        at = [each.at for each in gone]
        await driver.execute(_SAID_MORE, self._scope.tenant_id, account_id, ids, whys, into)
        rows = await driver.fetch(_LEFT, self._scope.tenant_id, account_id, ids, at, whys, into, real_now())
        await driver.execute(_KEEP_KEYS, self._scope.tenant_id, account_id, [row[0] for row in rows])
        return len(rows)

    async def returned(self, account_id: UUID, ids: Collection[str]) -> None:
        """These are there: what was agreed counts again of those that were gone and are known once more."""
        driver = await self._scope.driver()
        await driver.execute(_RETURNED, self._scope.tenant_id, account_id, list(ids))

    async def keys(self, account_id: UUID, ids: Collection[str]) -> dict[str, list[UUID]]:
        """By contact, the hashed identifiers that it named."""
        statement = select(CrmDeparture.external_id, CrmDeparture.keys).where(
            CrmDeparture.account_id == account_id, CrmDeparture.external_id.in_(ids)
        )
        return {row[0]: list(row[1]) for row in await self._session.execute(statement)}

    async def gone_at(self, account_id: UUID, ids: Collection[str]) -> dict[str, datetime]:
        """When those of these went, by the CRM's time, that are gone."""
        statement = select(CrmDeparture.external_id, CrmDeparture.gone_at).where(
            CrmDeparture.account_id == account_id, CrmDeparture.external_id.in_(ids)
        )
        return {row[0]: row[1] for row in await self._session.execute(statement)}

    async def newest(self, account_id: UUID, most: int) -> Sequence[CrmDeparture]:
        statement = (
            select(CrmDeparture)
            .where(CrmDeparture.account_id == account_id)
            .order_by(CrmDeparture.noticed_at.desc(), CrmDeparture.external_id)
            .limit(most)
        )
        return (await self._session.scalars(statement)).all()

    async def erase(self, keys: Collection[UUID]) -> list[Departed]:
        """Forget whom these identifiers name."""
        row, key = CrmDeparture, CrmDepartureKey
        named = select(key.account_id, key.external_id).where(
            key.tenant_id == self._scope.tenant_id, key.key.in_(keys)
        )
        gone = await self._session.execute(
            delete(row)
            .where(row.tenant_id == self._scope.tenant_id, tuple_(row.account_id, row.external_id).in_(named))
            .returning(row.account_id, row.external_id, row.keys)
            .execution_options(synchronize_session=False)
        )
        return [Departed(*each) for each in gone]


def _why(gone: Gone) -> str:
    return "privacy" if gone.privacy else "merged" if gone.merged_into else "deleted"
