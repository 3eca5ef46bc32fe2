from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute

from app.core.ids import uuid7
from app.core.security import token_hash
from app.db.session import TenantScope
from app.db.utils import Slice, in_order, paginate
from app.models.integrations.ad_accounts import AccountSync, AdAccount, PlatformEdit, WriteLease
from app.models.integrations.connections import Connection
from app.services.integrations.ports import RemoteAccount, RemoteEdit

_CHUNK = 1_000
"""Rows a statement: PostgreSQL takes 32,767 parameters."""

_SORTS: Mapping[str, InstrumentedAttribute[Any]] = {
    "name": AdAccount.name,
    "platform": AdAccount.platform,
    "last_synced_at": AdAccount.last_synced_at,
}


@dataclass(frozen=True, slots=True)
class ConnectedAccount:
    account: AdAccount
    connection: Connection


class AdAccountRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._session = scope.session

    async def connected(self, ad_account_id: UUID) -> ConnectedAccount | None:
        statement = (
            select(AdAccount, Connection)
            .join(Connection, Connection.id == AdAccount.connection_id)
            .where(AdAccount.id == ad_account_id)
        )
        found = (await self._session.execute(statement)).one_or_none()
        return None if found is None else ConnectedAccount(found.AdAccount, found.Connection)

    async def find(self, ad_account_id: UUID) -> AdAccount | None:
        statement = select(AdAccount).where(AdAccount.id == ad_account_id)
        return (await self._session.scalars(statement)).one_or_none()

    async def for_update(self, ad_account_id: UUID) -> AdAccount | None:
        statement = select(AdAccount).where(AdAccount.id == ad_account_id).with_for_update()
        return (await self._session.scalars(statement)).one_or_none()

    async def page(
        self,
        *,
        page: int,
        limit: int,
        sort: str = "name",
        search: str | None = None,
        platform: str | None = None,
        connection_id: UUID | None = None,
        enabled: bool | None = None,
    ) -> Slice[AdAccount]:
        statement = in_order(select(AdAccount), sort, _SORTS, then=AdAccount.id)
        if search:
            statement = statement.where(AdAccount.name.icontains(search, autoescape=True))
        if platform:
            statement = statement.where(AdAccount.platform == platform)
        if connection_id:
            statement = statement.where(AdAccount.connection_id == connection_id)
        if enabled is not None:
            statement = statement.where(AdAccount.enabled == enabled)
        return await paginate(self._session, statement, page=page, limit=limit)

    async def enabled(self) -> Sequence[AdAccount]:
        statement = select(AdAccount).where(AdAccount.enabled == true()).order_by(AdAccount.id)
        return (await self._session.scalars(statement)).all()

    async def of_connection(self, connection_id: UUID) -> Sequence[AdAccount]:
        statement = select(AdAccount).where(AdAccount.connection_id == connection_id).with_for_update()
        return (await self._session.scalars(statement)).all()

    async def discover(self, connection_id: UUID, platform: str, found: Sequence[RemoteAccount]) -> None:
        """Add what is new, and take over name, currency, time zone and status of what is known."""
        rows: list[dict[str, Any]] = [
            {
                "tenant_id": self._scope.tenant_id,
                "id": uuid7(),
                "connection_id": connection_id,
                "platform": platform,
                "external_id": one.external_id,
                "name": one.name,
                "currency": one.currency,
                "timezone": one.timezone,
                "status": one.status,
                "pixel_id": one.pixels[0][0] if len(one.pixels) == 1 else None,
            }
            for _, one in sorted({one.external_id: one for one in found}.items())
        ]
        for start in range(0, len(rows), _CHUNK):
            new = insert(AdAccount).values(rows[start : start + _CHUNK])
            statement = new.on_conflict_do_update(
                index_elements=["tenant_id", "platform", "external_id"],
                set_={
                    **{
                        name: new.excluded[name]
                        for name in ("connection_id", "name", "currency", "timezone", "status")
                    },
                    "pixel_id": func.coalesce(AdAccount.pixel_id, new.excluded.pixel_id),
                },
            )
            await self._session.execute(statement)

    def add_sync(self, sync: AccountSync) -> None:
        self._session.add(sync)

    async def last_syncs(self, ad_account_id: UUID, limit: int) -> Sequence[AccountSync]:
        statement = (
            select(AccountSync)
            .where(AccountSync.ad_account_id == ad_account_id)
            .order_by(AccountSync.started_at.desc(), AccountSync.id.desc())
            .limit(limit)
        )
        return (await self._session.scalars(statement)).all()

    async def is_lacking(self, ad_account_id: UUID, days: int) -> bool:
        """Whether ad sets were missing from the newest reading that went back so many days."""
        statement = (
            select(AccountSync.rows_received < AccountSync.rows_expected)
            .where(
                AccountSync.ad_account_id == ad_account_id,
                AccountSync.error_code.is_(None),
                AccountSync.until - AccountSync.since >= days,
            )
            .order_by(AccountSync.started_at.desc(), AccountSync.id.desc())
            .limit(1)
        )
        return bool(await self._session.scalar(statement))

    async def keep_edits(
        self, ad_account_id: UUID, edits: Sequence[RemoteEdit], *, app_id: str | None
    ) -> Sequence[PlatformEdit]:
        """Add those that are new; an edit is ours when it came through our own app."""
        rows: list[dict[str, Any]] = [
            {
                "tenant_id": self._scope.tenant_id,
                "id": uuid7(),
                "ad_account_id": ad_account_id,
                "fingerprint": one.fingerprint,
                "edited_at": one.at,
                "entity_type": one.entity_type,
                "entity": one.entity,
                "event_type": one.event_type,
                "actor_name": one.actor_name,
                "application_id": one.application_id,
                "by_others": one.application_id is None or one.application_id != app_id,
                "detail": dict(one.detail),
            }
            for one in edits
        ]
        kept: list[PlatformEdit] = []
        for start in range(0, len(rows), _CHUNK):
            statement = (
                insert(PlatformEdit)
                .values(rows[start : start + _CHUNK])
                .on_conflict_do_nothing(index_elements=["tenant_id", "ad_account_id", "fingerprint"])
                .returning(PlatformEdit)
            )
            kept += (await self._session.scalars(statement)).all()
        return kept

    async def edits_by_others(
        self, ad_account_id: UUID, *, since: datetime, entity: str | None = None
    ) -> Sequence[PlatformEdit]:
        statement = select(PlatformEdit).where(
            PlatformEdit.ad_account_id == ad_account_id,
            PlatformEdit.by_others,
            PlatformEdit.edited_at >= since,
        )
        if entity is not None:
            statement = statement.where(PlatformEdit.entity == entity)
        statement = statement.order_by(PlatformEdit.edited_at.desc(), PlatformEdit.id).limit(500)
        return (await self._session.scalars(statement)).all()


class LeaseRepository:
    """Who writes to an external account. A plain digest, so that a change of the secret key frees no lease."""

    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._session = scope.session

    def _holder(self) -> bytes:
        return token_hash(f"stratum.lease.holder|{self._scope.tenant_id}")

    @staticmethod
    def _account(platform: str, external_id: str) -> bytes:
        return token_hash(f"stratum.lease.account|{platform}|{external_id}")

    async def take(self, platform: str, external_id: str) -> bool:
        """True when this tenant holds it now; False when another does."""
        account = self._account(platform, external_id)
        await self._session.execute(
            insert(WriteLease)
            .values(account_hash=account, holder_hash=self._holder())
            .on_conflict_do_nothing(index_elements=["account_hash"])
        )
        holder = await self._session.scalar(
            select(WriteLease.holder_hash).where(WriteLease.account_hash == account)
        )
        return holder == self._holder()

    async def release(self, platform: str, external_id: str) -> None:
        await self._session.execute(
            delete(WriteLease).where(
                WriteLease.account_hash == self._account(platform, external_id),
                WriteLease.holder_hash == self._holder(),
            )
        )
