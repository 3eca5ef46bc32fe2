"""Periods of a calendar, and what counts of returns come to. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.schemas.cdp.retention import PeriodKind, RetentionDefinition

MOST_COHORTS = 120
_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Cohort:
    begins_on: date
    size: int
    returned: Sequence[int | None]
    complete: int


@dataclass(frozen=True, slots=True)
class Curve:
    """Cohorts taken together, period by period."""

    people: int
    returned: Sequence[int]
    of: Sequence[int]

    @property
    def overall(self) -> list[float | None]:
        pairs = zip(self.returned, self.of, strict=True)
        return [part / whole if whole else None for part, whole in pairs]


@dataclass(frozen=True, slots=True)
class Group:
    value: str | None
    label: str | None
    rest: bool
    curve: Curve


@dataclass(frozen=True, slots=True)
class Retention:
    """A report's answer."""

    first_day: date
    last_day: date
    timezone: str
    period: PeriodKind
    as_of: datetime
    complete: bool
    curve: Curve
    cohorts: Sequence[Cohort]
    groups: Sequence[Group] | None


def period_of(day: date, kind: PeriodKind) -> date:
    """The first day of the period that a day is in."""
    match kind:
        case "day":
            return day
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)


def later(period: date, kind: PeriodKind, count: int) -> date:
    """The first day of the period so many after this one."""
    match kind:
        case "day":
            return period + timedelta(days=count)
        case "week":
            return period + timedelta(weeks=count)
        case "month":
            months = period.year * _MONTHS + period.month - 1 + count
            return date(months // _MONTHS, months % _MONTHS + 1, 1)


def periods_between(first: date, last: date, kind: PeriodKind) -> list[date]:
    """The periods from the one that `first` is in to the one that `last` is in, or one more than may be asked for."""
    found = [period_of(first, kind)]
    while len(found) <= MOST_COHORTS and (following := later(found[-1], kind, 1)) <= last:
        found.append(following)
    return found


def cohorts(
    definition: RetentionDefinition,
    begins: Iterable[date],
    sizes: Mapping[date, int],
    returns: Mapping[tuple[date, int], int],
    today: date,
) -> list[Cohort]:
    """A row for each period, people or none. `returns` has each person once for each period they came back in.

    Where later returns count too, it has each person once, with the last.
    """
    found = []
    for begin in begins:
        counts = [returns.get((begin, place), 0) for place in range(definition.periods + 1)]
        if definition.counted == "on_or_after":
            counts = [sum(counts[place:]) for place in range(len(counts))]
        starts = [later(begin, definition.period, place) for place in range(len(counts) + 1)]
        returned = [count if start <= today else None for count, start in zip(counts, starts, strict=False)]
        complete = sum(following <= today for following in starts[1:])
        found.append(Cohort(begin, sizes.get(begin, 0), returned, complete))
    return found


def curve(rows: Sequence[Cohort], periods: int) -> Curve:
    """Over the cohorts for which a period is over."""
    over = [[row for row in rows if place < row.complete] for place in range(periods + 1)]
    return Curve(
        people=sum(row.size for row in rows),
        returned=[sum(row.returned[place] or 0 for row in each) for place, each in enumerate(over)],
        of=[sum(row.size for row in each) for each in over],
    )
