"""Deals as they are written: by whose they are, what was agreed of each, and what is forgotten of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.db.session import TenantScope
from app.models.integrations.crm import CrmContact, CrmDeal, CrmDealContact

_KEEP_BUYERS = """
WITH given AS (
  SELECT d.external_id, c.contact FROM crm_deals AS d, unnest(d.contacts) AS c (contact)
  WHERE d.tenant_id = $1 AND d.account_id = $2 AND d.external_id = ANY($3::text[])
), gone AS (
  DELETE FROM crm_deal_contacts AS k WHERE k.tenant_id = $1 AND k.account_id = $2 AND k.deal = ANY($3::text[])
    AND NOT EXISTS (SELECT FROM given AS g WHERE g.external_id = k.deal AND g.contact = k.contact)
)
INSERT INTO crm_deal_contacts (tenant_id, account_id, contact, deal)
SELECT DISTINCT $1, $2, g.contact, g.external_id FROM given AS g ON CONFLICT DO NOTHING
"""
# Whose it is not any more (they were erased meanwhile) is neither kept nor written.
_KEEP = """
UPDATE crm_deals AS d SET fields = d.fields || new.fields::jsonb, written_of = new.contact
FROM unnest($3::text[], $4::text[], $5::text[]) AS new (id, fields, contact)
WHERE d.tenant_id = $1 AND d.account_id = $2 AND d.external_id = new.id AND new.contact = ANY(d.contacts)
RETURNING d.external_id
"""
_FORGET_BUYERS = """
WITH theirs AS (
  DELETE FROM crm_deal_contacts AS k WHERE k.tenant_id = $1 AND k.account_id = $2 AND k.contact = ANY($3::text[])
  RETURNING k.deal
)
UPDATE crm_deals AS d SET contacts = ARRAY(
  SELECT c.contact FROM unnest(d.contacts) WITH ORDINALITY AS c (contact, place)
  WHERE c.contact <> ALL($3::text[]) ORDER BY c.place
)
WHERE d.tenant_id = $1 AND d.account_id = $2 AND d.external_id IN (SELECT t.deal FROM theirs AS t)
RETURNING d.external_id
"""
_FORGET_WRITTEN = """
WITH theirs AS (
  SELECT d.external_id, d.fields, d.written_of FROM crm_deals AS d
  WHERE d.tenant_id = $1 AND d.account_id = $2 AND d.written_of = ANY($3::text[]) ORDER BY d.external_id FOR UPDATE
)
UPDATE crm_deals AS d SET fields = '{}', written_of = NULL FROM theirs AS t
WHERE d.tenant_id = $1 AND d.account_id = $2 AND d.external_id = t.external_id
RETURNING t.external_id, t.written_of, t.fields
"""


@dataclass(frozen=True, slots=True)
class WrittenDeal:
    """A deal to which values of somebody's were written, by their contact's id."""

    external_id: str
    contact: str
    fields: Mapping[str, Any]


class DealRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._session = scope.session
        self._tenant_id = scope.tenant_id

    async def rows(self, account_id: UUID, ids: Collection[str]) -> dict[str, CrmDeal]:
        """Those of these that are there still."""
        row = CrmDeal
        statement = select(row).where(
            row.tenant_id == self._tenant_id,
            row.account_id == account_id,
            row.external_id.in_(ids),
            row.gone_at.is_(None),
        )
        found = await self._session.scalars(statement.execution_options(populate_existing=True))
        return {each.external_id: each for each in found}

    async def keys_of(self, account_id: UUID, contacts: Collection[str]) -> dict[str, Sequence[UUID]]:
        """The hashed identifiers that these contacts name."""
        row = CrmContact
        statement = select(row.external_id, row.keys).where(
            row.tenant_id == self._tenant_id, row.account_id == account_id, row.external_id.in_(contacts)
        )
        return {each[0]: each[1] for each in await self._session.execute(statement)}

    async def of_contacts(self, account_id: UUID, contacts: Collection[str]) -> list[str]:
        """The deals that are of these."""
        row = CrmDealContact
        statement = select(row.deal).where(
            row.tenant_id == self._tenant_id, row.account_id == account_id, row.contact.in_(contacts)
        )
        return list(await self._session.scalars(statement.distinct()))

    async def keep_buyers(self, account_id: UUID, ids: Collection[str]) -> None:
        """By whose contacts these are found, as their rows say."""
        await self._session.flush()
        driver = await self._scope.driver()
        await driver.execute(_KEEP_BUYERS, self._tenant_id, account_id, list(ids))

    async def keep(
        self, account_id: UUID, fields: Mapping[str, str], whose: Mapping[str, str | None]
    ) -> set[str]:
        """Put these fields (JSON) into their deals; which of them are still of the contact that they were made of."""
        if not fields:
            return set()
        driver = await self._scope.driver()
        contacts = [whose.get(name) for name in fields]
        rows = await driver.fetch(
            _KEEP, self._tenant_id, account_id, list(fields), list(fields.values()), contacts
        )
        return {row[0] for row in rows}

    async def forget_buyers(self, account_id: UUID, contacts: Collection[str]) -> int:
        """That deals are these contacts': of how many."""
        driver = await self._scope.driver()
        return len(await driver.fetch(_FORGET_BUYERS, self._tenant_id, account_id, list(contacts)))

    async def forget_written(self, account_id: UUID, contacts: Collection[str]) -> list[WrittenDeal]:
        """What was agreed of deals by these contacts' people; what it was, for whoever empties it there."""
        driver = await self._scope.driver()
        rows = await driver.fetch(_FORGET_WRITTEN, self._tenant_id, account_id, list(contacts))
        return [WrittenDeal(row[0], row[1], row[2]) for row in rows]
