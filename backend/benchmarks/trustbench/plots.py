"""Plots of the report, as SVG that is the same for the same figures."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from benchmarks.trustbench import figures as of
from benchmarks.trustbench.figures import lines, of_shape
from benchmarks.trustbench.gates import GATES, OURS
from benchmarks.trustbench.runs import Run
from benchmarks.trustbench.shape import Shape

mpl.rcParams.update({"svg.hashsalt": "trustbench", "font.size": 9, "figure.autolayout": True})
_PLAIN = {"Date": None, "Creator": None}


def draw(folder: Path, runs: Sequence[Run], shapes: Sequence[Shape]) -> list[tuple[str, Path]]:
    """Titles and files."""
    folder.mkdir(parents=True, exist_ok=True)
    main = [run for run in runs if run.account.baselines]
    return [
        ("Faults seen in time against false-closed days, each gate", _gates(folder / "gates.svg", main)),
        (
            "Hours from a fault's start to the first closing, by fault",
            _latencies(folder / "latency.svg", main, shapes),
        ),
    ]


def _gates(path: Path, main: Sequence[Run]) -> Path:
    """Labels stand in a column, one under the other, each with a line to its own: points may lie on each other."""
    figure, axis = plt.subplots(figsize=(6.4, 4.2))
    at = {
        gate: (of.benign_closed(chosen).value or 0.0, of.recall(chosen).value or 0.0)
        for gate in GATES
        if (chosen := lines(main, gate))
    }
    places = np.linspace(1.03, 0.0, len(at))
    for place, (gate, (benign, seen)) in zip(
        places, sorted(at.items(), key=lambda each: -each[1][1]), strict=True
    ):
        [line] = axis.plot(
            [benign], [seen], "o" if gate == OURS else "s", markersize=9 if gate == OURS else 6
        )
        axis.annotate(
            gate,
            (benign, seen),
            xytext=(1.12, place),
            textcoords="data",
            va="center",
            arrowprops={"arrowstyle": "-", "color": line.get_color(), "linewidth": 0.6, "alpha": 0.6},
        )
    axis.set_xticks(np.linspace(0, 1, 6))
    axis.set(xlabel="benign days closed", ylabel="faults seen in time", xlim=(-0.05, 1.5), ylim=(-0.05, 1.1))
    return _saved(figure, path)


def _latencies(path: Path, main: Sequence[Run], shapes: Sequence[Shape]) -> Path:
    names = [shape.name for shape in shapes if shape.kind == "fault"]
    figure, axis = plt.subplots(figsize=(6.4, 4.8))
    ours = lines(main, OURS)
    for row, name in enumerate(names):
        found = [line.said.closed_after for line in of_shape(ours, name)]
        hours = [each for each in found if each is not None]
        axis.plot(hours, np.full(len(hours), row), "o", markersize=4, alpha=0.5)
        missed = len(found) - len(hours)
        if missed:
            axis.annotate(f"{missed} of {len(found)} never", (242, row), fontsize=7, va="center")
    axis.axvline(48, linewidth=0.8, linestyle="--", color="grey")
    axis.set(xlabel="hours", yticks=range(len(names)), yticklabels=names, xlim=(-4, 300))
    return _saved(figure, path)


def _saved(figure: Figure, path: Path) -> Path:
    figure.savefig(path, metadata=_PLAIN)
    plt.close(figure)
    return path
