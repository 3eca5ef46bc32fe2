"""How two views of one truth are brought onto one basis: the platform's late days, and the shop's orders."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from app.services.trust_engine.signals.measurements import Ratio
from app.services.trust_engine.signals.repository import Day, KnownDay

_PAST_DAYS = 28


@dataclass(frozen=True, slots=True)
class Flow:
    """What a platform newly told of between two readings, and the orders of the same time."""

    conversions: float
    value_micros: int
    settled_micros: int
    """Value of the days that had settled by the first reading."""
    restated_micros: int
    """How much of it the second reading changed, either way."""
    orders: int = 0
    order_value_micros: int = 0

    def beside(self, orders: int, order_value_micros: int) -> "Flow":
        return replace(self, orders=orders, order_value_micros=order_value_micros)


def flow_between(known: Sequence[KnownDay], now: Sequence[Day]) -> Flow:
    """The difference of two readings; a day that the first did not know counts whole. A correction down is no flow."""
    before = {day.day: day for day in known}
    conversions, value, settled, restated = 0.0, 0, 0, 0
    for day in now:
        was = before.get(day.day)
        gained = day.value_micros - (was.value_micros if was else 0)
        if was is not None and was.maturity >= 1:
            settled += was.value_micros
            restated += abs(gained)
            continue
        conversions += max(0.0, day.conversions - (was.conversions if was else 0.0))
        value += max(0, gained)
    return Flow(conversions=conversions, value_micros=value, settled_micros=settled, restated_micros=restated)


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of some days together."""

    conversions: float
    value_micros: int


def ratios(
    days: Sequence[Day],
    orders: Sequence[tuple[date, int, int]],
    of: Callable[[Told, int, int], tuple[float, float, float]],
    *,
    pool: int = 1,
) -> tuple[Ratio, ...]:
    """The settled days' ratios, oldest first: `of` gives numerator, denominator and events of what is told and sold.

    `pool` days together make a ratio, each ending a day later than the one before: a ratio of a week has to be held
    against weeks.
    """
    shop = {day: (count, value) for day, count, value in orders}
    settled = [day for day in days if day.maturity >= 1 and day.day in shop][-_PAST_DAYS - pool + 1 :]
    found = []
    for last in range(pool, len(settled) + 1):
        chosen = settled[last - pool : last]
        told = Told(sum(day.conversions for day in chosen), sum(day.value_micros for day in chosen))
        count, value = (sum(shop[day.day][each] for day in chosen) for each in (0, 1))
        found.append(of(told, count, value))
    return tuple(Ratio(float(top), float(bottom), int(events)) for top, bottom, events in found)


def usual_share(days: Sequence[Day], orders: Sequence[tuple[date, int, int]]) -> float:
    """Conversions that the platform claims for each order, over the settled days; 0 while there are none."""
    shop = {day: count for day, count, _ in orders}
    settled = [day for day in days if day.maturity >= 1 and day.day in shop][-_PAST_DAYS:]
    sold = sum(shop[day.day] for day in settled)
    return sum(day.conversions for day in settled) / sold if sold else 0.0
