"""Measures an account's components from what is known of it, whoever keeps that: the stores, or a simulated world.

The platform reports a conversion on the day of its click, days late; orders are known at once. So the two are held
against each other by flow: what the platform newly told of between two readings, over the orders of that time. The
account's own past is its settled days, whose ratio a steady flow equals.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from app.models.trust_engine.kinds import Component
from app.services.cdp.events.service import MatchKey
from app.services.trust_engine.signals import measurements as measured
from app.services.trust_engine.signals import rules
from app.services.trust_engine.signals.evidence import Evidence, MeasuredAccount
from app.services.trust_engine.signals.flow import Flow, flow_between, ratios, usual_share
from app.services.trust_engine.signals.grading_rules import absent
from app.services.trust_engine.signals.history_rules import MINIMUM_DAYS, MINIMUM_EVENTS
from app.services.trust_engine.signals.measurements import Signal
from app.services.trust_engine.signals.repository import Day, Deliveries, Telling
from app.services.trust_engine.signals.tellings import (
    HISTORY,
    LOOKED_AT_DAYS,
    missing_late,
    recut,
    restated_on,
    slow_fall,
    spans,
    still_restated,
    value_each,
)
from app.services.trust_engine.signals.windows import DAY, WINDOWS, long_enough

METRICS_CADENCE_HOURS = 1.0
EVENTS_CADENCE_HOURS = 6.0
"""A shop sleeps at night."""

_HISTORY = timedelta(days=60)
_PAST_DAYS = 28
_EVENTS_WINDOW = timedelta(hours=24)
_ANSWER_WITHIN = timedelta(hours=1)
_PLATFORM_SCORE_HOLDS = timedelta(hours=48)
_CALLS_WINDOW = timedelta(hours=1)

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


class Measuring:
    """Of one account at one moment."""

    def __init__(self, evidence: Evidence, account: MeasuredAccount, now: datetime) -> None:
        self._evidence = evidence
        self._account = account
        self._now = now
        self._zone = ZoneInfo(account.timezone)
        self._today = now.astimezone(self._zone).date()

    async def signals(self, *, stale_after_hours: float) -> list[Signal]:
        """Every component of the account, as things stand."""
        now, evidence = self._now, self._evidence
        days = await evidence.days((now - _HISTORY).date())
        newest_event = await evidence.newest_event_at()
        sent_in, deliveries = await long_enough(self._deliveries, lambda found: found.sent)
        orders = await self._orders() if newest_event else []
        flow, flowed = await self._flow(days, orders) if orders else (None, DAY)
        tellings = await evidence.tellings_by_day(now - HISTORY, now)
        told = spans(tellings, self._zone, self._today)
        late = missing_late(told)
        return [
            self._emq(deliveries, sent_in),
            rules.freshness(
                measured.Freshness(
                    metrics_at=self._account.last_metrics_at,
                    events_at=newest_event,
                    metrics_cadence_hours=METRICS_CADENCE_HOURS,
                    events_cadence_hours=EVENTS_CADENCE_HOURS,
                    expects_events=newest_event is not None,
                ),
                now,
                stale_after_hours,
            ),
            rules.variance(
                measured.Variance(
                    series=_value_series(days, orders, flow, flowed),
                    fall=slow_fall(told, {day: count for day, count, _ in orders}, days),
                    late=late,
                ),
                now,
            ),
            rules.invariants(
                replace(
                    await self._invariants(days, orders, flow, flowed),
                    still_restated=await self._still_restated(tellings, days),
                    recut=recut(tellings, days, self._today),
                    late=late,
                    value_each=value_each(told),
                    history=len(told) >= MINIMUM_DAYS,
                ),
                now,
            ),
            await self._event_loss(deliveries),
            await self._api_health(),
            rules.anomaly(_anomaly(days, self._today), now),
            await self._cdp_quality(newest_event),
        ]

    async def _deliveries(self, window: timedelta) -> Deliveries:
        until = self._now - _ANSWER_WITHIN
        return await self._evidence.deliveries(since=until - window, until=until)

    def _emq(self, deliveries: Deliveries, window: timedelta) -> Signal:
        account, now = self._account, self._now
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
            window_hours=round(window / timedelta(hours=1)),
            carried=carried,
            platform_score=None if told is None else float(told),
            platform_at=told_at,
        )
        return rules.emq(emq, now)

    async def _event_loss(self, deliveries: Deliveries) -> Signal:
        if not self._account.conversions_enabled and not deliveries.ever:
            return absent(Component.EVENT_LOSS, self._now, "No conversions are sent to this account.")
        share = measured.Share(deliveries.acknowledged, deliveries.due)
        return rules.event_loss(
            measured.EventLoss(
                acknowledged=share,
                browser_over_server=await self._browser_over_server(),
                quarantined=deliveries.quarantined,
                failed_with=deliveries.failed_with,
            ),
            self._now,
        )

    async def _browser_over_server(self) -> measured.RatioSeries | None:
        """Orders that browsers told of over those that servers did, beside the account's own days.

        None where the tenant has not both: a shop without a server, or without a page, lacks nothing.
        """
        until = self._now - _ANSWER_WITHIN
        since = until - _EVENTS_WINDOW
        first = since.astimezone(self._zone).date()
        begin, end = (
            datetime.combine(first - timedelta(days=back), time(), self._zone) for back in (_PAST_DAYS, 0)
        )
        days = await self._evidence.sides_by_day(begin, end)
        if not any(day.browser for day in days) or not any(day.server for day in days):
            return None
        told = await self._evidence.sides(since, until)
        browser, server = told.browser_only + told.both, told.server_only + told.both
        return measured.RatioSeries(
            now=measured.Ratio(float(browser), float(server), browser),
            past=tuple(measured.Ratio(float(day.browser), float(day.server), day.browser) for day in days),
        )

    async def _api_health(self) -> Signal:
        return rules.api_health(await self._evidence.calls(_CALLS_WINDOW), self._now)

    async def _orders(self) -> list[tuple[date, int, int]]:
        """(day, orders, value in micros) in the account's currency and days."""
        found = await self._evidence.orders_by_day(self._now - _HISTORY, self._now)
        return [
            (each.day, each.orders, each.value_micros - each.refunded_micros)
            for each in found
            if each.currency == self._account.currency and each.orders
        ]

    async def _flow(
        self, days: Sequence[Day], orders: Sequence[tuple[date, int, int]]
    ) -> tuple[Flow | None, timedelta]:
        """What the platform newly told of, over the shortest window that holds enough, or by the past should have.

        The longest that is known otherwise.
        """
        newest = await self._evidence.sync_before(self._now)
        flow, flowed = None, DAY
        usual = usual_share(days, orders)
        for window in WINDOWS:
            if newest is None:
                break
            start = await self._evidence.sync_before(newest.started_at - window)
            if start is None or start.finished_at is None:
                break
            since = days[0].day if days else self._now.date()
            known = await self._evidence.days_as_known(since, start.finished_at)
            told = await self._evidence.orders_by_day(start.started_at, newest.started_at)
            mine = [each for each in told if each.currency == self._account.currency]
            flow = flow_between(known, days).beside(
                sum(each.orders for each in mine), sum(each.value_micros for each in mine)
            )
            flowed = window
            if max(flow.conversions, usual * flow.orders) >= MINIMUM_EVENTS:
                break
        return flow, flowed

    async def _invariants(
        self,
        days: Sequence[Day],
        orders: Sequence[tuple[date, int, int]],
        flow: Flow | None,
        flowed: timedelta,
    ) -> measured.Invariants:
        sync = await self._evidence.sync_before(self._now)
        rows = None
        if sync is not None and sync.rows_received is not None and sync.rows_expected:
            rows = measured.Share(sync.rows_received, sync.rows_expected)
        return measured.Invariants(
            sessions_per_click=await self._sessions_per_click(days) if orders else None,
            value_per_conversion=_value_per_conversion(days, orders, flow, flowed),
            named_orders=await self._named_orders() if orders else None,
            cost_per_impression=_cost_per(days, self._today, lambda day: day.impressions),
            cost_per_click=_cost_per(days, self._today, lambda day: day.clicks),
            duplicates=await self._duplicates() if orders else None,
            rows=rows,
            restated=measured.Share(flow.restated_micros, flow.settled_micros) if flow else None,
            first_party=bool(orders),
        )

    async def _still_restated(
        self, tellings: Sequence[Telling], days: Sequence[Day]
    ) -> measured.Share | None:
        """None while nothing was restated."""
        since = restated_on(tellings, days, self._today)
        if since is None:
            return None
        begun = datetime.combine(since, time(), self._zone)
        before = await self._evidence.days_as_known(since - timedelta(days=LOOKED_AT_DAYS), begun)
        changed, whole = still_restated(before, days, self._today)
        return measured.Share(changed, whole)

    async def _duplicates(self) -> measured.Share:
        """Orders told of twice by one source, of all that were told of in a day, or in as many as hold enough.

        Not the repeated message ids: those are an SDK's retries, dropped at the door, and a storm of them would
        close the account for a day though nothing was counted twice. An order under a second event id is.
        """
        now, evidence = self._now, self._evidence
        _, told = await long_enough(
            lambda window: evidence.order_tellings(now - window, now), lambda found: found.told
        )
        return measured.Share(told.again, told.told)

    async def _named_orders(self) -> measured.RatioSeries | None:
        """Of the last day, or of as many as hold enough, beside the account's own days."""
        since = datetime.combine(self._today - timedelta(days=_PAST_DAYS), time(), self._zone)
        until = datetime.combine(self._today, time(), self._zone)
        past = await self._evidence.named_by_day(since, until)
        _, now = await long_enough(
            lambda window: self._evidence.named_by_day(self._now - window, self._now),
            lambda found: sum(day.orders for day in found),
        )
        named, told = sum(day.named for day in now), sum(day.orders for day in now)
        return measured.RatioSeries(
            now=measured.Ratio(float(named), float(told), told),
            past=tuple(measured.Ratio(float(day.named), float(day.orders), day.orders) for day in past),
        )

    async def _sessions_per_click(self, days: Sequence[Day]) -> measured.RatioSeries | None:
        today = self._today
        since = datetime.combine(today - timedelta(days=_PAST_DAYS), time(), self._zone)
        until = datetime.combine(today, time(), self._zone)
        traffic = await self._evidence.traffic_by_day(since, until)
        sessions = {each.day: each.sessions for each in traffic}
        found = [
            (day.day, measured.Ratio(float(sessions[day.day]), float(day.clicks), sessions[day.day]))
            for day in days
            if day.day in sessions and day.day < today
        ]
        if not found or found[-1][0] != today - timedelta(days=1):
            return None
        return measured.RatioSeries(now=found[-1][1], past=tuple(ratio for _, ratio in found[:-1]))

    async def _cdp_quality(self, newest_event: datetime | None) -> Signal:
        now, evidence = self._now, self._evidence
        if newest_event is None:
            return rules.cdp_quality(measured.CdpQuality(resolved=None, complete=None), now)
        _, coverage = await long_enough(
            lambda window: evidence.match_keys(now - window, now), lambda found: found.events
        )
        _, told = await long_enough(
            lambda window: evidence.orders_by_day(now - window, now),
            lambda found: sum(each.orders for each in found),
        )
        orders = sum(each.orders for each in told)
        complete = orders - sum(each.orders_without_value for each in told)
        named = max(coverage.present[key] for key in (MatchKey.EMAIL, MatchKey.PHONE, MatchKey.EXTERNAL_ID))
        return rules.cdp_quality(
            measured.CdpQuality(
                resolved=measured.Share(named, coverage.events), complete=measured.Share(complete, orders)
            ),
            now,
        )


def _value_series(
    days: Sequence[Day], orders: Sequence[tuple[date, int, int]], flow: Flow | None, flowed: timedelta
) -> measured.RatioSeries | None:
    if not orders:
        return None
    past = ratios(
        days,
        orders,
        lambda told, _count, value: (told.value_micros, value, told.conversions),
        pool=flowed // DAY,
    )
    now = measured.Ratio(0.0, 0.0, 0)
    if flow is not None:
        now = measured.Ratio(float(flow.value_micros), float(flow.order_value_micros), int(flow.conversions))
    return measured.RatioSeries(now=now, past=past)


def _value_per_conversion(
    days: Sequence[Day], orders: Sequence[tuple[date, int, int]], flow: Flow | None, flowed: timedelta
) -> measured.RatioSeries | None:
    """Value per conversion over value per order; nothing to say while the platform told of no conversion."""
    if flow is None or flow.conversions <= 0 or flow.orders <= 0 or flow.order_value_micros <= 0:
        return None
    past = ratios(
        days,
        orders,
        lambda told, count, value: (
            told.value_micros / told.conversions if told.conversions else 0.0,
            value / count,
            told.conversions,
        ),
        pool=flowed // DAY,
    )
    now = measured.Ratio(
        flow.value_micros / flow.conversions, flow.order_value_micros / flow.orders, int(flow.conversions)
    )
    return measured.RatioSeries(now=now, past=past)


def _cost_per(days: Sequence[Day], today: date, of: Callable[[Day], int]) -> measured.RatioSeries | None:
    """Of the last complete day, beside the days before it."""
    complete = [day for day in days if day.day < today and of(day) > 0][-_PAST_DAYS - 1 :]
    if not complete or complete[-1].day != today - timedelta(days=1):
        return None
    found = [measured.Ratio(float(day.spend_micros), float(of(day)), of(day)) for day in complete]
    return measured.RatioSeries(now=found[-1], past=tuple(found[:-1]))


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
