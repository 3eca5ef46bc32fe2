"""Levels are ClickHouse's: its own `windowFunnel`, run in this process, is the judge."""

import itertools
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from app.db.session import Scopes
from app.schemas.cdp.conditions import DaysBetween, EventChoice
from app.schemas.cdp.funnels import FunnelDefinition, Mode, Step
from app.services.cdp.conditions.rules import Span
from app.services.cdp.conditions.service import PATIENCE, answered_within
from app.services.cdp.funnels.computing_repository import FunnelStatement
from tests.factories.access import Company
from tests.factories.events import Happened, Somebody, store_people
from tests.oracle import asked

START = datetime(2026, 3, 1, tzinfo=UTC)
_UNTIL = datetime(2026, 3, 2, tzinfo=UTC)
_SPAN = Span(START.date(), START.date(), START, _UNTIL)
_MODES: tuple[Mode, ...] = ("strict_order", "strict_deduplication", "strict_increase")
_COMBINATIONS = [each for size in range(4) for each in itertools.combinations(_MODES, size)]
# `kind` lets one event be two steps at once, which is where the strict modes differ most.
_STEPS = ["A", "B", "C", "D"]


def steps(count: int, *, overlapping: bool) -> list[Step]:
    steps = [Step(event=name) for name in _STEPS[:count]]
    if overlapping:
        said = EventChoice.model_validate(
            {"event": "A", "where": [{"property": "also", "test": {"op": "is_true"}}]}
        )
        steps[1] = Step(event=said.event, where=said.where)
    return steps


def sequences(draw: random.Random, people: int, longest: int) -> list[Somebody]:
    """No two events of a person at the same time."""
    found = []
    for _ in range(people):
        times = sorted(draw.sample(range(86_400), draw.randint(1, longest)))
        events = [
            Happened(
                draw.choice("AABBCDX"),
                START + timedelta(seconds=second, microseconds=draw.randrange(1_000_000)),
                {"also": True} if draw.random() < 0.4 else {},
            )
            for second in times
        ]
        keys = [UUID(int=draw.getrandbits(128)) for _ in range(draw.randint(1, 3))]
        found.append(Somebody(events, keys=keys))
    return found


def _told(people: list[Somebody], path: Path) -> Path:
    """The same events as the judge reads them."""
    path.write_text(
        "\n".join(
            f"{each.id},{round((event.at - START) / timedelta(microseconds=1)) + 1},{event.name},"
            f"{int(bool(event.properties))}"
            for each in people
            for event in each.events
        )
    )
    return path


def _judged(told: Path, definition: FunnelDefinition, *, overlapping: bool) -> dict[UUID, int]:
    conditions = [f"e = '{name}'" for name in _STEPS[: len(definition.steps)]]
    if overlapping:
        conditions[1] = "e = 'A' and also"
    modes = "".join(f", '{mode}'" for mode in definition.modes)
    levels = asked(
        f"SELECT p, windowFunnel({definition.window_seconds * 1_000_000}{modes})(t, {', '.join(conditions)}) "  # noqa: S608  (our own)
        f"FROM file('{told}', 'CSV', 'p String, t UInt64, e String, also UInt8') GROUP BY p"
    )
    return {UUID(person): int(level) for person, level in levels if int(level)}


async def _computed(scopes: Scopes, definition: FunnelDefinition) -> dict[UUID, int]:
    async with scopes() as scope:
        statement = FunnelStatement(definition, _SPAN, scope.now(), scope.tenant_id).people()
        async with answered_within(scope, PATIENCE):
            return {row.profile_id: row.level for row in await scope.session.execute(statement)}


async def _compare(company: Company, folder: Path, seed: int, people: int, longest: int) -> int:
    draw = random.Random(seed)  # noqa: S311  (sequences, not secrets)
    drawn = sequences(draw, people, longest)
    await store_people(company.scopes, drawn)
    told = _told(drawn, folder / "events.csv")
    compared = 0
    for modes, overlapping in itertools.product(_COMBINATIONS, (False, True)):
        definition = FunnelDefinition(
            steps=steps(draw.randint(2, 4), overlapping=overlapping),
            window_seconds=draw.choice([600, 7_200, 40_000, 86_400]),
            modes=modes,
            days=DaysBetween(kind="between", since=START.date(), until=START.date()),
        )
        expected = _judged(told, definition, overlapping=overlapping)
        assert await _computed(company.scopes, definition) == expected, definition
        compared += len(drawn)
    return compared


@pytest.mark.parametrize("seed", range(3))
async def test_levels_equal_clickhouses_in_every_mode(acme: Company, tmp_path: Path, seed: int) -> None:
    assert await _compare(acme, tmp_path, seed, people=250, longest=12) == 250 * 2 * len(_COMBINATIONS)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 120))
async def test_levels_equal_clickhouses_on_many_more_sequences(
    acme: Company, tmp_path: Path, seed: int
) -> None:
    await _compare(acme, tmp_path, seed, people=2_500, longest=random.Random(seed).choice([6, 15, 40]))  # noqa: S311
