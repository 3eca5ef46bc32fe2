"""What CRMs said has happened, until it was looked at; and how their webhooks fare."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, select, text, update

from app.core.clock import real_now
from app.db.session import GlobalSession, TenantScope
from app.models.integrations.connections import Connection
from app.models.integrations.crm import CrmAccount, CrmNotice, CrmWebhook
from app.models.integrations.kinds import ConnectionStatus
from app.services.integrations.crm.ports import Kind, Notice

_READERS = text("SELECT tenant_id, account_id, external_id FROM readers_of_crm(:provider, :accounts)")
_KEEP = """
INSERT INTO crm_notices AS old
  (tenant_id, account_id, kind, external_id, merged_into, privacy, occurred_at, next_at)
SELECT $1, $2, n.kind, n.id, max(n.merged_into), bool_or(n.privacy), max(n.at), $8
FROM unnest($3::text[], $4::text[], $5::text[], $6::boolean[], $7::timestamptz[])
  AS n (kind, id, merged_into, privacy, at)
GROUP BY n.kind, n.id ORDER BY n.kind, n.id
ON CONFLICT (account_id, kind, external_id, tenant_id) DO UPDATE SET version = old.version + 1, attempts = 0,
  merged_into = coalesce(excluded.merged_into, old.merged_into), privacy = old.privacy OR excluded.privacy,
  occurred_at = greatest(old.occurred_at, excluded.occurred_at), next_at = excluded.next_at
"""
_CAME = """
INSERT INTO crm_webhooks AS old (tenant_id, account_id, last_at, taken) VALUES ($1, $2, $3, $4)
ON CONFLICT (account_id, tenant_id) DO UPDATE SET last_at = excluded.last_at, taken = old.taken + excluded.taken
"""
_REFUSED = """
INSERT INTO crm_webhooks AS old (tenant_id, account_id, refused, refused_at, refused_why)
SELECT $1, each, 1, $3, $4 FROM unnest($2::uuid[]) AS each ORDER BY each
ON CONFLICT (account_id, tenant_id) DO UPDATE SET refused = old.refused + 1, refused_at = excluded.refused_at,
  refused_why = excluded.refused_why
"""
_DONE = """
DELETE FROM crm_notices AS n USING unnest($4::text[], $5::bigint[]) AS d (id, version)
WHERE n.tenant_id = $1 AND n.account_id = $2 AND n.kind = $3 AND n.external_id = d.id AND n.version = d.version
"""
_PUT_OFF = """
UPDATE crm_notices AS n SET next_at = $6, attempts = n.attempts + 1
FROM unnest($4::text[], $5::bigint[]) AS d (id, version)
WHERE n.tenant_id = $1 AND n.account_id = $2 AND n.kind = $3 AND n.external_id = d.id AND n.version = d.version
"""


async def accounts_of(
    session: GlobalSession, provider: str, external_ids: Sequence[str]
) -> Sequence[tuple[int, UUID, str]]:
    """Tenant, account and its id there, of whoever has one of these accounts of a CRM connected."""
    found = await session.execute(_READERS, {"provider": provider, "accounts": list(external_ids)})
    return [(row.tenant_id, row.account_id, row.external_id) for row in found]


class NoticeRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._session = scope.session
        self._tenant_id = scope.tenant_id

    async def enabled(self, account_ids: Collection[UUID]) -> set[UUID]:
        """Which of these are read at all."""
        statement = select(CrmAccount.id).where(
            CrmAccount.tenant_id == self._tenant_id, CrmAccount.id.in_(account_ids), CrmAccount.enabled
        )
        return set(await self._session.scalars(statement))

    async def keep(self, account_id: UUID, notices: Sequence[Notice]) -> None:
        driver, now = await self._scope.driver(), real_now()
        await driver.execute(_CAME, self._tenant_id, account_id, now, len(notices))
        if notices:
            await driver.execute(
                _KEEP,
                self._tenant_id,
                account_id,
                [each.kind for each in notices],
                [each.object_id for each in notices],
                [each.merged_into for each in notices],
                [each.privacy for each in notices],
                [each.occurred_at for each in notices],
                now,
            )

    async def refused(self, account_ids: Collection[UUID], why: str) -> None:
        driver = await self._scope.driver()
        await driver.execute(_REFUSED, self._tenant_id, sorted(account_ids), real_now(), why)

    async def due(self, account_id: UUID, kind: Kind, most: int) -> Sequence[CrmNotice]:
        statement = (
            select(CrmNotice)
            .where(
                CrmNotice.tenant_id == self._tenant_id,
                CrmNotice.account_id == account_id,
                CrmNotice.kind == kind,
                CrmNotice.next_at <= real_now(),
            )
            .order_by(CrmNotice.next_at, CrmNotice.external_id)
            .limit(most)
        )
        return (await self._session.scalars(statement)).all()

    async def done(self, notices: Collection[CrmNotice]) -> None:
        """Take these, as they were read, off; but not those that were told of again since."""
        for account_id, kind in {(each.account_id, each.kind) for each in notices}:
            theirs = [each for each in notices if (each.account_id, each.kind) == (account_id, kind)]
            await (await self._scope.driver()).execute(_DONE, *self._named(account_id, kind, theirs))

    async def put_off(self, notices: Collection[CrmNotice], until: datetime) -> None:
        """As an attempt that came to nothing."""
        for account_id, kind in {(each.account_id, each.kind) for each in notices}:
            theirs = [each for each in notices if (each.account_id, each.kind) == (account_id, kind)]
            driver = await self._scope.driver()
            await driver.execute(_PUT_OFF, *self._named(account_id, kind, theirs), until)

    async def put_all_off(self, account_id: UUID, until: datetime) -> None:
        """Whatever is due, however much: the account is to be left alone."""
        row = CrmNotice
        await self._session.execute(
            update(row)
            .where(row.tenant_id == self._tenant_id, row.account_id == account_id, row.next_at <= real_now())
            .values(next_at=until)
        )

    def _named(
        self, account_id: UUID, kind: str, notices: Sequence[CrmNotice]
    ) -> tuple[int, UUID, str, list[str], list[int]]:
        ids, versions = [each.external_id for each in notices], [each.version for each in notices]
        return self._tenant_id, account_id, kind, ids, versions

    async def accounts_with_due(self) -> Sequence[UUID]:
        """Which accounts have something to be looked at, and may be called."""
        statement = (
            select(CrmAccount.id)
            .join(
                Connection,
                and_(
                    Connection.tenant_id == CrmAccount.tenant_id,
                    Connection.id == CrmAccount.connection_id,
                    Connection.status == ConnectionStatus.ACTIVE,
                ),
            )
            .join(
                CrmNotice,
                and_(CrmNotice.tenant_id == CrmAccount.tenant_id, CrmNotice.account_id == CrmAccount.id),
            )
            .where(CrmAccount.enabled, CrmNotice.next_at <= real_now())
            .distinct()
            .order_by(CrmAccount.id)
        )
        return (await self._session.scalars(statement)).all()

    async def webhooks(self, account_ids: Collection[UUID]) -> dict[UUID, CrmWebhook]:
        statement = select(CrmWebhook).where(CrmWebhook.account_id.in_(account_ids))
        return {each.account_id: each for each in await self._session.scalars(statement)}

    async def erase(self, account_id: UUID, contacts: Collection[str]) -> None:
        """Forget that these contacts were to be looked at."""
        for each in await self._session.scalars(
            select(CrmNotice).where(
                CrmNotice.account_id == account_id,
                CrmNotice.kind == "contacts",
                CrmNotice.external_id.in_(contacts),
            )
        ):
            await self._session.delete(each)
