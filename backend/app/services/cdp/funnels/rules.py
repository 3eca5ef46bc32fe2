"""What counts come to: shares, drop-off. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from app.schemas.cdp.funnels import FunnelDefinition


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds."""

    median: float
    p90: float


@dataclass(frozen=True, slots=True)
class Counted:
    """Some people: how many got to each step, and how long it took them."""

    everybody: bool
    rest: bool
    value: str | None
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
    rest: bool
    steps: Sequence[StepFigures]


@dataclass(frozen=True, slots=True)
class Funnel:
    """A funnel's answer."""

    first_day: date
    last_day: date
    timezone: str
    steps: Sequence[StepFigures]
    groups: Sequence[Group] | None


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
