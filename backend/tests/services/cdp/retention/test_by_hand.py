"""Who begins again in each period, and groups, against plain Python."""

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from app.schemas.cdp.retention import RetentionDefinition
from app.services.cdp.retention.rules import later, period_of
from app.services.cdp.retention.service import RetentionService
from app.services.cdp.segments.service import Recomputation, SegmentService
from tests.factories.access import Company
from tests.factories.events import Happened, Somebody, store_people

# Through a change of the clocks, and long over.
_FROM, _TO, _PERIODS = date(2025, 10, 6), date(2025, 11, 30), 3
_ZONE = ZoneInfo("America/New_York")


def _people(draw: random.Random, count: int) -> list[Somebody]:
    start = datetime(2025, 10, 1, tzinfo=UTC)
    found = []
    for _ in range(count):
        times = sorted(draw.sample(range(80 * 86_400), draw.randint(1, 12)))
        events = [
            Happened(draw.choice("AAB"), start + timedelta(seconds=each), {"page": draw.choice("xyz")})
            for each in times
        ]
        traits = {"plan": draw.choice("pq")} if draw.random() < 0.7 else {}
        found.append(Somebody(events, traits=traits, keys=[UUID(int=draw.getrandbits(128))]))
    return found


def _begins(person: Somebody, kind: Any, occurrence: str) -> list[tuple[date, Happened]]:
    """The periods in which they begin, and with which event."""
    found: dict[date, Happened] = {}
    for event in person.events:
        if event.name == "A" and (occurrence == "every" or not found):
            found.setdefault(period_of(event.at.astimezone(_ZONE).date(), kind), event)
    first, last = period_of(_FROM, kind), period_of(_TO, kind)
    return [(cohort, event) for cohort, event in found.items() if first <= cohort <= last]


def _counted(people: list[Somebody], asks: dict[str, Any], values: Any) -> Counter[tuple[Any, date, int]]:
    """People by group, cohort and place; -1 for the cohort itself."""
    kind, counted = asks["period"], Counter[tuple[Any, date, int]]()
    for person in people:
        for cohort, began in _begins(person, kind, asks["start"]["occurrence"]):
            group = values(person, began)
            counted[group, cohort, -1] += 1
            places = set()
            for event in person.events:
                if event.at > began.at and (asks["returning"]["kind"] == "any" or event.name == "B"):
                    came = period_of(event.at.astimezone(_ZONE).date(), kind)
                    places |= {place for place in range(_PERIODS + 1) if later(cohort, kind, place) == came}
            if asks["counted"] == "on_or_after" and places:
                places = set(range(max(places) + 1))
            for place in places:
                counted[group, cohort, place] += 1
    return counted


@pytest.mark.parametrize("seed", range(4))
async def test_cohorts_and_groups_equal_those_of_plain_python(acme: Company, seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311  (sequences, not secrets)
    people = _people(draw, 150)
    await store_people(acme.scopes, people)
    await acme.client().patch("/api/v1/tenants/current", json={"timezone": str(_ZONE)})
    chosen = set(draw.sample([each.id for each in people], 60))
    async with acme.scopes() as scope:
        made = await SegmentService(scope).create_list("Chosen", "", [*chosen])
    await Recomputation(acme.scopes).run(made.id)
    for by, values in (
        ({"kind": "property", "name": "page", "top": 25}, lambda _, began: began.properties["page"]),
        ({"kind": "trait", "name": "plan", "top": 25}, lambda person, _: person.traits.get("plan")),
        (
            {"kind": "segment", "segment_ids": [made.id]},
            lambda person, _: str(made.id) if person.id in chosen else None,
        ),
        (None, lambda _person, _began: None),
    ):
        asks: dict[str, Any] = {
            "start": {"kind": "event", "event": "A", "occurrence": draw.choice(["first", "every"])},
            "returning": draw.choice([{"kind": "any"}, {"kind": "event", "event": "B"}]),
            "period": draw.choice(["day", "week", "month"]),
            "counted": draw.choice(["on", "on_or_after"]),
            "periods": _PERIODS,
            "days": {"kind": "between", "since": _FROM, "until": _TO},
            "breakdown": by,
            "segment_id": made.id if draw.random() < 0.5 else None,
        }
        meant = [each for each in people if asks["segment_id"] is None or each.id in chosen]
        expected = _counted(meant, asks, values)
        async with acme.scopes() as scope:
            report = await RetentionService(scope).compute(RetentionDefinition.model_validate(asks))
        found = {(row.begins_on, -1): row.size for row in report.cohorts}
        found |= {
            (row.begins_on, place): people
            for row in report.cohorts
            for place, people in enumerate(row.returned)
            if people is not None
        }
        everybody = Counter[tuple[date, int]]()
        for (_, cohort, place), count in expected.items():
            everybody[cohort, place] += count
        assert {key: count for key, count in found.items() if count} == everybody, asks
        for group in report.groups or ():
            of = [(cohort, place) for value, cohort, place in expected if value == group.value]
            assert group.curve.people == sum(expected[group.value, *key] for key in of if key[1] == -1)
            assert group.curve.returned == [
                sum(expected[group.value, *key] for key in of if key[1] == place)
                for place in range(_PERIODS + 1)
            ]
        assert report.complete
        assert len(report.groups or ()) == (len({key[0] for key in expected}) if by else 0)
