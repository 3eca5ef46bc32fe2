"""What reallocation leaves on the table: its regret beside the status quo's and the oracle's, by the world's truth.

    python -m benchmarks.allocation [--gate] [fault…] [seed…]

One sandbox for each seed (drawn anew where none is given) and fault (some, where none is named). For eight weeks
somebody moves the budgets of the dollar account about; then reallocation decides every third day for four weeks, on
what the platform reports. Each allocation is valued by the hidden curves: incremental revenue a day, before season and
carry-over. The oracle knows them and moves the same total without any cap; regret is what an allocation misses of its
value, at the start, over the decisions on average, and at the end; "in reach" is that of whoever knows the curves but
goes no further beyond what was ever spent than reallocation may. Without the gate the rules' advice is set as it is.
`--gate` has a whole Stratum do the same besides: the shop's orders, the platform's figures, the score, the gate and its
caps, some ten minutes each.
"""

import secrets
import sys
from collections.abc import Callable, Sequence
from statistics import fmean

from benchmarks.allocation.account import Course
from benchmarks.allocation.alone import without_gate
from benchmarks.allocation.gated import with_gate

_SEEDS = 3
_FAULTS: tuple[str | None, ...] = (None, "pixel_drop", "duplicated_events", "partial_sync", "currency_100x")
_TITLES = (
    f"{'fault':<20}{'gate':>5}{'status quo':>12}{'allocator':>11}{'oracle':>9}"
    f"{'regret before':>15}{'on average':>12}{'after':>8}{'in reach':>10}{'moves':>7}{'held':>6}"
)


def main() -> None:
    words = sys.argv[1:]
    ways: list[tuple[str, Callable[[int, str | None], Course]]] = [("off", without_gate)]
    if "--gate" in words:
        words.remove("--gate")
        ways.append(("on", with_gate))
    faults = [None if each == "none" else each for each in words if not each.isdecimal()] or _FAULTS
    seeds = [int(each) for each in words if each.isdecimal()] or [
        secrets.randbelow(10**6) for _ in range(_SEEDS)
    ]
    print(
        f"seeds {', '.join(map(str, seeds))}; incremental revenue a day by the hidden curves, means over seeds"
    )
    print(_TITLES)
    for fault in faults:
        for gate, way in ways:
            print(_row(fault or "none", gate, [way(seed, fault) for seed in seeds]), flush=True)


def _row(fault: str, gate: str, found: Sequence[Course]) -> str:
    quo, best = fmean(each.start for each in found), fmean(each.oracle for each in found)
    path, last = fmean(fmean(each.after) for each in found), fmean(each.after[-1] for each in found)
    near = fmean(each.in_reach for each in found)
    return (
        f"{fault:<20}{gate:>5}{quo:>12.0f}{last:>11.0f}{best:>9.0f}{1 - quo / best:>15.1%}{1 - path / best:>12.1%}"
        f"{1 - last / best:>8.1%}{1 - near / best:>10.1%}{fmean(each.moved for each in found):>7.1f}"
        f"{fmean(each.held for each in found):>6.1f}"
    )


if __name__ == "__main__":
    main()
