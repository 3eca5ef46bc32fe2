from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute

from app.db.session import TenantScope
from app.db.utils import Slice, in_order, newest_first, paginate
from app.models.integrations.connections import Connection
from app.models.integrations.crm import (
    CrmAccount,
    CrmContact,
    CrmContactKey,
    CrmCreation,
    CrmDeal,
    CrmSync,
    CrmWrite,
)
from app.models.integrations.kinds import ConnectionStatus
from app.services.integrations.crm.ports import Kind

_SORTS: Mapping[str, InstrumentedAttribute[Any]] = {
    "name": CrmAccount.name,
    "created_at": CrmAccount.created_at,
    "last_synced_at": CrmAccount.last_synced_at,
}

# Places as in `Agreed.to_keep`: ours, theirs, on its way there, told, since when, whether theirs came from here.
_FORGET_FIELDS = """
UPDATE crm_contacts AS c SET fields = (
  SELECT coalesce(jsonb_object_agg(f.key, CASE WHEN f.key <> ALL($3::text[]) THEN f.value ELSE jsonb_build_array(
    NULL, CASE WHEN f.wrote THEN f.value -> 1 END, CASE WHEN f.writes THEN f.value -> 2 END, NULL, NULL, 'wrote') END
  ), '{}') FROM (
    SELECT e.key, e.value, e.value ->> 5 IS NOT NULL AND e.value ->> 0 IS DISTINCT FROM '-' AS wrote,
      coalesce(e.value ->> 2, '-') <> '-' AS writes FROM jsonb_each(c.fields) AS e
  ) AS f WHERE f.key <> ALL($3::text[]) OR f.wrote OR f.writes
) WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.fields ?| $3::text[]
"""


@dataclass(frozen=True, slots=True)
class ErasedContact:
    account_id: UUID
    external_id: str
    fields: Mapping[str, Any]
    keys: Sequence[UUID]


class CrmRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._session = scope.session

    def add(self, row: CrmAccount | CrmSync) -> None:
        self._session.add(row)

    async def page(self, *, page: int, limit: int, sort: str) -> Slice[CrmAccount]:
        statement = in_order(select(CrmAccount), sort, _SORTS, then=CrmAccount.id)
        return await paginate(self._session, statement, page=page, limit=limit)

    async def find(self, account_id: UUID, *, for_update: bool = False) -> CrmAccount | None:
        statement = select(CrmAccount).where(CrmAccount.id == account_id)
        found: CrmAccount | None = await self._session.scalar(
            statement.with_for_update() if for_update else statement
        )
        return found

    async def of(self, provider: str, external_id: str) -> CrmAccount | None:
        statement = select(CrmAccount).where(
            CrmAccount.provider == provider, CrmAccount.external_id == external_id
        )
        found: CrmAccount | None = await self._session.scalar(statement.with_for_update())
        return found

    async def connections(self, accounts: Sequence[CrmAccount]) -> Mapping[UUID, Connection]:
        """By their ids."""
        statement = select(Connection).where(Connection.id.in_([each.connection_id for each in accounts]))
        return {each.id: each for each in await self._session.scalars(statement)}

    async def due(self, now: datetime) -> Sequence[UUID]:
        """Which are to be synchronised: switched on, connected, and their time has come."""
        statement = (
            select(CrmAccount.id)
            .join(Connection, Connection.id == CrmAccount.connection_id)
            .where(
                CrmAccount.tenant_id == Connection.tenant_id,
                CrmAccount.enabled,
                Connection.status == ConnectionStatus.ACTIVE,
                or_(CrmAccount.next_sync_at.is_(None), CrmAccount.next_sync_at <= now),
            )
        )
        return (await self._session.scalars(statement.order_by(CrmAccount.id))).all()

    async def syncs(
        self, account_id: UUID, *, cursor: str | None, limit: int
    ) -> tuple[Sequence[CrmSync], str | None]:
        return await newest_first(
            self._session,
            select(CrmSync).where(CrmSync.account_id == account_id),
            at=CrmSync.started_at,
            id=CrmSync.id,
            cursor=cursor,
            limit=limit,
        )

    async def digests(self, account_id: UUID, ids: Sequence[str]) -> Mapping[str, bytes]:
        statement = select(CrmContact.external_id, CrmContact.digest).where(
            CrmContact.account_id == account_id, CrmContact.external_id.in_(ids)
        )
        return {row[0]: row[1] for row in await self._session.execute(statement)}

    async def fields(self, account_id: UUID, ids: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        """Of those that were told of: what is known of the properties that are written."""
        statement = select(CrmContact.external_id, CrmContact.fields).where(
            CrmContact.account_id == account_id, CrmContact.external_id.in_(ids)
        )
        return {row[0]: row[1] for row in await self._session.execute(statement)}

    async def forget_fields(self, account_id: UUID, kind: Kind, properties: Sequence[str]) -> None:
        """What was agreed of these properties; it stays known as what a value of ours may stand there."""
        driver = await self._scope.driver()
        # Of contacts that are gone too: they go on where they were if they return.
        for table in ("crm_contacts", "crm_departures") if kind == "contacts" else ("crm_deals",):
            statement = _FORGET_FIELDS.replace("crm_contacts", table)
            await driver.execute(statement, self._scope.tenant_id, account_id, list(properties))

    async def known(self, account_id: UUID, ids: Sequence[str]) -> set[str]:
        """Which of these contacts were told of, and not erased."""
        return set(await self.digests(account_id, ids))

    async def hold(self, account_id: UUID, ids: Collection[str]) -> set[str]:
        """Which of these are told of still: until this transaction ends, whoever erases one of them waits."""
        statement = (
            select(CrmContact.external_id)
            .where(CrmContact.account_id == account_id, CrmContact.external_id.in_(ids))
            .order_by(CrmContact.external_id)
            .with_for_update(read=True, key_share=True)
        )
        return set(await self._session.scalars(statement))

    async def keep_contacts(self, rows: Sequence[Mapping[str, Any]]) -> None:
        if not rows:
            return
        statement = insert(CrmContact).values([{**row, "tenant_id": self._scope.tenant_id} for row in rows])
        new = statement.excluded
        await self._session.execute(
            statement.on_conflict_do_update(
                index_elements=["tenant_id", "account_id", "external_id"],
                set_={"modified_at": new.modified_at, "digest": new.digest, "keys": new["keys"]},
            )
        )

    async def deals(self, account_id: UUID, ids: Sequence[str]) -> Mapping[str, CrmDeal]:
        """By their ids, held to the end of the transaction."""
        statement = (
            select(CrmDeal)
            .where(CrmDeal.account_id == account_id, CrmDeal.external_id.in_(ids))
            .order_by(CrmDeal.external_id)
            .with_for_update()
        )
        return {each.external_id: each for each in await self._session.scalars(statement)}

    def add_deal(self, deal: CrmDeal) -> None:
        self._session.add(deal)

    async def erase(self, keys: Sequence[UUID]) -> list[ErasedContact]:
        """Forget contacts that these identifiers name, and that they were to be written."""
        row, key = CrmContact, CrmContactKey
        named = select(key.account_id, key.external_id).where(
            key.tenant_id == self._scope.tenant_id, key.key.in_(keys)
        )
        gone = await self._session.execute(
            delete(row)
            .where(row.tenant_id == self._scope.tenant_id, tuple_(row.account_id, row.external_id).in_(named))
            .returning(row.account_id, row.external_id, row.fields, row.keys)
            .execution_options(synchronize_session=False)
        )
        found = [ErasedContact(*row) for row in gone]
        for account_id in {each.account_id for each in found}:
            ids = [each.external_id for each in found if each.account_id == account_id]
            await self._session.execute(
                delete(CrmWrite).where(
                    CrmWrite.account_id == account_id,
                    CrmWrite.kind == "contacts",
                    CrmWrite.external_id.in_(ids),
                )
            )
        return found

    async def erase_creations(self, keys: Sequence[UUID]) -> int:
        """That contacts were created for these addresses: how many."""
        gone = await self._session.execute(
            delete(CrmCreation).where(CrmCreation.key.in_(keys)).returning(CrmCreation.key)
        )
        return len(gone.all())
