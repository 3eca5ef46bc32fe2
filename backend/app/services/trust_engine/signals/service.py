"""Measures an account's components from what is stored, and keeps the evidence.

The platform reports a conversion on the day of its click, days late; orders are known at once. So the two are held
against each other by flow: what the platform newly told of between two readings, over the orders of that time. The
account's own past is its settled days, whose ratio a steady flow equals.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from app.core.ids import uuid7
from app.db.session import TenantScope
from app.models.integrations.ad_accounts import AdAccount
from app.models.trust_engine.kinds import Component
from app.models.trust_engine.signals import TrustSignal
from app.services.cdp.events.service import MatchKey, Measures
from app.services.integrations.calls.service import CallService
from app.services.integrations.health.service import circuit_of
from app.services.trust_engine.signals import measurements as measured
from app.services.trust_engine.signals import rules
from app.services.trust_engine.signals.flow import Flow, flow_between, ratios
from app.services.trust_engine.signals.grading_rules import absent
from app.services.trust_engine.signals.history_rules import MINIMUM_EVENTS
from app.services.trust_engine.signals.measurements import Signal
from app.services.trust_engine.signals.reading import SignalReading
from app.services.trust_engine.signals.repository import Day, Deliveries, SignalRepository

__all__ = ["Component", "SignalReading", "Signals"]

METRICS_CADENCE_HOURS = 1.0
EVENTS_CADENCE_HOURS = 6.0
"""A shop sleeps at night."""

_HISTORY = timedelta(days=60)
_PAST_DAYS = 28
_EVENTS_WINDOW = timedelta(hours=24)
_ANSWER_WITHIN = timedelta(hours=1)
_PLATFORM_SCORE_HOLDS = timedelta(hours=48)
_CALLS_WINDOW = timedelta(hours=1)
_FLOW_WINDOWS = (timedelta(hours=24), timedelta(days=3), timedelta(days=7))

MATCH_KEY_NAMES = {
    "em": "email",
    "email": "email",
    "ph": "phone",
    "phone": "phone",
    "external_id": "external_id",
    "fbc": "click_id",
    "click_id": "click_id",
    "fbp": "browser_id",
    "zp": "address",
    "zip": "address",
    "ttclid": "click_id",
    "ttp": "browser_id",
    "zip_code": "address",
    "client_user_agent": "ip_user_agent",
    "user_agent": "ip_user_agent",
}
"""The platforms' names of match keys, and ours."""


class Signals:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._rows = SignalRepository(scope)
        self._first_party = Measures(scope)

    async def measure(self, account: AdAccount, *, stale_after_hours: float) -> list[Signal]:
        """Measure every component of the account, as things stand now."""
        now = self._scope.now()
        zone = ZoneInfo(account.timezone)
        days = await self._rows.days(account.id, (now - _HISTORY).date())
        newest_event = await self._first_party.newest_accepted_at()
        deliveries = await self._rows.deliveries(
            account.id, since=now - _EVENTS_WINDOW - _ANSWER_WITHIN, until=now - _ANSWER_WITHIN
        )
        orders = await self._orders(account, now) if newest_event else []
        flow = await self._flow(account, days, now) if orders else None
        return [
            self._emq(account, deliveries, now),
            rules.freshness(
                measured.Freshness(
                    metrics_at=account.last_metrics_at,
                    events_at=newest_event,
                    metrics_cadence_hours=METRICS_CADENCE_HOURS,
                    events_cadence_hours=EVENTS_CADENCE_HOURS,
                    expects_events=newest_event is not None,
                ),
                now,
                stale_after_hours,
            ),
            rules.variance(measured.Variance(series=self._value_series(days, orders, flow)), now),
            rules.invariants(await self._invariants(account, days, orders, flow, zone), now),
            await self._event_loss(account, deliveries, now),
            await self._api_health(account, now),
            rules.anomaly(_anomaly(days, now.astimezone(zone).date()), now),
            await self._cdp_quality(newest_event, now),
        ]

    def keep(self, ad_account_id: UUID, evaluation_id: UUID, signals: Sequence[Signal]) -> None:
        for signal in signals:
            self._rows.add(
                TrustSignal(
                    id=uuid7(),
                    ad_account_id=ad_account_id,
                    evaluation_id=evaluation_id,
                    component=signal.component,
                    state=signal.state,
                    score=signal.score,
                    broken=signal.broken,
                    reason=signal.reason,
                    evidence=signal.evidence,
                    observed_at=signal.observed_at,
                )
            )

    async def of(self, evaluation_id: UUID) -> Sequence[TrustSignal]:
        return await self._rows.of(evaluation_id)

    async def newest(
        self, *, ad_account_id: UUID | None, component: Component | None, cursor: str | None, limit: int
    ) -> tuple[Sequence[TrustSignal], str | None]:
        return await self._rows.newest(
            ad_account_id=ad_account_id, component=component, cursor=cursor, limit=limit
        )

    def _emq(self, account: AdAccount, deliveries: Deliveries, now: datetime) -> Signal:
        if not account.conversions_enabled and not deliveries.ever:
            return absent(Component.EMQ, now, "No conversions are sent to this account.")
        carried: dict[str, int] = {}
        for key, count in deliveries.carried.items():
            name = MATCH_KEY_NAMES.get(key)
            if name is not None:
                carried[name] = max(carried.get(name, 0), count)
        told = account.match_quality
        told_at = account.match_quality_at
        if told_at is None or now - told_at > _PLATFORM_SCORE_HOLDS:
            told = told_at = None
        emq = measured.Emq(
            events=deliveries.sent,
            window_hours=24,
            carried=carried,
            platform_score=None if told is None else float(told),
            platform_at=told_at,
        )
        return rules.emq(emq, now)

    async def _event_loss(self, account: AdAccount, deliveries: Deliveries, now: datetime) -> Signal:
        if not account.conversions_enabled and not deliveries.ever:
            return absent(Component.EVENT_LOSS, now, "No conversions are sent to this account.")
        share = measured.Share(deliveries.acknowledged, deliveries.due)
        return rules.event_loss(
            measured.EventLoss(
                acknowledged=share,
                browser_over_server=await self._browser_over_server(account, now),
                quarantined=deliveries.quarantined,
            ),
            now,
        )

    async def _browser_over_server(self, account: AdAccount, now: datetime) -> measured.RatioSeries | None:
        """Orders that browsers told of over those that servers did, beside the account's own days.

        None where the tenant has not both: a shop without a server, or without a page, lacks nothing.
        """
        until = now - _ANSWER_WITHIN
        since = until - _EVENTS_WINDOW
        zone = ZoneInfo(account.timezone)
        first = since.astimezone(zone).date()
        begin, end = (
            datetime.combine(first - timedelta(days=back), time(), zone) for back in (_PAST_DAYS, 0)
        )
        days = await self._first_party.browser_server_by_day(begin, end, account.timezone)
        if not any(day.browser for day in days) or not any(day.server for day in days):
            return None
        told = await self._first_party.browser_server_mismatch(since, until)
        browser, server = told.browser_only + told.both, told.server_only + told.both
        return measured.RatioSeries(
            now=measured.Ratio(float(browser), float(server), browser),
            past=tuple(measured.Ratio(float(day.browser), float(day.server), day.browser) for day in days),
        )

    async def _api_health(self, account: AdAccount, now: datetime) -> Signal:
        found = await CallService(self._scope).statistics(account.id, window=_CALLS_WINDOW)
        circuit, _ = await circuit_of(self._scope.tenant_id, account)
        calls = measured.ApiHealth(
            calls=found.calls,
            failures=found.failures,
            throttled=found.throttled,
            p95_ms=found.p95_ms,
            circuit=circuit,
        )
        return rules.api_health(calls, now)

    async def _orders(self, account: AdAccount, now: datetime) -> list[tuple[date, int, int]]:
        """(day, orders, value in micros) in the account's currency and days."""
        found = await self._first_party.orders_by_day(now - _HISTORY, now, account.timezone)
        return [
            (each.day, each.orders, each.value_micros - each.refunded_micros)
            for each in found
            if each.currency == account.currency and each.orders
        ]

    async def _flow(self, account: AdAccount, days: Sequence[Day], now: datetime) -> Flow | None:
        """What the platform newly told of, over the shortest window that holds enough; the longest otherwise."""
        newest = await self._rows.sync_before(account.id, now)
        flow = None
        for window in _FLOW_WINDOWS:
            if newest is None:
                return None
            start = await self._rows.sync_before(account.id, newest.started_at - window)
            if start is None or start.finished_at is None:
                return flow
            since = days[0].day if days else now.date()
            known = await self._rows.days_as_known(account.id, since, start.finished_at)
            flow = flow_between(known, days)
            told = await self._first_party.orders_by_day(
                start.started_at, newest.started_at, account.timezone
            )
            mine = [each for each in told if each.currency == account.currency]
            flow = flow.beside(sum(each.orders for each in mine), sum(each.value_micros for each in mine))
            if flow.orders >= MINIMUM_EVENTS:
                return flow
        return flow

    def _value_series(
        self, days: Sequence[Day], orders: Sequence[tuple[date, int, int]], flow: Flow | None
    ) -> measured.RatioSeries | None:
        if not orders:
            return None
        past = ratios(days, orders, lambda day, _count, value: (day.value_micros, value, day.conversions))
        now = measured.Ratio(0.0, 0.0, 0)
        if flow is not None:
            now = measured.Ratio(
                float(flow.value_micros), float(flow.order_value_micros), int(flow.conversions)
            )
        return measured.RatioSeries(now=now, past=past)

    async def _invariants(
        self,
        account: AdAccount,
        days: Sequence[Day],
        orders: Sequence[tuple[date, int, int]],
        flow: Flow | None,
        zone: ZoneInfo,
    ) -> measured.Invariants:
        now = self._scope.now()
        sync = await self._rows.sync_before(account.id, now)
        rows = None
        if sync is not None and sync.rows_received is not None and sync.rows_expected:
            rows = measured.Share(sync.rows_received, sync.rows_expected)
        return measured.Invariants(
            sessions_per_click=await self._sessions_per_click(account, days, zone) if orders else None,
            value_per_conversion=_value_per_conversion(days, orders, flow),
            duplicates=await self._duplicates(now) if orders else None,
            rows=rows,
            restated=measured.Share(flow.restated_micros, flow.settled_micros) if flow else None,
            first_party=bool(orders),
        )

    async def _duplicates(self, now: datetime) -> measured.Share:
        """Orders told of twice by one source, of all that were told of in a day.

        Not the repeated message ids: those are an SDK's retries, dropped at the door, and a storm of them would
        close the account for a day though nothing was counted twice. An order under a second event id is.
        """
        told = await self._first_party.order_tellings(now - _EVENTS_WINDOW, now)
        return measured.Share(told.again, told.told)

    async def _sessions_per_click(
        self, account: AdAccount, days: Sequence[Day], zone: ZoneInfo
    ) -> measured.RatioSeries | None:
        today = self._scope.now().astimezone(zone).date()
        since = datetime.combine(today - timedelta(days=_PAST_DAYS), time(), zone)
        until = datetime.combine(today, time(), zone)
        traffic = await self._first_party.traffic_by_day(since, until, account.timezone)
        sessions = {each.day: each.sessions for each in traffic}
        found = [
            (day.day, measured.Ratio(float(sessions[day.day]), float(day.clicks), sessions[day.day]))
            for day in days
            if day.day in sessions and day.day < today
        ]
        if not found or found[-1][0] != today - timedelta(days=1):
            return None
        return measured.RatioSeries(now=found[-1][1], past=tuple(ratio for _, ratio in found[:-1]))

    async def _cdp_quality(self, newest_event: datetime | None, now: datetime) -> Signal:
        if newest_event is None:
            return rules.cdp_quality(measured.CdpQuality(resolved=None, complete=None), now)
        coverage = await self._first_party.match_keys(now - _EVENTS_WINDOW, now)
        told = await self._first_party.orders_by_day(now - _EVENTS_WINDOW, now)
        orders = sum(each.orders for each in told)
        complete = orders - sum(each.orders_without_value for each in told)
        named = max(coverage.present[key] for key in (MatchKey.EMAIL, MatchKey.PHONE, MatchKey.EXTERNAL_ID))
        return rules.cdp_quality(
            measured.CdpQuality(
                resolved=measured.Share(named, coverage.events), complete=measured.Share(complete, orders)
            ),
            now,
        )


def _value_per_conversion(
    days: Sequence[Day], orders: Sequence[tuple[date, int, int]], flow: Flow | None
) -> measured.RatioSeries | None:
    """Value per conversion over value per order; nothing to say while the platform told of no conversion."""
    if flow is None or flow.conversions <= 0 or flow.orders <= 0 or flow.order_value_micros <= 0:
        return None
    past = ratios(
        days,
        orders,
        lambda day, count, value: (
            day.value_micros / day.conversions if day.conversions else 0.0,
            value / count,
            day.conversions,
        ),
    )
    now = measured.Ratio(
        flow.value_micros / flow.conversions, flow.order_value_micros / flow.orders, int(flow.conversions)
    )
    return measured.RatioSeries(now=now, past=past)


def _anomaly(days: Sequence[Day], today: date) -> measured.Anomaly:
    """Spend and click rate of the last complete day; what conversions bear, of the last settled one."""
    complete = [day for day in days if day.day < today]
    settled = [day for day in complete if day.maturity >= 1]
    series = [
        _daily("spend", complete, lambda day: day.spend_micros / 1_000_000),
        _daily("click rate", complete, lambda day: _over(day.clicks, day.impressions, 100_000)),
        _daily("conversions", settled, lambda day: day.conversions),
        _daily("cost per conversion", settled, lambda day: _over(day.spend_micros, day.conversions, 1e-4)),
        _daily("ROAS", settled, lambda day: _over(day.value_micros, day.spend_micros, 1000)),
    ]
    return measured.Anomaly(metrics=tuple(each for each in series if each is not None))


def _daily(name: str, days: Sequence[Day], value: Callable[[Day], float | None]) -> measured.Daily | None:
    if not days:
        return None
    by_day = {day.day: value(day) for day in days}
    first, last = days[0].day, days[-1].day
    every = (first + timedelta(days=step) for step in range((last - first).days + 1))
    return measured.Daily(name, tuple(by_day.get(day) for day in every), last.weekday())


def _over(part: float, whole: float, scale: float) -> float | None:
    return part / whole * scale if whole else None
