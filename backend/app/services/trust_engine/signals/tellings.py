"""What days of telling show: a slow fall, late conversions that stay away, days that are cut or counted anew.

A day of telling is what was newly told of between two midnights, of whatever day. Days without a reading near their end
are taken together with the next ones: an outage is no fall.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from app.services.trust_engine.signals.history_rules import MAD_TO_SIGMA, MINIMUM_DAYS
from app.services.trust_engine.signals.measurements import Fall, Late, Ratio, RatioSeries, Recut
from app.services.trust_engine.signals.repository import Day, KnownDay, Telling

LOOKED_AT_DAYS = 7
"""Days that a return is reckoned from: what was restated among them is still believed in."""
HISTORY = timedelta(days=45)
RUN_DAYS = 14
SLACK = 0.5
LIMIT = 5.0
"""Page's cumulative sum, one-sided, in deviations (Page, 1954; Montgomery, Introduction to Statistical Quality Control,
section 9.1): with a slack of half a deviation and a limit of five, a steady process is accused once in 930 days, a fall
of one deviation found in ten, of two in four."""
_FURTHEST = 4.0
"""A single day's deviation counts for no more: one day alone accuses nobody."""
_LEAST_SPREAD = 0.02
_BASE_DAYS = 28
_LATE_FROM = 2
_LATE_WINDOWS = (1, 2, 3, 7)
_LATE_BACK = 0.9
_LATE_LEAST = 8.0
"""Late conversions that a window has to expect."""
_RECUT_FROM, _RECUT_UNTIL = 2, 10
_RECUT_MOVED = 5e-4
_RECUT_DAYS = 3
_RESTATED = 0.25
_STILL_RESTATED_DAYS = 10


@dataclass(frozen=True, slots=True)
class Span:
    """One day of telling, or several where nothing was read near a day's end."""

    days: tuple[date, ...]
    conversions: tuple[float, ...]
    value_micros: int

    @property
    def told(self) -> float:
        return sum(self.conversions)

    @property
    def late(self) -> float:
        return sum(self.conversions[_LATE_FROM:])


def spans(tellings: Sequence[Telling], zone: ZoneInfo, today: date) -> list[Span]:
    """The complete days, oldest first."""
    found: list[Span] = []
    waiting: list[Telling] = []
    by_day = {each.day: each for each in tellings if each.day < today}
    if not by_day:
        return []
    day, last = min(by_day), max(by_day)
    days: list[date] = []
    while day <= last:
        days.append(day)
        telling = by_day.get(day)
        if telling is not None:
            waiting.append(telling)
            if _is_closed(telling, zone):
                found.append(_span(days, waiting))
                days, waiting = [], []
        day += timedelta(days=1)
    return found


def _is_closed(telling: Telling, zone: ZoneInfo) -> bool:
    """Read within two hours of its end, or at midnight."""
    local = telling.last_at.astimezone(zone)
    return local.date() > telling.day or local.hour >= 22  # noqa: PLR2004  (of the clock)


def _span(days: Sequence[date], tellings: Sequence[Telling]) -> Span:
    return Span(
        tuple(days),
        tuple(sum(each) for each in zip(*(telling.conversions for telling in tellings), strict=True)),
        sum(sum(telling.value_micros) for telling in tellings),
    )


def slow_fall(told: Sequence[Span], orders: Mapping[date, int], days: Sequence[Day]) -> Fall | None:
    """Conversions told of for each order, over the last two weeks, against the four weeks before them.

    None while too little is known. What a fall in spend explains is no fall: at most all of it, since what is bought
    least yields most.
    """
    spend = {day.day: day.spend_micros for day in days}
    points = [point for span in told if (point := _point(span, orders, spend)) is not None]
    base, run = points[:-RUN_DAYS][-_BASE_DAYS:], points[-RUN_DAYS:]
    if len(base) < RUN_DAYS:
        return None
    usual, usual_spend = median(each.share for each in base), median(each.spend for each in base)
    spread = max(MAD_TO_SIGMA * median(abs(each.share - usual) for each in base), _LEAST_SPREAD)
    held, z, explained, since = 0.0, 0.0, 0.0, 0
    for point in run:
        explained = min(0.0, point.spend - usual_spend)
        z = (point.share - usual - explained) / max(spread, 1 / math.sqrt(max(point.told, 1.0)))
        z = max(-_FURTHEST, min(_FURTHEST, z))
        # What is back to usual after it was accused begins anew, or it would be accused of its past for weeks.
        held = 0.0 if held >= LIMIT and z > -1 else max(0.0, held - z - SLACK)
        since = since + 1 if held else 0
    return Fall(
        held=held,
        last=z,
        days=since,
        share=1 - math.exp(run[-1].share - usual - explained),
        accuses=held >= LIMIT and z <= -1,
    )


@dataclass(frozen=True, slots=True)
class _Point:
    """Logarithms of conversions over orders and of spend a day."""

    share: float
    spend: float
    told: float


def _point(span: Span, orders: Mapping[date, int], spend: Mapping[date, int]) -> _Point | None:
    sold, spent = (sum(of.get(day, 0) for day in span.days) for of in (orders, spend))
    if sold <= 0 or spent <= 0:
        return None
    return _Point(
        share=math.log((span.told + 0.5) / (sold + 0.5)),
        spend=math.log(spent / len(span.days)),
        told=span.told,
    )


def missing_late(told: Sequence[Span]) -> Late | None:
    """Whether what is told of two days after the click and later stays away; the clearest of several windows.

    Held against the whole of what is told, and against how much the days that it belongs to had brought at first, of
    which the weaker counts: with a sale the first falls and with a holiday the second, with a shorter attribution
    window both. None while too little is known.
    """
    early = _early(told)
    usable = [span for span in told if len(span.days) == 1 and span.told > 0]
    base, recent = usable[: -_LATE_WINDOWS[-1]][-_BASE_DAYS:], usable[-_LATE_WINDOWS[-1] :]
    if len(base) < 2 * MINIMUM_DAYS:
        return None
    weights = _weights(base, early)
    expected = {span.days[0]: _expected(span, early, weights) for span in (*base, *recent)}
    shares = _Compared([span.late / span.told for span in base], [span.told for span in base])
    known = [span for span in base if expected[span.days[0]]]
    if len(known) < MINIMUM_DAYS:
        return None
    cohorts = _Compared(
        [span.late / expected[span.days[0]] for span in known], [expected[span.days[0]] for span in known]
    )
    # Longer windows only while the last day lacks them too: a repair shows in it first.
    last = recent[-1]
    back = last.late >= _LATE_BACK * cohorts.usual * expected[last.days[0]]
    found = [
        each
        for window in (_LATE_WINDOWS[:1] if back else _LATE_WINDOWS)
        if (each := _late(recent[-window:], expected, shares, cohorts)) is not None
    ]
    return min(found, key=lambda each: each.of_clicked if each.left < 1 else 0.0, default=None)


def _early(told: Sequence[Span]) -> dict[date, float]:
    """Conversions that a click's day brought on it and on the next."""
    by_day = {span.days[0]: span for span in told if len(span.days) == 1}
    return {
        day: span.conversions[0] + by_day[after].conversions[1]
        for day, span in by_day.items()
        if (after := day + timedelta(days=1)) in by_day
    }


def _late(
    now: Sequence[Span], expected: Mapping[date, float], shares: "_Compared", cohorts: "_Compared"
) -> Late | None:
    told_now, late_now = sum(span.told for span in now), sum(span.late for span in now)
    expected_now = sum(expected[span.days[0]] for span in now)
    enough = shares.usual * told_now >= _LATE_LEAST and cohorts.usual > 0
    if not enough or not all(expected[span.days[0]] for span in now):
        return None
    share, ratio = late_now / told_now, late_now / expected_now
    return Late(
        share=share,
        usual=shares.usual,
        left=max(share / shares.usual, ratio / cohorts.usual),
        of_told=shares.deviations(share, len(now)),
        of_clicked=cohorts.deviations(ratio, len(now)),
        days=len(now),
    )


class _Compared:
    """Daily shares, by their middle and their spread; never less than chance alone would spread them."""

    def __init__(self, shares: Sequence[float], of: Sequence[float]) -> None:
        self.usual = median(shares)
        chance = math.sqrt(self.usual / max(median(of), 1.0))
        self._spread = max(MAD_TO_SIGMA * median(abs(each - self.usual) for each in shares), chance, 1e-9)

    def deviations(self, now: float, days: int) -> float:
        return (now - self.usual) / (self._spread / math.sqrt(days))


def _weights(base: Sequence[Span], early: Mapping[date, float]) -> dict[int, float]:
    """Of each late age: conversions for one that the same day had brought at first."""
    found = {}
    for age in range(_LATE_FROM, len(base[0].conversions)):
        pairs = [
            (span.conversions[age], early[day])
            for span in base
            if (day := span.days[0] - timedelta(days=age)) in early
        ]
        whole = sum(first for _, first in pairs)
        found[age] = sum(late for late, _ in pairs) / whole if whole else 0.0
    return found


def _expected(span: Span, early: Mapping[date, float], weights: Mapping[int, float]) -> float:
    """Late conversions of a day of telling, by the days that they belong to; 0 where those are not known."""
    total = 0.0
    for age, weight in weights.items():
        if weight <= 0:
            continue
        first = early.get(span.days[0] - timedelta(days=age))
        if first is None:
            return 0.0
        total += weight * first
    return total


def recut(tellings: Sequence[Telling], days: Sequence[Day], today: date) -> Recut | None:
    """The last day on which most whole days' spend moved between them, without more or less of it in all.

    So it does where days are cut at another hour. A credit, or ad sets that are missing, moves it one way. Only while
    most of the days that are looked at were cut before; None otherwise.
    """
    spend = {day.day: day.spend_micros for day in days}
    since = today - timedelta(days=LOOKED_AT_DAYS // 2)
    for telling in reversed(tellings):
        if telling.day < since:
            break
        up, down = telling.spend_up_micros, telling.spend_down_micros
        ages = [
            age
            for age in range(_RECUT_FROM, min(_RECUT_UNTIL + 1, len(up)))
            if spend.get(telling.day - timedelta(days=age), 0) > 0
        ]
        moved = [
            age
            for age in ages
            if up[age] + down[age] > _RECUT_MOVED * spend[telling.day - timedelta(days=age)]
        ]
        risen, fallen = sum(up[age] for age in moved), sum(down[age] for age in moved)
        one_way = abs(risen - fallen) > (risen + fallen) / 2
        if len(moved) >= max(_RECUT_DAYS, len(ages) / 2) and not one_way:
            return Recut(day=telling.day, moved=len(moved), days=len(ages))
    return None


def restated_on(tellings: Sequence[Telling], days: Sequence[Day], today: date) -> date | None:
    """The first of the last days on which a good part of what had been told of was taken back, or settled days grew."""
    value = {day.day: day.value_micros for day in days}
    settled = [day.day for day in days if day.maturity >= 1]
    settled_age = (today - max(settled)).days if settled else len(tellings[0].conversions) if tellings else 0
    for telling in tellings:
        if telling.day < today - timedelta(days=_STILL_RESTATED_DAYS):
            continue
        ages = [
            age for age in range(1, len(telling.value_micros)) if telling.day - timedelta(days=age) in value
        ]
        changed = sum(
            telling.lost_value_micros[age] + (telling.value_micros[age] if age >= settled_age else 0)
            for age in ages
        )
        known = sum(
            value[telling.day - timedelta(days=age)] + telling.lost_value_micros[age]
            for age in ages
            if age <= _STILL_RESTATED_DAYS
        )
        if known > 0 and changed >= _RESTATED * known:
            return telling.day
    return None


def still_restated(before: Sequence[KnownDay], days: Sequence[Day], today: date) -> tuple[int, int]:
    """(changed, whole), in micros: what the days that are looked at had before, and how much of it they lack now.

    A day that had settled may not have grown either.
    """
    was = {day.day: day for day in before}
    changed = whole = 0
    for day in days:
        known = was.get(day.day)
        if known is None or not today - timedelta(days=LOOKED_AT_DAYS) <= day.day < today:
            continue
        more = day.value_micros - known.value_micros
        changed += abs(more) if known.maturity >= 1 else max(0, -more)
    for day in days:
        if today - timedelta(days=LOOKED_AT_DAYS) <= day.day < today:
            known = was.get(day.day)
            whole += max(day.value_micros, known.value_micros if known else 0)
    return changed, whole


def day_begins(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def value_each(told: Sequence[Span]) -> RatioSeries | None:
    """Value per conversion of the last day of telling, beside the days before it."""
    if not told:
        return None
    found = [Ratio(float(span.value_micros), span.told, int(span.told)) for span in told[-_BASE_DAYS - 1 :]]
    return RatioSeries(now=found[-1], past=tuple(found[:-1]))
