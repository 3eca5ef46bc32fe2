"""One account through everything that can happen to it, and what each gate said meanwhile."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.trustbench.bound import seen_in_time
from benchmarks.trustbench.gates import BASELINES, OURS, READINGS_A_DAY, Opinions, measure, stratum
from benchmarks.trustbench.moves import Moves, propose
from benchmarks.trustbench.reports import STEP, TIMES, Bools, Reports, tell
from benchmarks.trustbench.shape import MEDIUM, TRUE_EFFECTS, Shape
from benchmarks.trustbench.world import WARM_DAYS, Floats, Tape, read_characters, simulate

FIRST = WARM_DAYS * 24 // STEP
_START_DAYS = (60, 63)
CLEAN = "clean"


@dataclass(frozen=True, slots=True)
class Account:
    """`seed` makes it; `conversions` a day is its size. `daily`: our gate is asked at midnight alone."""

    seed: int
    number: int
    conversions: float
    severity: int = MEDIUM
    first_party: bool = True
    daily: bool = False
    baselines: bool = True
    clean: bool = True

    @property
    def character(self) -> str:
        names = list(read_characters())
        return names[self.number % len(names)]


@dataclass(frozen=True, slots=True)
class Said:
    """What one gate made of one run. Hours from the fault's start; None where it never closed."""

    gate: str
    closed_after: float | None
    closed_days: int
    closed_days_outside: int
    recovered_after: float | None
    right_cause: bool | None
    bad_money: float
    bad_money_passed: float
    good_moves: int
    good_moves_passed: int


@dataclass(frozen=True, slots=True)
class Run:
    account: Account
    shape: str
    kind: str
    within_days: int
    days: int
    days_outside: int
    said: tuple[Said, ...]
    bound: float | None = None
    """Of such a fault, the chance that one who knew it would see it in time."""


@dataclass(frozen=True, slots=True)
class _Time:
    """When a shape holds, in hours; never, where there is none."""

    shape: Shape | None = None
    start: float = 0.0
    end: float = 0.0

    @property
    def is_fault(self) -> bool:
        return self.shape is not None and self.shape.kind == "fault"

    def covers(self, hours: Floats) -> Bools:
        return np.asarray((hours >= self.start) & (hours < self.end))


def live(account: Account, shapes: Sequence[Shape]) -> list[Run]:
    """A run without anything, then one of each shape, all of the very same world."""
    return list(_live(account, shapes))


def _live(account: Account, shapes: Sequence[Shape]) -> Iterator[Run]:
    start = _start(account)
    plain = _world(account)
    if account.clean:
        yield _run(account, plain, tell(plain), _Time())
    for shape in shapes:
        effects = shape.at(account.severity)
        end = start + shape.days * 24
        true = [each for each in effects if each.do in TRUE_EFFECTS]
        told = [each for each in effects if each.do not in TRUE_EFFECTS]
        tape = plain
        if true:
            tape = simulate(
                read_characters()[account.character],
                _random(account),
                account.conversions,
                effects=true,
                start=start,
                end=end,
            )
        run = _run(account, tape, tell(tape, told, start, end), _Time(shape, start, end))
        yield replace(run, bound=_bound(account, plain, shape)) if shape.kind == "fault" else run


def _bound(account: Account, plain: Tape, shape: Shape) -> float | None:
    return seen_in_time(
        plain, shape, account.severity, first_party=account.first_party, random=_random(account)
    )


def _random(account: Account) -> np.random.Generator:
    return np.random.default_rng([account.seed, account.number, int(account.conversions)])


def _world(account: Account) -> Tape:
    return simulate(read_characters()[account.character], _random(account), account.conversions)


def _start(account: Account) -> float:
    """Of what happens: an hour of its own for each account."""
    draw = np.random.default_rng([account.seed, account.number, 1])
    return float(draw.integers(_START_DAYS[0] * 24, _START_DAYS[1] * 24))


def _run(account: Account, tape: Tape, reports: Reports, time: _Time) -> Run:
    moves = propose(tape, reports, FIRST)
    measured = measure(reports, FIRST, first_party=account.first_party)
    gates = {OURS: stratum(measured, FIRST, daily=account.daily)}
    if account.baselines:
        gates |= {name: gate(reports, measured, FIRST) for name, gate in BASELINES.items()}
    shape, times = time.shape, TIMES[FIRST:]
    days = np.unique(times[time.covers(times)] // 24)
    return Run(
        account=account,
        shape=shape.name if shape else CLEAN,
        kind=shape.kind if shape else CLEAN,
        within_days=shape.within_days if shape else 0,
        days=len(days),
        days_outside=len(np.unique(times // 24)) - len(days),
        said=tuple(_said(name, each, moves, time) for name, each in gates.items()),
    )


def _said(name: str, opinions: Opinions, moves: Moves, time: _Time) -> Said:
    times, closed = TIMES[FIRST:], opinions.raises_closed
    during = time.covers(times)
    hit = np.flatnonzero(closed & during)
    within = set(np.unique(times[during] // 24))
    closed_days = set(np.unique(times[closed] // 24))
    at = moves.reading * STEP
    bad = (moves.earns < 0) & time.covers(at) & time.is_fault
    good = (moves.earns > 0) & ~((at >= time.start) & time.is_fault)
    passed = moves.passed(opinions)
    return Said(
        gate=name,
        closed_after=float(times[hit[0]] - time.start) if len(hit) else None,
        closed_days=len(closed_days & within),
        closed_days_outside=len(closed_days - within),
        recovered_after=recovered(times, closed, time.end) if time.is_fault and len(hit) else None,
        right_cause=_right(opinions, time.shape, int(hit[0])) if time.is_fault and len(hit) else None,
        bad_money=float(moves.amount[bad].sum()),
        bad_money_passed=float(moves.amount[bad & passed].sum()),
        good_moves=int(good.sum()),
        good_moves_passed=int((good & passed).sum()),
    )


def recovered(times: Floats, closed: Bools, end: float) -> float | None:
    """Hours from the repair until it stays open for a day, and None where it did not until the end."""
    ahead = np.stack([np.roll(closed, -each) for each in range(READINGS_A_DAY)])
    ahead[:, -READINGS_A_DAY + 1 :] = closed[-READINGS_A_DAY + 1 :]
    open_again = np.flatnonzero((times >= end) & ~ahead.any(axis=0))
    return float(times[open_again[0]] - end) if len(open_again) else None


def _right(opinions: Opinions, shape: Shape | None, hit: int) -> bool | None:
    """Whether what it names first, when it closes, is a right answer to what is wrong."""
    if not opinions.causes or shape is None or not shape.causes:
        return None
    named = opinions.causes[hit]
    return bool(named) and named[0] in shape.causes
