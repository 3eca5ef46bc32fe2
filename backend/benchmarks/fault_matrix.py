"""What holds of each platform under each fault of the wire, as tables; it takes some twelve minutes.

    python -m benchmarks.fault_matrix [WORD]

Every cell is a test of `tests/services/integrations/contract/test_fault_matrix.py`: an account is synchronised, a
budget is changed and a purchase is told while the fault stands on the wire, and afterwards what we hold has to be what
the platform holds. Behind them are those of `test_fault_matrix_ads.py`: a draft's ads are made by a process that dies
behind each step, or by three at once. And those of `test_fault_matrix_protocol.py`: a process dies between every two
steps of the execution protocol. WORD keeps the cells that pytest's -k would, such as a platform or a fault.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from benchmarks.stack import BACKEND

_CELLS = tuple(
    f"tests/services/integrations/contract/test_fault_matrix{of}.py" for of in ("", "_ads", "_protocol")
)
_NAME = re.compile(r"test_(?:ads_|protocol_)?cell\[(\w+?)-(.+?)(?:-(sync|write|events))?\]")
_ADS, _PROTOCOL, _TWICE = "ads", "protocol", "duplicate delivery"
_WAYS = {"sync": "An account is synchronised", "write": "A budget is changed", "events": "A purchase is told"}
_FAULTS = (
    *(
        "timeout",
        "reset",
        "429",
        "5xx",
        "malformed body",
        "token expired",
        "token revoked",
        "partial failure",
    ),
    *(_TWICE, "kill -9 between write and record"),
)


@dataclass(frozen=True)
class Cell:
    """`became` says what came of it; empty where it does not hold."""

    platform: str
    fault: str
    way: str
    became: str


def _read(report: Path) -> list[Cell]:
    cells = []
    for case in ET.parse(report).iter("testcase"):  # noqa: S314  (pytest's own)
        if found := _NAME.search(case.get("name", "")):
            failed = case.find("failure") is not None or case.find("error") is not None
            told = [one.get("value", "") for one in case.iter("property") if one.get("name") == "became"]
            platform, fault, way = found.groups()
            other = _PROTOCOL if "test_protocol_cell" in case.get("name", "") else _ADS
            cells.append(Cell(platform, fault, way or other, "" if failed or not told else told[-1]))
    return cells


def _run(words: list[str]) -> list[Cell]:
    with tempfile.TemporaryDirectory(prefix="stratum-matrix-") as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-m", "", "-p", "no:randomly", *_CELLS]
        command += ["-o", "junit_family=xunit1", f"--junitxml={report}", *(["-k", words[0]] if words else [])]
        done = subprocess.run(command, cwd=BACKEND, capture_output=True, text=True, check=False)
        if not report.exists():
            sys.exit(done.stdout + done.stderr)
        if done.returncode:
            print(done.stdout)
        return _read(report)


def _mark(cell: Cell | None, notes: dict[str, int]) -> str:
    if cell is None:
        return "?"
    if not cell.became:
        return "FAILED"
    if cell.became[:2] in {"- ", "! "}:
        note = notes.setdefault(cell.became[2:], len(notes) + 1)
        return f"{'n/a' if cell.became[0] == '-' else 'NO'} ({note})"
    return "holds"


def _print_table(cells: Mapping[tuple[str, str, str], Cell]) -> None:
    notes: dict[str, int] = {}
    platforms = list(dict.fromkeys(key[0] for key in cells))
    for way, title in zip(
        _WAYS, ("An account is synchronised", "A budget is changed", "A purchase is told"), strict=True
    ):
        if not any(key[2] == way for key in cells):
            continue
        print(f"\n{title:<34}" + "".join(f"{platform:<12}" for platform in platforms))
        for fault in _FAULTS:
            marks = [_mark(cells.get((platform, fault, way)), notes) for platform in platforms]
            print(f"{fault:<34}" + "".join(f"{mark:<12}" for mark in marks))
    _print_ads(cells)
    _print_protocol(cells)
    for text, number in notes.items():
        print(f"\n({number}) {text}.")
    if any(way in _WAYS for _, _, way in cells):
        print("\nWhat each became, where it held:")
    for fault in _FAULTS:
        for way in _WAYS:
            found = [cells[p, fault, way] for p in platforms if (p, fault, way) in cells]
            held = dict.fromkeys(
                one.became for one in found if one.became and one.became[:2] not in {"- ", "! "}
            )
            if held:
                print(f"  {fault + ', ' + way:<44}{' | '.join(held)}")


def _print_ads(cells: Mapping[tuple[str, str, str], Cell]) -> None:
    """A crash behind each step that a platform has, and a second delivery."""
    found = {(platform, step): cell for (platform, step, way), cell in cells.items() if way == _ADS}
    platforms = list(dict.fromkeys(platform for platform, _ in found))
    if not found:
        return
    title = "A draft's ads are made"
    print(f"\n{title:<34}" + "".join(f"{platform:<12}" for platform in platforms))
    for step in sorted({step for _, step in found}, key=lambda each: (each == _TWICE, each)):
        row = step if step == _TWICE else f"kill -9 behind: {step}"
        marks = [_mark(found[p, step], {}) if (p, step) in found else "-" for p in platforms]
        print(f"{row:<34}" + "".join(f"{mark:<12}" for mark in marks))


def _print_protocol(cells: Mapping[tuple[str, str, str], Cell]) -> None:
    """A death behind each step of the execution protocol, in the order in which they come."""
    found = {(platform, step): cell for (platform, step, way), cell in cells.items() if way == _PROTOCOL}
    if not found:
        return
    platforms = list(dict.fromkeys(platform for platform, _ in found))
    title = "A change is executed, and undone"
    print(f"\n{title:<44}" + "".join(f"{platform:<12}" for platform in platforms) + "became")
    for step in dict.fromkeys(step for _, step in found):
        marks = [_mark(found.get((p, step)), {}) for p in platforms]
        became = " | ".join(dict.fromkeys(found[p, step].became for p in platforms if (p, step) in found))
        print(f"{'kill -9 behind ' + step:<44}" + "".join(f"{mark:<12}" for mark in marks) + became)


def main() -> None:
    cells = {(one.platform, one.fault, one.way): one for one in _run(sys.argv[1:])}
    _print_table(cells)
    held = sum(bool(one.became) and one.became[0] not in "-!" for one in cells.values())
    applicable = sum(one.became[:2] != "- " for one in cells.values())
    print(f"\n{held} of {applicable} cells hold; {len(cells) - applicable} do not apply.")
    if held < applicable and any(not one.became for one in cells.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
