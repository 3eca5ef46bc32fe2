"""How well each account's platform answers: what the trust engine's API-health component reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from app.core.clock import real_now
from app.db.session import TenantScope
from app.db.utils import Slice
from app.models.integrations.ad_accounts import AdAccount
from app.services.integrations.account_repository import AdAccountRepository
from app.services.integrations.breaker import Circuit
from app.services.integrations.calls.service import CallDay, CallService
from app.services.integrations.connection_repository import ConnectionRepository
from app.services.integrations.errors import AdAccountNotFound
from app.services.integrations.gateway import gateway
from app.services.integrations.service import circuit_key

WINDOW = timedelta(hours=24)
"""Real time."""


@dataclass(frozen=True, slots=True)
class AccountHealth:
    """Of the last 24 hours of real time. None where no call was made: unknown, not healthy.

    `last_success_at` alone looks back over all calls that are kept.
    """

    ad_account_id: UUID
    platform: str
    name: str
    connection_status: str
    calls: int
    failures: int
    throttled: int
    success_rate: float | None
    p95_ms: float | None
    last_success_at: datetime | None
    circuit: Circuit
    waits_seconds: int
    """How much longer the platform asked us to wait."""
    sync_error_code: str | None
    last_synced_at: datetime | None
    last_metrics_at: datetime | None


@dataclass(frozen=True, slots=True)
class HealthDay:
    """One real day, UTC. The shares are None on a day without calls: unknown, neither up nor down."""

    day: date
    calls: int
    failures: int
    throttled: int
    uptime: float | None
    """The share of calls that the platform answered, whatever it said; rate limits apart."""
    success_rate: float | None
    p95_ms: float | None


@dataclass(frozen=True, slots=True)
class HealthHistory:
    """Each day up to today, the oldest first."""

    ad_account_id: UUID
    uptime: float | None
    last_success_at: datetime | None
    circuit: Circuit
    waits_seconds: int
    days: Sequence[HealthDay]


async def circuit_of(tenant_id: int, account: AdAccount) -> tuple[Circuit, int]:
    """The account's circuit as it stands, and for how many more seconds the platform asked us to wait."""
    return await gateway().breaker.state(circuit_key(tenant_id, account.platform, account.external_id))


class HealthService:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._accounts = AdAccountRepository(scope)

    async def page(
        self, *, page: int, limit: int, sort: str, platform: str | None = None
    ) -> Slice[AccountHealth]:
        """Of the enabled accounts."""
        found = await self._accounts.page(page=page, limit=limit, sort=sort, platform=platform, enabled=True)
        measured = [await self._measure(account) for account in found.items]
        return Slice(measured, found.total, found.total_capped, page, limit)

    async def of_account(self, ad_account_id: UUID) -> AccountHealth:
        account = await self._accounts.find(ad_account_id)
        if account is None:
            raise AdAccountNotFound(ad_account_id=str(ad_account_id))
        return await self._measure(account)

    async def history(self, ad_account_id: UUID, *, days: int) -> HealthHistory:
        """Of the last `days` real days, today among them."""
        account = await self._accounts.find(ad_account_id)
        if account is None:
            raise AdAccountNotFound(ad_account_id=str(ad_account_id))
        calls = CallService(self._scope)
        first = real_now().astimezone(UTC).date() - timedelta(days=days - 1)
        counted = await calls.by_day(account.id, since=datetime.combine(first, time.min, UTC))
        by_day = {each.day: each for each in counted}
        every = [by_day.get(first + timedelta(days=n)) for n in range(days)]
        circuit, waits = await circuit_of(self._scope.tenant_id, account)
        return HealthHistory(
            ad_account_id=account.id,
            uptime=_share(
                sum(each.unanswered for each in counted), sum(each.calls - each.throttled for each in counted)
            ),
            last_success_at=await calls.last_success(account.id),
            circuit=circuit,
            waits_seconds=waits,
            days=[_day(first + timedelta(days=n), each) for n, each in enumerate(every)],
        )

    async def _measure(self, account: AdAccount) -> AccountHealth:
        found = await CallService(self._scope).statistics(account.id, window=WINDOW)
        connection = await ConnectionRepository(self._scope).find(account.connection_id)
        circuit, waits = await circuit_of(self._scope.tenant_id, account)
        counted = found.calls - found.throttled
        return AccountHealth(
            ad_account_id=account.id,
            platform=account.platform,
            name=account.name,
            connection_status=connection.status if connection else "disconnected",
            calls=found.calls,
            failures=found.failures,
            throttled=found.throttled,
            success_rate=_share(found.failures, counted),
            p95_ms=found.p95_ms,
            last_success_at=found.last_success_at or await CallService(self._scope).last_success(account.id),
            circuit=circuit,
            waits_seconds=waits,
            sync_error_code=account.sync_error_code,
            last_synced_at=account.last_synced_at,
            last_metrics_at=account.last_metrics_at,
        )


def _share(bad: int, of: int) -> float | None:
    """The good part, of what was counted at all."""
    return round(1 - bad / of, 4) if of > 0 else None


def _day(day: date, found: CallDay | None) -> HealthDay:
    if found is None:
        return HealthDay(day, 0, 0, 0, None, None, None)
    counted = found.calls - found.throttled
    return HealthDay(
        day=day,
        calls=found.calls,
        failures=found.failures,
        throttled=found.throttled,
        uptime=_share(found.unanswered, counted),
        success_rate=_share(found.failures, counted),
        p95_ms=found.p95_ms,
    )
