"""What counts come to: shares, drop-off. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from app.schemas.cdp.funnels import FunnelDefinition

_MINUTE, _HOUR, _DAY = 60.0, 3_600.0, 86_400.0
SPREAD_FROM = (
    *(0.0, 10.0, _MINUTE, 10 * _MINUTE),
    *(_HOUR, 6 * _HOUR, _DAY, 3 * _DAY, 7 * _DAY, 30 * _DAY),
)
"""From how many seconds on each part of a spread of times counts; the last has no end."""


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds; `spread` has the people for each of `SPREAD_FROM`."""

    median: float
    p90: float
    spread: Sequence[int]


@dataclass(frozen=True, slots=True)
class Counted:
    """Some people: how many got to each step, and how long it took them."""

    everybody: bool
    rest: bool
    value: str | None
    still_open: int
    people: tuple[int, ...]
    from_first: tuple[Times | None, ...]
    from_previous: tuple[Times | None, ...]


@dataclass(frozen=True, slots=True)
class StepFigures:
    label: str
    people: int
    share_of_first: float | None
    share_of_previous: float | None
    dropped: int
    from_first: Times | None
    from_previous: Times | None


@dataclass(frozen=True, slots=True)
class Group:
    value: str | None
    label: str | None
    rest: bool
    steps: Sequence[StepFigures]
    still_open: int


@dataclass(frozen=True, slots=True)
class Funnel:
    """A funnel's answer."""

    first_day: date
    last_day: date
    timezone: str
    as_of: datetime
    complete: bool
    people: int
    still_open: int
    spread_from: Sequence[float]
    steps: Sequence[StepFigures]
    groups: Sequence[Group] | None


@dataclass(frozen=True, slots=True)
class Person:
    profile_id: UUID
    reached: int
    last_entered_at: datetime
    lifecycle: str | None
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class People:
    """Some of a funnel's people, of `total`."""

    as_of: datetime
    total: int
    items: Sequence[Person]


@dataclass(frozen=True, slots=True)
class PeopleList:
    """People who were put on a new segment's list."""

    segment_id: UUID
    name: str
    people: int


def figures(definition: FunnelDefinition, counted: Counted) -> list[StepFigures]:
    found = []
    for place, step in enumerate(definition.steps):
        people = counted.people[place]
        before = counted.people[place - 1] if place else people
        found.append(
            StepFigures(
                label=step.label or step.event,
                people=people,
                share_of_first=_share(people, counted.people[0]),
                share_of_previous=_share(people, before),
                dropped=before - people,
                from_first=counted.from_first[place],
                from_previous=counted.from_previous[place],
            )
        )
    return found


def _share(part: int, whole: int) -> float | None:
    """Unknown where there is nobody to be a share of."""
    return part / whole if whole else None
