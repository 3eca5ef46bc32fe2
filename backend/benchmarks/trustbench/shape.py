"""What can happen to an account, read from data files: faults, and what is unusual and yet true.

A file names its effects; what an effect does is said in `world` (to what truly happens) and in `reports` (to what is
told of it). Neither knows of any gate.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

SEVERITIES = 5
MEDIUM = 2
HERE = Path(__file__).parent / "shapes"
TRUE_EFFECTS: Mapping[str, str] = {
    "demand": "orders and visits, times",
    "traffic": "the same again, of a second cause",
    "conversion_rate": "orders, times",
    "order_value": "what an order is worth, times",
    "budget": "every campaign's daily budget, times",
    "night": "hours by which people's day is later",
    "lag": "the time from a click to a late buyer's order, times",
    "launch": "a campaign more, with this share of all budgets",
    "launch_price": "what a launched campaign's impressions cost, times",
    "auction": "what an impression costs, times",
    "named": "the share of buyers who say who they are, times",
}
"""What truly happens to people, and the meaning of its amount."""
TOLD_EFFECTS: Mapping[str, str] = {
    "lose_claims": "share of purchases that the platform never hears of",
    "decay_claims": "share of the purchases still heard of that is lost each day",
    "repeat_claims": "share of purchases that are told twice",
    "value_100x": "share of purchases told at a hundred times their value",
    "spend_times": "spend as it is told, times",
    "shift_days": "hours by which the account's days are cut late",
    "freeze": "1: figures stand still",
    "clicks_times": "clicks as they are told, times",
    "hide_ad_sets": "share of ad sets that a reading leaves out",
    "lose_keys": "share of purchases without e-mail, phone and external id",
    "shorten_window": "hours after a click in which a purchase is still claimed",
    "lose_browser": "share of purchases of which the browser tells nothing",
    "restate": "share of older conversions that the platform takes back",
    "outage": "1: the platform's API answers nothing",
}
"""What is told wrongly, and the meaning of its amount."""


class ShapeInvalid(ValueError):
    """A file that does not say what happens, and where."""


@dataclass(frozen=True, slots=True)
class Effect:
    """`amount` is the effect's own measure at the chosen severity: a share, a factor, or hours."""

    do: str
    amount: float


@dataclass(frozen=True, slots=True)
class Shape:
    name: str
    kind: Literal["fault", "benign"]
    says: str
    causes: tuple[str, ...]
    """Components of which any is a right answer to what is wrong."""
    days: int
    within_days: int
    """In how many days it has to be seen to count as seen in time."""
    effects: tuple[tuple[str, tuple[float, ...]], ...]

    def at(self, severity: int) -> tuple[Effect, ...]:
        """Severity 0 to 4."""
        return tuple(Effect(do, by[severity]) for do, by in self.effects)


def read_shape(path: Path) -> Shape:
    """Raises `ShapeInvalid`, which names the file and what is wrong in it."""
    try:
        found = json.loads(path.read_text())
        shape = Shape(
            name=path.stem,
            kind=found["kind"],
            says=found["says"],
            causes=tuple(found.get("causes", ())),
            days=int(found.get("days", 10)),
            within_days=int(found.get("within_days", 2)),
            effects=tuple((each["do"], tuple(map(float, each["by"]))) for each in found["effects"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ShapeInvalid(f"{path.name}: {error!r}") from error
    for fault in _faults(shape):
        raise ShapeInvalid(f"{path.name}: {fault}")
    return shape


def read_shapes(*folders: Path) -> list[Shape]:
    """Of all folders, by name; a later folder's shape takes the place of an earlier one's of the same name."""
    found = {path.stem: path for folder in folders for path in sorted(folder.glob("*.json"))}
    return [read_shape(path) for _, path in sorted(found.items())]


def _faults(shape: Shape) -> Iterator[str]:
    if shape.kind not in {"fault", "benign"}:
        yield "kind is fault or benign"
    allowed = {**TRUE_EFFECTS, **TOLD_EFFECTS} if shape.kind == "fault" else TRUE_EFFECTS
    for do, by in shape.effects:
        if do not in allowed:
            yield f"a {shape.kind} does not {do}; it can {', '.join(sorted(allowed))}"
        if len(by) != SEVERITIES:
            yield f"{do} needs an amount for each of {SEVERITIES} severities"
    if not 1 <= shape.days <= 20:
        yield "days lie between 1 and 20"
