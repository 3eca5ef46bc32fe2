"""Synchronising an ad account: campaigns, ad sets, metrics by day, ads, and the edits that others made."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from app.core.logging import get_logger
from app.db.session import Scopes
from app.models.integrations.ad_accounts import AccountSync, AdAccount
from app.services.campaigns.metrics.service import Absorbed, MetricsService, account_day
from app.services.campaigns.service import CampaignService
from app.services.integrations.account_repository import AdAccountRepository
from app.services.integrations.ad_accounts import rules
from app.services.integrations.ads.service import AdSync
from app.services.integrations.connection_repository import ConnectionRepository
from app.services.integrations.errors import AdAccountNotFound
from app.services.integrations.ports import (
    AdPlatform,
    ConversionSettings,
    EditsNotReady,
    MetricsReading,
    PlatformError,
    RemoteEdit,
)
from app.services.integrations.service import IntegrationsService

log = get_logger(__name__)

_DAY = timedelta(days=1)
Connect = Callable[[UUID], Awaitable[AdPlatform]]
"""An ad account's platform; raises `PlatformError` while there is none to speak to."""


@dataclass(slots=True)
class _Metrics:
    """What came of a reading: days new and days that differ, and which ad sets told of the last whole day."""

    added: int = 0
    restated: int = 0
    ad_sets: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Read:
    metrics: _Metrics
    edits: list[RemoteEdit] | None
    """None where the platform has not written them down yet."""
    match_quality: Decimal | None


class AccountSyncService:
    """Each step is a transaction of its own; none is open while the platform is called. Safe to run twice.

    Figures are read and stored by runs of days, so that memory does not grow with the days of a large account.
    """

    def __init__(
        self, scopes: Scopes, *, connect: Connect | None = None, rows_at_once: int = rules.ROWS_AT_ONCE
    ) -> None:
        self._scopes = scopes
        self._connect = connect or IntegrationsService(scopes).connector
        self._rows_at_once = rows_at_once

    async def sync(self, ad_account_id: UUID) -> AccountSync | None:
        """One synchronisation, written down however it ends; None for an account that is not enabled."""
        async with self._scopes() as scope:
            account = await AdAccountRepository(scope).find(ad_account_id)
            if account is None:
                raise AdAccountNotFound(ad_account_id=str(ad_account_id))
            started_at = scope.now()
        if not account.enabled:
            return None
        run = AccountSync(ad_account_id=ad_account_id, started_at=started_at)
        try:
            platform = await self._connect(account.id)
            read = await self._read(platform, account, run)
            finished = await self._finish(account, run, read)
            # Last: a limit that the ads meet closes the account's line for every question after it.
            await AdSync(self._scopes).look(platform, account, started_at)
        except PlatformError as error:
            await self._fail(run, error.code)
            raise
        except Exception:
            # Whatever it was: the account says that it was not synchronised.
            await self._fail(run, "integrations.ad_accounts.sync_failed")
            raise
        return finished

    async def _read(self, platform: AdPlatform, account: AdAccount, run: AccountSync) -> _Read:
        campaigns, ad_sets = await platform.list_campaigns(), await platform.list_ad_sets()
        async with self._scopes() as scope:
            ids = await CampaignService(scope).absorb(
                account.id, account.platform, campaigns, ad_sets, read_at=run.started_at
            )
            lacking = await AdAccountRepository(scope).is_lacking(account.id, rules.FIRST_DAYS)
            now = scope.now()
        conversion = ConversionSettings(
            account.primary_conversion, account.attribution_click_days, account.attribution_view_days
        )
        since, until = rules.days_to_read(
            today=account_day(now, account.timezone),
            last_read=account_day(account.last_synced_at, account.timezone)
            if account.last_synced_at
            else None,
            window_days=max(conversion.click_days, conversion.view_days),
            lacking=lacking,
        )
        run.since, run.until = since, until
        metrics = _Metrics()
        for first, last in rules.pieces(since, until, rows_a_day=len(ad_sets), most=self._rows_at_once):
            reading = await platform.fetch_metrics(first, last, conversion)
            absorbed = await self._absorb(account, ids, conversion, reading)
            metrics.added += absorbed.added
            metrics.restated += absorbed.restated
            metrics.ad_sets |= reading.ad_sets_by_day.get(until - _DAY, frozenset())
        edits = await self._edits(platform, account)
        quality = await self._match_quality(platform, account, now)
        return _Read(metrics, edits, quality)

    async def _absorb(
        self,
        account: AdAccount,
        campaigns: Mapping[str, UUID],
        conversion: ConversionSettings,
        reading: MetricsReading,
    ) -> Absorbed:
        async with self._scopes() as scope:
            return await MetricsService(scope).absorb(
                reading,
                campaigns,
                ad_account_id=account.id,
                timezone=account.timezone,
                conversion=conversion,
            )

    async def _edits(self, platform: AdPlatform, account: AdAccount) -> list[RemoteEdit] | None:
        async with self._scopes() as scope:
            now = scope.now()
        read_until = account.edits_read_until
        try:
            return await platform.recent_edits(rules.edits_since(read_until, now), now)
        except EditsNotReady as error:
            if not rules.edits_may_wait(read_until, now, is_first=account.last_synced_at is None):
                raise
            log.info("integrations.ad_accounts.edits_wait", ad_account_id=str(account.id), code=error.code)
            return None

    async def _match_quality(self, platform: AdPlatform, account: AdAccount, now: datetime) -> Decimal | None:
        """The platform's figure, once an hour; a token that may not read it fails nothing else."""
        if account.pixel_id is None or not rules.match_quality_is_due(account.match_quality_at, now):
            return None
        try:
            found = await platform.event_match_quality(account.pixel_id)
        except PlatformError as error:
            log.info(
                "integrations.ad_accounts.no_match_quality", ad_account_id=str(account.id), code=error.code
            )
            return None
        figure = found.get(account.primary_conversion)
        return None if figure is None else rules.match_quality(figure)

    async def _finish(self, account: AdAccount, run: AccountSync, read: _Read) -> AccountSync:
        async with self._scopes() as scope:
            accounts = AdAccountRepository(scope)
            row = await accounts.for_update(account.id)
            if row is None:
                raise AdAccountNotFound(ad_account_id=str(account.id))
            connection = await ConnectionRepository(scope).find(row.connection_id)
            new_edits = await accounts.keep_edits(
                account.id, read.edits or [], app_id=connection.app_id if connection else None
            )
            expected = await CampaignService(scope).active_ad_sets(account.id)
            run.rows_expected = len(expected)
            run.rows_received = len(expected & read.metrics.ad_sets)
            run.days_restated = read.metrics.restated
            run.finished_at = row.last_synced_at = scope.now()
            if read.edits is not None:
                row.edits_read_until = run.finished_at
            row.last_metrics_at = await MetricsService(scope).newest_change(account.id)
            if read.match_quality is not None and row.pixel_id == account.pixel_id:
                row.match_quality, row.match_quality_at = read.match_quality, run.finished_at
            row.sync_error_code = None
            accounts.add_sync(run)
            by_others = sum(edit.by_others for edit in new_edits)
            log.info(
                "integrations.ad_accounts.synced",
                ad_account_id=str(account.id),
                days_added=read.metrics.added,
                days_restated=read.metrics.restated,
                edits_by_others=by_others,
            )
        return run

    async def _fail(self, run: AccountSync, code: str) -> None:
        async with self._scopes() as scope:
            accounts = AdAccountRepository(scope)
            run.finished_at, run.error_code = scope.now(), code
            accounts.add_sync(run)
            row = await accounts.for_update(run.ad_account_id)
            if row is not None:
                row.sync_error_code = code
