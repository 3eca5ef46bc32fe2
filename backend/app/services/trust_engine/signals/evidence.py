"""Where what is measured of an account is asked for. Windows are half open; days are the account's own."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Protocol

from app.db.session import TenantScope
from app.models.integrations.ad_accounts import AdAccount
from app.services.campaigns.metrics.service import maturity
from app.services.cdp.events.service import Measures, measures
from app.services.integrations.calls.service import CallService
from app.services.integrations.health.service import circuit_of
from app.services.trust_engine.signals.measurements import ApiHealth
from app.services.trust_engine.signals.repository import Day, Deliveries, KnownDay, SignalRepository, Telling


class MeasuredAccount(Protocol):
    """What of an ad account a measurement reads."""

    @property
    def currency(self) -> str: ...
    @property
    def timezone(self) -> str: ...
    @property
    def conversions_enabled(self) -> bool: ...
    @property
    def last_metrics_at(self) -> datetime | None: ...
    @property
    def match_quality(self) -> Decimal | None: ...
    @property
    def match_quality_at(self) -> datetime | None: ...


class Reading(Protocol):
    """A synchronisation that succeeded."""

    @property
    def started_at(self) -> datetime: ...
    @property
    def finished_at(self) -> datetime | None: ...
    @property
    def rows_received(self) -> int | None: ...
    @property
    def rows_expected(self) -> int | None: ...


class Evidence(Protocol):
    async def days(self, since: date) -> Sequence[Day]: ...

    async def days_as_known(self, since: date, at: datetime) -> Sequence[KnownDay]:
        """What had been read by then."""
        ...

    async def tellings_by_day(self, since: datetime, until: datetime) -> Sequence[Telling]:
        """What was newly told of after `since`, up to `until`, by the day on which it was told."""
        ...

    async def sync_before(self, at: datetime) -> Reading | None:
        """The last reading that had begun by then."""
        ...

    async def deliveries(self, *, since: datetime, until: datetime) -> Deliveries: ...

    async def calls(self, window: timedelta) -> ApiHealth: ...

    async def newest_event_at(self) -> datetime | None:
        """None for a company that sends no events."""
        ...

    async def orders_by_day(self, since: datetime, until: datetime) -> Sequence[measures.DayOrders]: ...

    async def traffic_by_day(self, since: datetime, until: datetime) -> Sequence[measures.DayTraffic]: ...

    async def sides(self, since: datetime, until: datetime) -> measures.Mismatch: ...

    async def sides_by_day(self, since: datetime, until: datetime) -> Sequence[measures.DaySides]: ...

    async def order_tellings(self, since: datetime, until: datetime) -> measures.OrderTellings: ...

    async def match_keys(self, since: datetime, until: datetime) -> measures.MatchKeyCoverage: ...

    async def named_by_day(self, since: datetime, until: datetime) -> Sequence[measures.DayNamed]: ...


class StoredEvidence:
    """Of an account as it is stored."""

    def __init__(self, scope: TenantScope, account: AdAccount) -> None:
        self._scope = scope
        self._account = account
        self._rows = SignalRepository(scope)
        self._first_party = Measures(scope)

    async def days(self, since: date) -> Sequence[Day]:
        return await self._rows.days(self._account.id, since)

    async def days_as_known(self, since: date, at: datetime) -> Sequence[KnownDay]:
        """As mature as each day was then: a figure that stood still was not observed again while it matured."""
        account = self._account
        window = max(account.attribution_click_days, account.attribution_view_days)
        return [
            replace(
                day,
                maturity=float(maturity(day.day, account.timezone, observed_at=at, window_days=window)),
            )
            for day in await self._rows.days_as_known(account.id, since, at)
        ]

    async def tellings_by_day(self, since: datetime, until: datetime) -> Sequence[Telling]:
        return await self._rows.tellings_by_day(self._account.id, since, until, self._account.timezone)

    async def sync_before(self, at: datetime) -> Reading | None:
        return await self._rows.sync_before(self._account.id, at)

    async def deliveries(self, *, since: datetime, until: datetime) -> Deliveries:
        return await self._rows.deliveries(self._account.id, since=since, until=until)

    async def calls(self, window: timedelta) -> ApiHealth:
        found = await CallService(self._scope).statistics(self._account.id, window=window)
        circuit, _ = await circuit_of(self._scope.tenant_id, self._account)
        return ApiHealth(
            calls=found.calls,
            failures=found.failures,
            throttled=found.throttled,
            p95_ms=found.p95_ms,
            circuit=circuit,
            failed_with=found.failed_with,
            failed_as=found.failed_as,
        )

    async def newest_event_at(self) -> datetime | None:
        return await self._first_party.newest_accepted_at()

    async def orders_by_day(self, since: datetime, until: datetime) -> Sequence[measures.DayOrders]:
        return await self._first_party.orders_by_day(since, until, self._account.timezone)

    async def traffic_by_day(self, since: datetime, until: datetime) -> Sequence[measures.DayTraffic]:
        return await self._first_party.traffic_by_day(since, until, self._account.timezone)

    async def sides(self, since: datetime, until: datetime) -> measures.Mismatch:
        return await self._first_party.browser_server_mismatch(since, until)

    async def sides_by_day(self, since: datetime, until: datetime) -> Sequence[measures.DaySides]:
        return await self._first_party.browser_server_by_day(since, until, self._account.timezone)

    async def order_tellings(self, since: datetime, until: datetime) -> measures.OrderTellings:
        return await self._first_party.order_tellings(since, until)

    async def match_keys(self, since: datetime, until: datetime) -> measures.MatchKeyCoverage:
        return await self._first_party.match_keys(since, until)

    async def named_by_day(self, since: datetime, until: datetime) -> Sequence[measures.DayNamed]:
        return await self._first_party.named_by_day(since, until, self._account.timezone)
