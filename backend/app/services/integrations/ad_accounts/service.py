"""Ad accounts: which are used, by whom they are written to, and which conversion counts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from app.db.session import TenantScope
from app.db.utils import Slice
from app.models.integrations.ad_accounts import AccountSync, AdAccount, PlatformEdit
from app.models.integrations.kinds import Platform
from app.services.audit_logs.service import AuditLog
from app.services.integrations.account_repository import AdAccountRepository, LeaseRepository
from app.services.integrations.ad_accounts import rules
from app.services.integrations.ad_accounts.errors import (
    LeadEventNotUsed,
    LeaseHeldElsewhere,
    NoSuchWindow,
    NotEnabled,
    PixelMissing,
    ReadOnlyConnection,
)
from app.services.integrations.connection_repository import ConnectionRepository
from app.services.integrations.errors import AdAccountNotFound
from app.services.integrations.ports import ConversionSettings, PlatformError
from app.services.integrations.service import demand_conversion

_SETTINGS = (
    "enabled",
    "write_lease",
    "pixel_id",
    "conversions_enabled",
    "lead_event",
    "primary_conversion",
    "attribution_click_days",
    "attribution_view_days",
)


class AdAccountService:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._accounts = AdAccountRepository(scope)
        self._leases = LeaseRepository(scope)
        self._audit = AuditLog(scope)

    async def page(
        self,
        *,
        page: int,
        limit: int,
        sort: str,
        search: str | None = None,
        platform: str | None = None,
        connection_id: UUID | None = None,
        enabled: bool | None = None,
    ) -> Slice[AdAccount]:
        return await self._accounts.page(
            page=page,
            limit=limit,
            sort=sort,
            search=search,
            platform=platform,
            connection_id=connection_id,
            enabled=enabled,
        )

    async def all(self) -> Sequence[AdAccount]:
        """Up to 1,000, by name."""
        return (await self._accounts.page(page=1, limit=1000)).items

    async def enabled(self) -> Sequence[AdAccount]:
        return await self._accounts.enabled()

    async def get(self, ad_account_id: UUID) -> AdAccount:
        account = await self._accounts.find(ad_account_id)
        if account is None:
            raise AdAccountNotFound(ad_account_id=str(ad_account_id))
        return account

    async def change(self, ad_account_id: UUID, wanted: Mapping[str, Any]) -> AdAccount:
        """Apply settings; enabling an account takes its write lease where the connection may write."""
        account = await self._accounts.for_update(ad_account_id)
        if account is None:
            raise AdAccountNotFound(ad_account_id=str(ad_account_id))
        before = {name: getattr(account, name) for name in _SETTINGS}
        for name in _SETTINGS:
            if name in wanted and name != "write_lease":
                setattr(account, name, wanted[name])
        if (account.pixel_id, account.primary_conversion) != (
            before["pixel_id"],
            before["primary_conversion"],
        ):
            account.match_quality = account.match_quality_at = None
        _check(account)
        await self._settle_lease(account, wanted=wanted.get("write_lease"))
        after = {name: getattr(account, name) for name in _SETTINGS}
        if after != before:
            await self._audit.record(
                "integrations.ad_accounts.changed",
                entity="ad_accounts",
                entity_id=account.id,
                before=before,
                after=after,
            )
        if account.enabled and not before["enabled"]:
            await self._scope.enqueue(
                "integrations.sync_account", {"ad_account_id": str(account.id)}, unless_pending=True
            )
        return account

    async def request_sync(self, ad_account_id: UUID) -> str:
        """The name of the task that will do it, after this transaction."""
        account = await self.get(ad_account_id)
        if not account.enabled:
            raise NotEnabled(ad_account_id=str(ad_account_id))
        await self._scope.enqueue(
            "integrations.sync_account", {"ad_account_id": str(account.id)}, unless_waiting=True
        )
        return "integrations.sync_account"

    async def enqueue_due(self) -> None:
        now = self._scope.now()
        for account in await self._accounts.enabled():
            if rules.is_due(account.last_synced_at, now):
                await self._scope.enqueue(
                    "integrations.sync_account", {"ad_account_id": str(account.id)}, unless_pending=True
                )

    async def _enqueue(self, account: AdAccount) -> None:
        payload = {"ad_account_id": str(account.id)}
        await self._scope.enqueue("integrations.sync_account", payload, unless_pending=True)

    async def last_syncs(self, ad_account_id: UUID, *, limit: int = 20) -> Sequence[AccountSync]:
        """Newest first."""
        return await self._accounts.last_syncs(ad_account_id, limit)

    async def edits_by_others(
        self, ad_account_id: UUID, *, since: datetime, entity: str | None = None
    ) -> Sequence[PlatformEdit]:
        """What people and other tools changed at the platform, newest first; `entity` is the platform's id."""
        return await self._accounts.edits_by_others(ad_account_id, since=since, entity=entity)

    async def release_of(self, connection_id: UUID) -> None:
        """Nothing of a connection that ended is synchronised or written to any more."""
        for account in await self._accounts.of_connection(connection_id):
            if account.write_lease:
                await self._leases.release(account.platform, account.external_id)
            account.enabled = account.write_lease = False

    async def _settle_lease(self, account: AdAccount, *, wanted: bool | None) -> None:
        if wanted is False or not account.enabled:
            if account.write_lease:
                await self._leases.release(account.platform, account.external_id)
            account.write_lease = False
            return
        connection = await ConnectionRepository(self._scope).find(account.connection_id)
        may_write = connection is not None and not connection.read_only
        if wanted and not may_write:
            raise ReadOnlyConnection(ad_account_id=str(account.id))
        if account.write_lease or not may_write:
            return
        account.write_lease = await self._leases.take(account.platform, account.external_id)
        if wanted and not account.write_lease:
            raise LeaseHeldElsewhere(ad_account_id=str(account.id))


def _check(account: AdAccount) -> None:
    if account.conversions_enabled and not account.pixel_id:
        raise PixelMissing(ad_account_id=str(account.id))
    if account.lead_event is not None and account.platform != Platform.SNAPCHAT:
        raise LeadEventNotUsed(ad_account_id=str(account.id))
    conversion = ConversionSettings(
        account.primary_conversion, account.attribution_click_days, account.attribution_view_days
    )
    try:
        demand_conversion(account.platform, conversion)
    except PlatformError as error:
        raise NoSuchWindow(error.message) from error
