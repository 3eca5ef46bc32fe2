"""A simulated account as the trust engine asks of it: the very questions that it asks of the stores."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np

from app.services.cdp.events.service import MatchKey, measures
from app.services.trust_engine.signals.evidence import Reading
from app.services.trust_engine.signals.measurements import ApiHealth
from app.services.trust_engine.signals.repository import Day, Deliveries, KnownDay, Telling
from benchmarks.trustbench.calendar import EPOCH, calendar_day, moment
from benchmarks.trustbench.reports import MATURE_HOURS, STEP, TIMES, Reports
from benchmarks.trustbench.tellings import Tellings
from benchmarks.trustbench.world import Floats

CURRENCY = "USD"
_MICROS = 1_000_000
_CARRIED = {
    "em": 0.9,
    "ph": 0.6,
    "external_id": 0.75,
    "fbc": 0.4,
    "fbp": 0.85,
    "client_user_agent": 0.95,
    "zp": 0.6,
}
"""The shares of purchases that carry each match key while nothing is wrong."""
_OF_PEOPLE = frozenset({"em", "ph", "external_id", "zp"})
_OF_BROWSERS = frozenset({"fbp", "fbc"})
_CALLS_AN_HOUR = 60


@dataclass(frozen=True, slots=True)
class SimulatedAccount:
    currency: str
    timezone: str
    conversions_enabled: bool
    last_metrics_at: datetime | None
    match_quality: Decimal | None
    match_quality_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Reading:
    started_at: datetime
    finished_at: datetime | None
    rows_received: int | None
    rows_expected: int | None


class SimulatedEvidence:
    """At one reading. `first_party`: the shop sends its own events."""

    def __init__(
        self, reports: Reports, reading: int, *, first_party: bool, tellings: Tellings | None = None
    ) -> None:
        self._reports = reports
        self._tellings = tellings or Tellings(reports)
        self._reading = reading
        self._read = int(reports.read[reading])
        self._first_party = first_party

    @property
    def account(self) -> SimulatedAccount:
        changed = moment(float(self._reports.as_of[self._read]))
        return SimulatedAccount(CURRENCY, "UTC", self._first_party, changed, None, None)

    async def days(self, since: date) -> Sequence[Day]:
        reports, reading = self._reports, self._read
        until = int(reports.as_of[reading])
        shift = int(reports.shifted[reading])
        spend, clicks, impressions = reports.delivered(reading).sum(axis=1)
        conversions = reports.conversions[reading].sum(axis=0)
        value = reports.value[reading].sum(axis=0)
        first = max(0, _day_index(since))
        days = range(first, min(len(spend), (until - 1 - shift) // 24 + 1))
        counted = (spend * _MICROS, impressions, clicks, value * _MICROS)
        whole = (np.rint(each[days.start : days.stop]).astype(int).tolist() for each in counted)
        return [
            Day(calendar_day(day), spent, shown, clicked, told, worth, _maturity(day, float(TIMES[reading])))
            for day, spent, shown, clicked, worth, told in zip(
                days, *whole, conversions[days.start : days.stop].tolist(), strict=True
            )
        ]

    async def days_as_known(self, since: date, at: datetime) -> Sequence[KnownDay]:
        reading = int(self._reports.read[_reading_at(at)])
        conversions = self._reports.conversions[reading].sum(axis=0)
        value = self._reports.value[reading].sum(axis=0)
        first, last = max(0, _day_index(since)), int(TIMES[reading]) // 24
        return [
            KnownDay(
                day=calendar_day(day),
                conversions=float(conversions[day]),
                value_micros=round(value[day] * _MICROS),
                maturity=_maturity(day, float(TIMES[reading])),
            )
            for day in range(first, last + 1)
            if conversions[day] or day < last
        ]

    async def tellings_by_day(self, since: datetime, until: datetime) -> Sequence[Telling]:
        return self._tellings.by_day(_reading_at(since), min(_reading_at(until), self._reading))

    async def sync_before(self, at: datetime) -> Reading | None:
        found = _reading_at(at)
        if found < 0:
            return None
        reading = int(self._reports.read[found])
        begun = moment(float(TIMES[reading]))
        return _Reading(begun, begun, int(self._reports.told_ad_sets[reading]), self._reports.ad_sets)

    async def deliveries(self, *, since: datetime, until: datetime) -> Deliveries:
        if not self._first_party:
            return Deliveries(ever=False, due=0, acknowledged=0, sent=0, carried={}, quarantined=0)
        orders = self._window(self._reports.orders, since, until)
        keyless = self._window(self._reports.orders * self._reports.keyless, since, until)
        blind = self._window(self._reports.orders * self._reports.cookieless, since, until)
        carried = {}
        for key, share in _CARRIED.items():
            lost = keyless if key in _OF_PEOPLE else blind if key in _OF_BROWSERS else 0.0
            carried[key] = round(share * (orders - lost))
        failing = bool(self._reports.failing[self._reading])
        due = round(orders)
        return Deliveries(
            ever=True,
            due=due,
            acknowledged=round(0.2 * due) if failing else due,
            sent=due,
            carried=carried,
            quarantined=0,
        )

    async def calls(self, window: timedelta) -> ApiHealth:
        calls = round(_CALLS_AN_HOUR * window.total_seconds() / 3600)
        if self._reports.failing[self._reading]:
            return ApiHealth(calls=calls, failures=calls, throttled=0, p95_ms=400.0, circuit="open")
        return ApiHealth(calls=calls, failures=0, throttled=0, p95_ms=400.0, circuit="closed")

    async def newest_event_at(self) -> datetime | None:
        return moment(float(TIMES[self._reading])) - timedelta(minutes=5) if self._first_party else None

    async def orders_by_day(self, since: datetime, until: datetime) -> Sequence[measures.DayOrders]:
        counts = _by_day(self._reports.orders, since, until)
        values = _by_day(self._reports.order_value, since, until)
        return [
            measures.DayOrders(calendar_day(day), CURRENCY, round(count), round(value * _MICROS), 0, 0, 0)
            for (day, count), (_, value) in zip(counts, values, strict=True)
            if count
        ]

    async def traffic_by_day(self, since: datetime, until: datetime) -> Sequence[measures.DayTraffic]:
        if not self._first_party:
            return []
        return [
            measures.DayTraffic(calendar_day(day), 3 * round(sessions), round(sessions), round(sessions))
            for day, sessions in _by_day(self._reports.sessions, since, until)
        ]

    async def sides(self, since: datetime, until: datetime) -> measures.Mismatch:
        orders = round(self._window(self._reports.orders, since, until))
        both = round(self._window(self._reports.browser_orders, since, until))
        return measures.Mismatch(browser_only=0, server_only=orders - both, both=both)

    async def sides_by_day(self, since: datetime, until: datetime) -> Sequence[measures.DaySides]:
        browsers = _by_day(self._reports.browser_orders, since, until)
        servers = _by_day(self._reports.orders, since, until)
        return [
            measures.DaySides(calendar_day(day), round(browser), round(server))
            for (day, browser), (_, server) in zip(browsers, servers, strict=True)
        ]

    async def order_tellings(self, since: datetime, until: datetime) -> measures.OrderTellings:
        orders = round(self._window(self._reports.orders, since, until))
        again = round(self._window(self._reports.doubled_orders, since, until))
        return measures.OrderTellings(told=orders + again, orders=orders)

    async def match_keys(self, since: datetime, until: datetime) -> measures.MatchKeyCoverage:
        orders = self._window(self._reports.orders, since, until)
        named = orders - self._window(self._reports.orders * self._reports.keyless, since, until)
        present = dict.fromkeys(MatchKey, 0)
        for key, share in ((MatchKey.EMAIL, 0.9), (MatchKey.PHONE, 0.6), (MatchKey.EXTERNAL_ID, 0.75)):
            present[key] = round(share * named)
        return measures.MatchKeyCoverage(round(orders), present)

    async def named_by_day(self, since: datetime, until: datetime) -> Sequence[measures.DayNamed]:
        named = _by_day(self._reports.named_orders, since, until)
        return [
            measures.DayNamed(calendar_day(day), round(orders), round(known))
            for (day, orders), (_, known) in zip(
                _by_day(self._reports.orders, since, until), named, strict=True
            )
        ]

    def _window(self, hourly: Floats, since: datetime, until: datetime) -> float:
        return float(hourly[max(0, _hours(since)) : max(0, _hours(until))].sum())


def _by_day(hourly: Floats, since: datetime, until: datetime) -> list[tuple[int, float]]:
    """Sums of the window's hours, by day."""
    first, last = max(0, _hours(since)), _hours(until)
    if last <= first:
        return []
    edges = [first, *range((first // 24 + 1) * 24, last, 24)]
    sums = np.add.reduceat(hourly[first:last], np.array(edges) - first)
    return [(edge // 24, float(each)) for edge, each in zip(edges, sums, strict=True)]


def _hours(at: datetime) -> int:
    return int((at - EPOCH).total_seconds() // 3600)


def _reading_at(at: datetime) -> int:
    """The last reading that had begun by then; -1 before the first."""
    return min(len(TIMES) - 1, _hours(at) // STEP)


def _day_index(day: date) -> int:
    return (day - EPOCH.date()).days


def _maturity(day: int, at: float) -> float:
    share = (at - (day + 1) * 24) / MATURE_HOURS
    return math.floor(min(1.0, max(0.0, share)) * 100) / 100
