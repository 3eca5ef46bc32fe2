"""Groups, times and who is still under way, against plain Python that tries every chain of a person's events."""

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.schemas.cdp.funnels import FunnelDefinition
from app.services.cdp.funnels.rules import SPREAD_FROM, StepFigures
from app.services.cdp.funnels.service import FunnelService
from app.services.cdp.segments.service import Recomputation, SegmentService
from tests.factories.access import Company
from tests.factories.events import Happened, Somebody, store_people

_STEPS = ("A", "B", "C")


def _people(draw: random.Random, count: int) -> list[Somebody]:
    """No two events of a person at the same time; the last of them a moment ago."""
    start = datetime.now(UTC) - timedelta(days=1)
    found = []
    for _ in range(count):
        seconds = sorted(draw.sample(range(86_000), draw.randint(1, 9)))
        events = [
            Happened(draw.choice("AABBCX"), start + timedelta(seconds=each), _drawn(draw, "page", "abcde"))
            for each in seconds
        ]
        keys = [UUID(int=draw.getrandbits(128)) for _ in range(draw.randint(1, 3))]
        found.append(Somebody(events, traits=_drawn(draw, "plan", "pqr"), keys=keys))
    return found


def _drawn(draw: random.Random, name: str, values: str) -> dict[str, Any]:
    return {name: draw.choice(values)} if draw.random() < 0.8 else {}


@dataclass
class _Walk:
    """When each step was first reached, with the seconds since the first step and since the one before."""

    level: int
    since_first: list[float]
    since_previous: list[float]
    page: str | None
    is_open: bool


def _chains(events: Sequence[Happened], last: int, step: int, window: timedelta) -> Iterator[list[datetime]]:
    """Every way to arrive at a step with the event at that place, within the window."""
    if events[last].name != _STEPS[step]:
        return
    if step == 0:
        yield [events[last].at]
        return
    for before in range(last):
        for chain in _chains(events, before, step - 1, window):
            if events[last].at - chain[0] <= window:
                yield [*chain, events[last].at]


def _walked(person: Somebody, window: timedelta, now: datetime) -> _Walk | None:
    entries = [event for event in person.events if event.name == _STEPS[0]]
    if not entries:
        return None
    walk = _Walk(1, [], [], entries[0].properties.get("page"), False)
    for step in range(1, len(_STEPS)):
        arrivals = ([*_chains(person.events, place, step, window)] for place in range(len(person.events)))
        chains = next((found for found in arrivals if found), None)
        if chains is None:
            break
        walk.level += 1
        walk.since_first.append(min((each[-1] - each[0]).total_seconds() for each in chains))
        walk.since_previous.append(min((each[-1] - each[-2]).total_seconds() for each in chains))
    walk.is_open = walk.level < len(_STEPS) and entries[-1].at + window > now
    return walk


def _share(values: Iterable[float], share: float) -> float:
    """Between the two that are nearest."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _times(values: Sequence[float]) -> Any:
    if not values:
        return None
    spread = [0] * len(SPREAD_FROM)
    for each in values:
        spread[max(place for place, start in enumerate(SPREAD_FROM) if start <= each)] += 1
    return [pytest.approx(_share(values, 0.5)), pytest.approx(_share(values, 0.9)), spread]


def _expected(walks: Sequence[_Walk]) -> list[Any]:
    steps: list[Any] = [(len(walks), None, None)]
    for step in range(1, len(_STEPS)):
        there = [each for each in walks if each.level > step]
        first = [each.since_first[step - 1] for each in there]
        previous = [each.since_previous[step - 1] for each in there]
        steps.append((len(there), _times(first), _times(previous)))
    return [steps, sum(each.is_open for each in walks)]


def _found(steps: Sequence[StepFigures], still_open: int) -> list[Any]:
    def times(measured: Any) -> Any:
        return measured and [measured.median, measured.p90, list(measured.spread)]

    return [
        [(each.people, times(each.from_first), times(each.from_previous)) for each in steps],
        still_open,
    ]


def _by_group(walks: dict[UUID, _Walk], values: Mapping[UUID, str | None], top: int) -> dict[Any, list[Any]]:
    sizes = Counter(values[person] for person in walks)
    order = sorted(sizes, key=lambda value: (-sizes[value], value is None, value or ""))
    named = set(order[:top])
    groups: dict[Any, list[_Walk]] = {}
    for person, walk in walks.items():
        key = (values[person], False) if values[person] in named else (None, True)
        groups.setdefault(key, []).append(walk)
    return {key: _expected(each) for key, each in groups.items()}


async def _segment(company: Company, name: str, ids: Sequence[UUID]) -> UUID:
    async with company.scopes() as scope:
        made = await SegmentService(scope).create_list(name, "", ids)
    await Recomputation(company.scopes).run(made.id)
    return made.id


@pytest.mark.parametrize("seed", range(3))
async def test_groups_times_and_who_is_under_way_equal_those_of_plain_python(
    acme: Company, seed: int
) -> None:
    draw = random.Random(seed)  # noqa: S311  (sequences, not secrets)
    people = _people(draw, 160)
    await store_people(acme.scopes, people)
    ids = [each.id for each in people]
    first = set(draw.sample(ids, 50))
    second = set(draw.sample(ids, 70))
    one, other = await _segment(acme, "One", [*first]), await _segment(acme, "Other", [*second])
    asks: dict[str, Any] = {
        "steps": [{"event": each} for each in _STEPS],
        "window_seconds": draw.choice([7_200, 30_000, 86_400]),
        "modes": draw.choice([(), ("strict_increase",)]),
        "days": {"kind": "last", "days": 3},
    }
    async with acme.scopes() as scope:
        now = scope.now()
        window = timedelta(seconds=asks["window_seconds"])
        walks = {each.id: walk for each in people if (walk := _walked(each, window, now))}
        plans = {each.id: each.traits.get("plan") for each in people}
        segments = {
            each: str(one) if each in first else str(other) if each in second else None for each in ids
        }
        pages = {person: walk.page for person, walk in walks.items()}
        for by, values, top in (
            ({"kind": "property", "name": "page", "top": 3}, pages, 3),
            ({"kind": "trait", "name": "plan", "top": 2}, plans, 2),
            ({"kind": "lifecycle"}, dict.fromkeys(ids, "anonymous"), 4),
            ({"kind": "segment", "segment_ids": [one, other]}, segments, 11),
        ):
            for segment_id in (None, other):
                chosen = {each: walk for each, walk in walks.items() if segment_id is None or each in second}
                definition = FunnelDefinition.model_validate(
                    {**asks, "breakdown": by, "segment_id": segment_id}
                )
                funnel = await FunnelService(scope).compute(definition)
                assert _found(funnel.steps, funnel.still_open) == _expected([*chosen.values()])
                assert {
                    (each.value, each.rest): _found(each.steps, each.still_open)
                    for each in funnel.groups or ()
                } == _by_group(chosen, values, top), definition
                assert sum(each.steps[0].people for each in funnel.groups or ()) == funnel.people
