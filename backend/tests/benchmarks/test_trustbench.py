"""TrustBench itself: one seed is one world, a shape touches nothing before its time, and its figures count."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.trustbench import figures, shape
from benchmarks.trustbench.__main__ import accounts
from benchmarks.trustbench.__main__ import figures as written
from benchmarks.trustbench.figures import lines
from benchmarks.trustbench.gates import BASELINES, OURS
from benchmarks.trustbench.report import write_report
from benchmarks.trustbench.reports import TIMES, Reports, tell
from benchmarks.trustbench.runs import FIRST, Account, Run, live, recovered
from benchmarks.trustbench.shape import SEVERITIES, TRUE_EFFECTS, Shape, ShapeInvalid, read_shape, read_shapes
from benchmarks.trustbench.world import WARM_DAYS, Tape, read_characters, simulate

SHAPES = {each.name: each for each in read_shapes(shape.HERE)}
START = (WARM_DAYS + 5) * 24 + 7.0
END = START + 10 * 24


def world(seed: int = 3, conversions: float = 300) -> Tape:
    return simulate(read_characters()["shop"], np.random.default_rng(seed), conversions)


@pytest.fixture(scope="module")
def tape() -> Tape:
    return world()


@pytest.fixture(scope="module")
def runs() -> list[Run]:
    chosen = [
        SHAPES[name] for name in ("budget_doubled", "match_key_collapse", "partial_sync", "unit_change")
    ]
    return live(Account(5, 0, 500), chosen)


def test_one_seed_is_one_world(tape: Tape) -> None:
    again = world()
    for name in ("spend", "placed", "value", "seen", "marginal_profit"):
        assert np.array_equal(getattr(tape, name), getattr(again, name))
    assert not np.array_equal(tape.placed[:100], world(4).placed[:100])


@pytest.mark.parametrize("name", [each.name for each in SHAPES.values() if each.kind == "fault"])
def test_a_fault_changes_what_is_told_from_its_start_on_and_nothing_before(tape: Tape, name: str) -> None:
    plain = tell(tape)
    told = tell(tape, SHAPES[name].at(SEVERITIES - 1), START, END)
    before = START >= TIMES
    hours = int(START)
    for each in ("conversions", "value", "as_of", "read", "shifted", "told_ad_sets", "failing", "lacking"):
        assert np.array_equal(getattr(plain, each)[before], getattr(told, each)[before]), each
    for each in ("orders", "browser_orders", "doubled_orders", "keyless", "cookieless"):
        assert np.array_equal(getattr(plain, each)[:hours], getattr(told, each)[:hours]), each
    assert any(
        not np.array_equal(getattr(plain, each), getattr(told, each)) for each in Reports.__dataclass_fields__
    )


@pytest.mark.parametrize("name", [each.name for each in SHAPES.values() if each.kind == "benign"])
def test_what_is_unusual_is_true(name: str) -> None:
    """It is made of what happens to people, and of nothing that distorts what is told."""
    assert {do for do, _ in SHAPES[name].effects} <= TRUE_EFFECTS.keys()


def test_a_platform_tells_no_more_than_happened_and_all_of_it_in_the_end(tape: Tape) -> None:
    told = tell(tape)
    totals = told.conversions.sum(axis=(1, 2))
    assert (np.diff(totals) >= 0).all()
    claimed = (tape.claimed_by >= 0) & (tape.clicked >= 0)
    assert totals[-1] == (claimed & (tape.seen <= TIMES[-1])).sum()


def test_what_is_closed_and_what_is_not(runs: list[Run]) -> None:
    ours = {line.run.shape: line.said for line in lines(runs, OURS)}
    assert ours["partial_sync"].closed_after is not None
    assert ours["partial_sync"].closed_after <= 24
    for measured in ("match_key_collapse", "unit_change"):
        assert ours[measured].closed_after is not None, "the engine measures what shows it"
        assert ours[measured].right_cause
    assert ours["clean"].closed_days_outside == ours["budget_doubled"].closed_days == 0
    always = {line.run.shape: line.said for line in lines(runs, "always closed")}
    [clean] = [each for each in runs if each.shape == "clean"]
    assert always["clean"].closed_days_outside == clean.days_outside > 0
    assert all(each.good_moves_passed == 0 and each.bad_money_passed == 0 for each in always.values())
    never = lines(runs, "always open")
    assert figures.recall(never).value == 0
    assert figures.good_moves_passed(never).value == 1
    assert figures.bad_money_cut(never).value == 0


def test_the_figures_that_have_an_aim_are_written_as_plain_numbers(runs: list[Run]) -> None:
    found = written(runs, 5, 1)
    assert set(found["stratum"]) == {
        "recall_2d",
        "false_closed_per_100",
        "benign_closed",
        "bad_money_cut",
        "good_moves_passed",
    }
    assert all(0 <= value <= 100 for value in found["stratum"].values() if value is not None)
    assert set(found["baselines"]) == set(BASELINES)
    assert json.loads(json.dumps(found)) == found


def test_a_fault_that_comes_later_than_allowed_was_not_seen_in_time(runs: list[Run]) -> None:
    [run] = [each for each in runs if each.shape == "partial_sync"]
    late = replace(run, said=tuple(replace(each, closed_after=49.0) for each in run.said))
    assert figures.recall(lines([late], OURS)).value == 0
    assert figures.recall(lines([late], OURS), days=7).value == 1


def test_where_nothing_was_seen_something_may_hide(runs: list[Run]) -> None:
    """By the rule of three: of 28 days none was closed."""
    found = figures.false_closed(lines(runs, OURS))
    assert (found.value, found.low, found.of) == (0, 0, 28)
    assert found.high == pytest.approx(100 * 3 / 28)
    never = figures.recall(lines(runs, "always closed"))
    assert (never.value, never.high) == (1, 1)
    assert never.low == pytest.approx(0)


def test_who_opens_for_a_moment_is_not_open_again() -> None:
    times = np.arange(16.0) * 6
    closed = np.array([1, 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0], dtype=bool)
    assert recovered(times, closed, 24.0) == 24.0
    assert recovered(times, np.ones(16, dtype=bool), 24.0) is None


def test_every_axis_has_its_accounts() -> None:
    found = accounts(1, 6)
    assert {each.severity for each in found} == set(range(SEVERITIES))
    assert {each.conversions for each in found} == {5, 50, 500, 2_000, 5_000}
    assert any(each.daily for each in found)
    assert any(not each.first_party for each in found)
    assert FIRST > 0


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("{", "JSONDecodeError"),
        ('{"kind": "fault", "effects": []}', "says"),
        ('{"kind": "odd", "says": "x", "effects": []}', "kind is fault or benign"),
        (
            '{"kind": "benign", "says": "x", "effects": [{"do": "freeze", "by": [1, 1, 1, 1, 1]}]}',
            "a benign does not freeze",
        ),
        ('{"kind": "fault", "says": "x", "effects": [{"do": "freeze", "by": [1]}]}', "each of 5"),
        ('{"kind": "fault", "says": "x", "days": 40, "effects": []}', "between 1 and 20"),
    ],
)
def test_a_shape_that_says_nothing_is_refused_by_its_name(tmp_path: Path, body: str, says: str) -> None:
    path = tmp_path / "mine.json"
    path.write_text(body)
    with pytest.raises(ShapeInvalid, match=r"mine\.json") as refused:
        read_shape(path)
    assert says in str(refused.value)


def test_a_shape_of_somebody_else_joins_the_others(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text(
        '{"kind": "fault", "says": "x", "effects": [{"do": "freeze", "by": [1, 1, 1, 1, 1]}]}'
    )
    names = {each.name for each in read_shapes(shape.HERE, tmp_path)}
    assert names == {*SHAPES, "mine"}
    assert isinstance(SHAPES["pixel_drop"], Shape)


def test_the_shape_that_the_report_shows_is_one_and_every_effect_of_ours_is_explained(
    tmp_path: Path, runs: list[Run]
) -> None:
    write_report(tmp_path, runs, list(SHAPES.values()), 5, 1)
    told = (tmp_path / "trustbench.md").read_text()
    example = told.split("```json")[1].split("```")[0]
    (tmp_path / "told_twice.json").write_text(example)
    assert read_shape(tmp_path / "told_twice.json").kind == "fault"
    assert all(f"| `{do}` |" in told for each in SHAPES.values() for do, _ in each.effects)
