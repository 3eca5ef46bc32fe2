"""What the figures say, in words and tables; and the report that is kept, with its plots."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.trustbench import figures as of
from benchmarks.trustbench.figures import Figure, Line, lines, of_shape
from benchmarks.trustbench.gates import GATES, OURS
from benchmarks.trustbench.plots import draw
from benchmarks.trustbench.runs import Run
from benchmarks.trustbench.shape import MEDIUM, SEVERITIES, TOLD_EFFECTS, TRUE_EFFECTS, Shape


@dataclass(frozen=True, slots=True)
class Aim:
    name: str
    limit: float
    at_least: bool

    def __str__(self) -> str:
        return f"{self.name} ({'at least' if self.at_least else 'at most'} {self.limit:g})"

    def holds(self, value: float | None) -> bool:
        return value is not None and (value >= self.limit if self.at_least else value <= self.limit)


SMALL = 5.0
WITHOUT = "without first-party data"
AIMS = {
    "recall_2d": Aim("faults seen in time", 0.9, at_least=True),
    "false_closed_per_100": Aim("false-closed days per 100", 0.5, at_least=False),
    "benign_closed": Aim("benign days closed", 0.02, at_least=False),
    "bad_money_cut": Aim("bad money held", 0.8, at_least=True),
    "good_moves_passed": Aim("good moves passed", 0.95, at_least=True),
}


def said(runs: Sequence[Run], shapes: Sequence[Shape], seed: int, n: int, seconds: float) -> str:
    """For the terminal."""
    return "\n".join([*_body(runs, shapes, seed, n), "", f"{len(runs)} runs in {seconds:.0f} s."])


def write_report(folder: Path, runs: Sequence[Run], shapes: Sequence[Shape], seed: int, n: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    plots = draw(folder / "trustbench", runs, shapes)
    text = [_INTRODUCTION, *_body(runs, shapes, seed, n), ""]
    text += [f"![{title}](trustbench/{path.name})" for title, path in plots]
    text += ["", *_shapes_of_ones_own()]
    (folder / "trustbench.md").write_text("\n".join(text) + "\n")


def _body(runs: Sequence[Run], shapes: Sequence[Shape], seed: int, n: int) -> Iterator[str]:
    main = [run for run in runs if run.account.baselines]
    ours = lines(main, OURS)
    yield f"Seed {seed}: {n} accounts of each of 500 and 2,000 conversions a day, severity 3 of 5 where none is said."
    yield ""
    yield from _against_aims(main)
    yield ""
    yield from _by_fault(ours, shapes)
    yield ""
    yield from _by_benign(ours, shapes)
    yield ""
    yield from _axes(runs)
    yield ""
    yield from _under_a_cap(runs)


def _against_aims(main: Sequence[Run]) -> Iterator[str]:
    yield "| | " + " | ".join(map(str, AIMS.values())) + " |"
    yield "|---" * (len(AIMS) + 1) + "|"
    for gate in GATES:
        found = of.headline(lines(main, gate))
        cells = [_cell(found[key]) for key in AIMS]
        yield f"| {gate} | " + " | ".join(cells) + " |"
    ours = of.headline(lines(main, OURS))
    missed = [
        f"{aim}: {_number(ours[key].value)}" for key, aim in AIMS.items() if not aim.holds(ours[key].value)
    ]
    yield ""
    yield "Every aim holds." if not missed else f"Missed: {'; '.join(missed)}."


def _by_fault(ours: Sequence[Line], shapes: Sequence[Shape]) -> Iterator[str]:
    yield (
        "| fault | closed within 1 d | 2 d | 7 d | median hours | right cause | hours to open again | bad money held |"
    )
    yield "|---" * 8 + "|"
    for shape in shapes:
        if shape.kind != "fault":
            continue
        mine = of_shape(ours, shape.name)
        cells = [_cell(of.recall(mine, days)) for days in (1, 2, 7)]
        cells += [_number(of.median_latency(mine)), _cell(of.named_right(mine))]
        cells += [_number(of.median_recovery(mine)), _cell(of.bad_money_cut(mine))]
        yield f"| {shape.name} | " + " | ".join(cells) + " |"
    around = of.closed_around(ours)
    yield ""
    yield f"Closed days before the fault and after its repair, per 100: {_cell(around)}."


def _by_benign(ours: Sequence[Line], shapes: Sequence[Shape]) -> Iterator[str]:
    yield "| unusual and true | days closed |"
    yield "|---|---|"
    for shape in shapes:
        if shape.kind == "benign":
            yield f"| {shape.name} | {_cell(of.benign_closed(of_shape(ours, shape.name)))} |"


def _axes(runs: Sequence[Run]) -> Iterator[str]:
    names = [aim.name for aim in AIMS.values()]
    yield "| axis | " + " | ".join([names[0], "by one who knew", *names[1:]]) + " |"
    yield "|---" * (len(AIMS) + 2) + "|"
    for name, chosen in axes(runs):
        mine = lines(chosen, OURS)
        seen, *others = of.headline(mine).values()
        cells = map(_cell, (seen, of.recall_of_one_who_knew(mine), *others))
        yield f"| {name} | " + " | ".join(cells) + " |"


def _under_a_cap(runs: Sequence[Run]) -> Iterator[str]:
    """Accounts whose evidence is short: that they open at all, and what of it a fault costs."""
    yield "| under a cap | days open | bad money held | faults seen in time | benign days closed |"
    yield "|---" * 5 + "|"
    every = dict(axes(runs))
    for name in (f"{SMALL:g} conversions a day", WITHOUT):
        mine = lines(every.get(name, ()), OURS)
        found = (of.opened(mine), of.bad_money_cut(mine), of.recall(mine), of.benign_closed(mine))
        yield f"| {name} | " + " | ".join(map(_cell, found)) + " |"


def _shapes_of_ones_own() -> Iterator[str]:
    yield from _A_SHAPE.splitlines()
    for title, effects in (("truly happens", TRUE_EFFECTS), ("is told wrongly", TOLD_EFFECTS)):
        yield from ("", f"| what {title} | its amount |", "|---|---|")
        yield from (f"| `{do}` | {meaning} |" for do, meaning in effects.items())


def axes(runs: Sequence[Run]) -> list[tuple[str, list[Run]]]:
    """Each step of every axis, with its runs."""
    plain = [run for run in runs if run.account.first_party and not run.account.daily]
    found = []
    for severity in range(SEVERITIES):
        mine = [r for r in plain if r.account.severity == severity and r.account.conversions == 500]
        found.append((f"severity {severity + 1} of {SEVERITIES}", mine))
    medium = [run for run in plain if run.account.severity == MEDIUM]
    found += [
        (f"{size:g} conversions a day", [run for run in medium if run.account.conversions == size])
        for size in sorted({run.account.conversions for run in medium})
    ]
    found.append((WITHOUT, [run for run in runs if not run.account.first_party]))
    found.append(("asked once a day", [run for run in runs if run.account.daily]))
    return found


def _cell(figure: Figure) -> str:
    if figure.value is None or figure.low is None or figure.high is None:
        return "-"
    return f"{_number(figure.value)} ({_number(figure.low)} to {_number(figure.high)})"


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return "never" if math.isinf(value) else f"{value:.2f}".rstrip("0").rstrip(".")


_INTRODUCTION = """# TrustBench

Does the gate close when data lies, and stay open when it is merely unusual? `make trustbench` answers it anew: `SEED=`
draws other worlds, `N=` more of them, `FAULTS=` adds a folder of shapes that somebody else wrote, `OUT=` writes the
figures as JSON.

**What is simulated** is an account: campaigns with saturating response curves, a shop with orders of its own, clicks,
visits, a platform that reports late and over-claims. The world (`benchmarks/trustbench/world.py`, `reports.py`) knows
of no gate. **What is judged** is the code that runs in production: the measuring of signals, the score, the mode and
the gate's decision on a raise of a budget; only the sums that SQL makes are made by the simulation.

**Closed** is a day on which a raise would not have passed at some reading (four a day). **False-closed** days are those
of accounts to which nothing happens; what lingers in the windows around a fault is told apart. **Seen in time** is
within two days, slow loss within seven. A **move** is a tenth more or less of a campaign's budget, proposed each noon
by the return of seven days; it is good or bad by what the world says that the last unit of money truly earns.
Intervals (95 %) are bootstrapped by account; where nothing was seen, the rule of three bounds what may hide.

**By one who knew**: the share of the same faults that a detector would see in time which knows what the fault does,
when it would begin and how often each thing is told of an order, and errs on 0.5 of 100 days (the most powerful test of
each order by itself, told at once: `benchmarks/trustbench/bound.py`). More can be seen by nobody; few orders tell
little.

**Under a cap** are accounts of few conversions and those without a shop's own data: raises of at most a tenth a day,
and budgets of half as much again as on a usual day where nobody has set a cap. What they show least, they can lose
least by.

**What to hold against it.** World and gate have one author. The checks of what spend costs (`spend_unit`) and of who
is named (`named_orders`) were made after `unit_change` and `match_key_collapse` had shown that nothing saw them, and
that a rise of sessions is no fault after `black_friday` had; the checks of what each day newly told of (a slow fall,
late conversions that stay away, days that are cut or counted anew) after `slow_loss`, `attribution_window`,
`timezone_shift` and `restatement` had, with limits set by reason and by the worlds of the seeds 7, 11 and 101 to 103:
their figures are of what was trained on; shapes of somebody else's (`FAULTS=`) are not. A day that is cut at another
hour is seen by whole days whose spend moves between them, which a platform does whose figures settle late: only where
most days move, and nothing in all. Baselines hold cuts as they hold raises, where ours lets a cut pass whose signals
are good. A gate that is shut already when a fault begins counts as having seen it, which flatters those that are often
shut.
"""

_A_SHAPE = """## A shape of your own
`FAULTS=` names a folder of such files; the file's name is the shape's, and takes the place of one of ours:

```json
{
  "kind": "fault",
  "says": "half of the purchases are told twice, and some at a hundred times their value",
  "causes": ["variance", "invariants"],
  "days": 10,
  "within_days": 2,
  "effects": [
    {"do": "repeat_claims", "by": [0.1, 0.25, 0.5, 0.75, 1]},
    {"do": "value_100x", "by": [0.02, 0.05, 0.1, 0.2, 0.5]}
  ]
}
```

`kind` is `fault`, or `benign` for what must not close the gate. `causes` are the components of which any is a right
answer; `days` is how long it holds (1 to 20), `within_days` in how many it has to be seen; `by` has an amount for each
of the five severities. A fault may be of both kinds of effect, what is benign of the first alone.
"""
