"""The part of a synchronisation that reads ads, and how the account itself stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.core.logging import get_logger
from app.db.session import Scopes, TenantScope
from app.models.integrations.ad_accounts import AdAccount
from app.models.trust_engine.kinds import IncidentKind
from app.services.campaigns.ads.service import AdService
from app.services.integrations.account_repository import AdAccountRepository
from app.services.integrations.ads import rules
from app.services.integrations.ads.ports import AdState, TellsChangedAds
from app.services.integrations.ports import AdPlatform, PlatformError, PlatformErrorKind
from app.services.trust_engine.incidents.service import Incidents

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Told:
    """`status` is None where it was not asked for, `ads` where none were."""

    ads: Sequence[AdState] | None = None
    whole: bool = False
    status: str | None = None
    error: PlatformError | None = None

    @property
    def is_limited(self) -> bool:
        return self.error is not None and self.error.kind is PlatformErrorKind.RATE_LIMITED


class AdSync:
    """All ads once an hour; in between those that were changed, where the platform can tell them.

    A platform that refuses it holds up nothing else: the account says so, and the next synchronisation asks again.
    Where it was a limit of requests, ads are asked for again in an hour.
    """

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes

    async def look(self, platform: AdPlatform, account: AdAccount, now: datetime) -> None:
        waits = rules.ads_wait(account.ads_limited_at, now)
        told = _Told() if waits else await self._ask(platform, account, now)
        async with self._scopes() as scope:
            row = await AdAccountRepository(scope).for_update(account.id)
            if row is None:
                return
            if told.ads is not None:
                await AdService(scope).absorb(row.id, told.ads, whole=told.whole)
            if told.whole:
                row.ads_read_at = now
            if not waits:
                row.ads_error_code = told.error.code if told.error else None
                row.ads_limited_at = now if told.is_limited else None
            if told.status is not None:
                row.status = told.status
                await _tell_of_standing(scope, row)
            await AdService(scope).watch(row.id, row.name)

    async def _ask(self, platform: AdPlatform, account: AdAccount, now: datetime) -> _Told:
        try:
            if rules.ads_are_due(account.ads_read_at, now):
                status = await platform.account_status()
                return _Told(await platform.list_ads(), whole=True, status=status)
            if isinstance(platform, TellsChangedAds):
                return _Told(await platform.ads_changed_since(rules.ads_since(now)))
        except PlatformError as error:
            log.warning("integrations.ad_accounts.no_ads", ad_account_id=str(account.id), code=error.code)
            return _Told(error=error)
        return _Told()


async def _tell_of_standing(scope: TenantScope, account: AdAccount) -> None:
    """A state that the platform does not know itself is neither trouble nor its end."""
    if account.status in rules.UNKNOWN:
        return
    found = rules.trouble(account.name, account.status)
    incidents = Incidents(scope)
    if found is None:
        await incidents.close(
            IncidentKind.ACCOUNT_STOPPED, f"{account.name} is in order again.", ad_account_id=account.id
        )
        return
    await incidents.open(
        IncidentKind.ACCOUNT_STOPPED,
        found.sentence,
        ad_account_id=account.id,
        severity=found.severity,
        mend=found.mend,
        evidence={"platform": account.platform, "status": account.status},
    )
