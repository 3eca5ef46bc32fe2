"""`make trustbench`: how well the gate tells data that lies from data that is merely unusual.

    python -m benchmarks.trustbench --seed 1 --n 6 [--faults DIR] [--out figures.json] [--report]

Seeds that were used while the engine was built are those under 1000; the ones that count are drawn by whoever runs it.
"""

import argparse
import json
import os
import secrets
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.trustbench import shape as shapes_of
from benchmarks.trustbench.figures import headline, lines
from benchmarks.trustbench.gates import BASELINES, OURS
from benchmarks.trustbench.report import said, write_report
from benchmarks.trustbench.runs import Account, Run, live
from benchmarks.trustbench.shape import SEVERITIES, Shape, ShapeInvalid, read_shapes

MAIN_SIZES = (500.0, 2_000.0)
OTHER_SIZES = (5.0, 50.0, 5_000.0)
_BASE = MAIN_SIZES[0]


def accounts(seed: int, n: int) -> list[Account]:
    """Those of the figures that have aims, and a third as many for each step of every axis."""
    main = [Account(seed, number, size) for number in range(n) for size in MAIN_SIZES]
    axes: list[Account] = []
    for number in range(max(1, n // 3)):
        plain = Account(seed, number, _BASE, baselines=False, clean=False)
        axes += [replace(plain, severity=each) for each in range(SEVERITIES) if each != plain.severity]
        axes += [replace(plain, conversions=size, clean=True) for size in OTHER_SIZES]
        axes += [replace(plain, first_party=False, clean=True), replace(plain, daily=True, clean=True)]
    # The longest first, so that no process is left with one at the end.
    return sorted(main + axes, key=lambda each: -each.conversions)


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="trustbench")
    parser.add_argument("--seed", type=int, default=None, help="drawn anew where none is given")
    parser.add_argument("--n", type=int, default=6, help="accounts of each size")
    parser.add_argument("--faults", type=Path, default=None, help="a folder of more shapes")
    parser.add_argument("--out", type=Path, default=None, help="writes the figures here, as JSON")
    parser.add_argument(
        "--report", type=Path, default=None, help="writes a report with plots into this folder"
    )
    return parser.parse_args()


def run_all(chosen: Sequence[Account], shapes: Sequence[Shape]) -> list[Run]:
    found: list[Run] = []
    begun = time.monotonic()
    with ProcessPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        waiting = [pool.submit(live, account, shapes) for account in chosen]
        for done, each in enumerate(as_completed(waiting), 1):
            found += each.result()
            if sys.stderr.isatty():
                print(
                    f"\r{done} of {len(chosen)} accounts, {time.monotonic() - begun:.0f} s",
                    end="",
                    file=sys.stderr,
                )
    return sorted(found, key=lambda run: (repr(run.account), run.shape))


def figures(runs: Sequence[Run], seed: int, n: int) -> dict[str, Any]:
    """What `--out` writes: `stratum` holds the aims' figures as plain numbers; intervals stand beside."""
    main = main_runs(runs)
    ours = headline(lines(main, OURS))
    return {
        "seed": seed,
        "n": n,
        "stratum": {name: figure.value for name, figure in ours.items()},
        "intervals": {name: figure.plain() for name, figure in ours.items()},
        "baselines": {
            name: {key: figure.plain() for key, figure in headline(lines(main, name)).items()}
            for name in BASELINES
        },
    }


def main_runs(runs: Sequence[Run]) -> list[Run]:
    return [run for run in runs if run.account.baselines]


def main() -> None:
    asked = _parsed()
    seed = secrets.randbelow(10**9) + 1_000 if asked.seed is None else asked.seed
    folders = [shapes_of.HERE, *([asked.faults] if asked.faults else [])]
    try:
        shapes = read_shapes(*folders)
    except ShapeInvalid as error:
        sys.exit(str(error))
    begun = time.monotonic()
    runs = run_all(accounts(seed, asked.n), shapes)
    found = figures(runs, seed, asked.n)
    print(said(runs, shapes, seed, asked.n, time.monotonic() - begun))
    if asked.out is not None:
        asked.out.write_text(json.dumps(found, indent=2) + "\n")
    if asked.report is not None:
        write_report(asked.report, runs, shapes, seed, asked.n)


if __name__ == "__main__":
    main()
