"""Returns are ClickHouse's: its own `retention` and its own calendars, run in this process, are the judge."""

import json
import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from app.schemas.cdp.conditions import DaysBetween
from app.schemas.cdp.retention import (
    AnyEvent,
    FirstEvent,
    FirstSeen,
    RetentionDefinition,
)
from app.services.cdp.retention.service import RetentionService
from tests.factories.access import Company
from tests.factories.events import Happened, Somebody, store_people
from tests.oracle import asked

# Through the spring's change of clocks in both zones and the autumn's in both.
_FROM, _TO = date(2025, 9, 20), date(2026, 4, 20)
_ZONES = ("America/New_York", "Europe/Berlin", "Asia/Kathmandu")
_SQL_START = {"day": "toStartOfDay", "week": "toMonday", "month": "toStartOfMonth"}


def _people(draw: random.Random, count: int) -> list[Somebody]:
    start = datetime(_FROM.year, _FROM.month, _FROM.day, tzinfo=UTC)
    whole = (_TO - _FROM).days * 86_400
    found = []
    for _ in range(count):
        begin = draw.randrange(whole - 86_400)
        reach = min(whole - begin, draw.choice([86_400 * 2, 86_400 * 15, 86_400 * 90]))
        times = sorted(draw.sample(range(begin, begin + reach), draw.randint(1, 9)))
        events = [Happened(draw.choice("AAB"), start + timedelta(seconds=each)) for each in times]
        keys = [UUID(int=draw.getrandbits(128)) for _ in range(draw.randint(1, 2))]
        found.append(Somebody(events, keys=keys))
    return found


def _judged(told: Path, definition: RetentionDefinition, zone: str) -> dict[tuple[date, int], int]:
    """People by cohort and the period that they came back in; -1 is the cohort itself."""
    unit, count = definition.period, definition.periods
    begins = "t" if isinstance(definition.start, FirstSeen) else "if(e = 'A', t, NULL)"
    came = "1" if isinstance(definition.returning, AnyEvent) else "e = 'B'"
    start = _SQL_START[unit]
    local = f"toDateTime(%s, '{zone}')"
    place = f"dateDiff('{unit}', {start}(toDate({local % 'b'})), {start}(toDate({local % 't'})))"
    later = ">=" if definition.counted == "on_or_after" else "="
    conditions = ", ".join(
        f"({came}) AND t > b AND place {later} {each} AND place <= {count}" for each in range(count + 1)
    )
    rows = asked(
        f"SELECT toDate({start}(toDate({local % 'b'}))) AS cohort, sumForEach(r) FROM (SELECT p, b, "  # noqa: S608  (our own)
        f"retention(toUInt8(1), {conditions}) AS r FROM (SELECT p, t, e, assumeNotNull(begin) AS b, {place} AS place "
        f"FROM (SELECT p, t, e, min({begins}) OVER (PARTITION BY p) AS begin "
        f"FROM file('{told}', 'CSV', 'p String, t UInt32, e String')) WHERE begin IS NOT NULL) "
        "GROUP BY p, b) GROUP BY cohort"
    )
    return {
        (date.fromisoformat(cohort), place - 1): people
        for cohort, counts in rows
        for place, people in enumerate(json.loads(counts))
        if people
    }


async def _compare(company: Company, folder: Path, seed: int, count: int) -> None:
    draw = random.Random(seed)  # noqa: S311  (sequences, not secrets)
    people = _people(draw, count)
    await store_people(company.scopes, people)
    told = folder / "events.csv"
    told.write_text(
        "\n".join(
            f"{each.id},{int(event.at.timestamp())},{event.name}" for each in people for event in each.events
        )
    )
    zone = _ZONES[seed % len(_ZONES)]
    await company.client().patch("/api/v1/tenants/current", json={"timezone": zone})
    for unit in ("day", "week", "month"):
        for start in (FirstEvent(kind="event", event="A"), FirstSeen(kind="first_seen")):
            for counted in ("on", "on_or_after"):
                asks: dict[str, object] = {
                    "start": start,
                    "returning": draw.choice([{"kind": "event", "event": "B"}, {"kind": "any"}]),
                    "period": unit,
                    "periods": draw.randint(1, 12),
                    "counted": counted,
                }
                await _compare_one(company, told, asks, zone)


async def _compare_one(company: Company, told: Path, asks: dict[str, object], zone: str) -> None:
    # By days there are more cohorts than one report shows: the autumn's change of clocks is in these.
    until = date(2026, 1, 10) if asks["period"] == "day" else _TO
    days = DaysBetween(kind="between", since=_FROM, until=until)
    definition = RetentionDefinition.model_validate({**asks, "days": days})
    async with company.scopes() as scope:
        report = await RetentionService(scope).compute(definition)
        today = scope.now().astimezone(ZoneInfo(zone)).date()
    assert today > until
    found = {(row.begins_on, -1): row.size for row in report.cohorts if row.size}
    found |= {
        (row.begins_on, place): people
        for row in report.cohorts
        for place, people in enumerate(row.returned)
        if people
    }
    expected = {
        key: people
        for key, people in _judged(told, definition, zone).items()
        if report.cohorts[0].begins_on <= key[0] <= report.cohorts[-1].begins_on
    }
    assert found == expected, (definition, zone)


@pytest.mark.parametrize("seed", range(3))
async def test_returns_equal_clickhouses_through_changes_of_the_clocks(
    acme: Company, tmp_path: Path, seed: int
) -> None:
    await _compare(acme, tmp_path, seed, 700)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 115))
async def test_returns_equal_clickhouses_for_many_more_people(
    acme: Company, tmp_path: Path, seed: int
) -> None:
    await _compare(acme, tmp_path, seed, 8_000)
