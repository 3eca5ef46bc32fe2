"""The form of what a source sends, as a fold of samples, and what is odd about it. Pure.

Sums, least and greatest times: folding is the same in whatever order and parts the samples come, as long as no bound
is met. What lies beyond a bound is said to.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any

MOST_NAMES = 500
"""Kinds of events that are kept for a source; more names than that are generated ones."""
MOST_PROPERTIES = 100
UNSEEN_FOR = timedelta(days=90)
"""After so long a kind makes room for a new one, where there is none left."""
RECENT = 10
_DAYS = 60
_DEPTH = 3
_NAME_CHARACTERS = 120
_SEALED = "[sealed]"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
_NEW_FOR = timedelta(days=1)
_CADENCE_DAYS = 3
"""Days with an event that a cadence is made of, at the least."""
_LATENESS = 1.5

Kind = tuple[str, str]
"""An event's type and name."""
OTHERS: Kind = ("", "")
Types = dict[str, list[Any]]
"""By type: how many events, the first and the last of them."""


class ValueType(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    YES_NO = "yes_no"
    TIME = "time"
    LIST = "list"
    NOTHING = "nothing"
    PERSONAL = "personal"


@dataclass(slots=True)
class Shape:
    """One kind of event: exact numbers, and what a sample of it showed."""

    events: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    days: dict[str, int] = field(default_factory=dict)
    sampled: int = 0
    properties: dict[str, dict[str, Any]] = field(default_factory=dict)
    properties_left_out: bool = False
    recent: list[list[str]] = field(default_factory=list)

    def count(self, events: int, first: datetime, last: datetime) -> None:
        """Add events that were received from `first` to `last`."""
        self.events += events
        self.first_at = first if self.first_at is None else min(self.first_at, first)
        self.last_at = last if self.last_at is None else max(self.last_at, last)
        day = last.date()
        self.days[day.isoformat()] = self.days.get(day.isoformat(), 0) + events
        kept_from = (self.last_at.date() - timedelta(days=_DAYS)).isoformat()
        self.days = {each: number for each, number in self.days.items() if each > kept_from}

    def sample(self, properties: Mapping[str, Any], received_at: datetime, event_id: str) -> None:
        """Learn the form of one event."""
        self.sampled += 1
        at = received_at.isoformat()
        for name, kind in _typed(properties):
            held = self.properties.get(name)
            if held is None:
                if len(self.properties) >= MOST_PROPERTIES:
                    self.properties_left_out = True
                    continue
                held = self.properties[name] = {"events": 0, "types": {}}
            held["events"] += 1
            seen = held["types"].setdefault(kind.value, [0, at, at])
            seen[:] = [seen[0] + 1, min(seen[1], at), max(seen[2], at)]
        self.recent = sorted([*self.recent, [at, event_id]], reverse=True)[:RECENT]


def _typed(properties: Mapping[str, Any], path: str = "", depth: int = 1) -> Iterable[tuple[str, ValueType]]:
    """Every value by its dotted name; objects are looked into, lists are not."""
    for name, value in properties.items():
        full = f"{path}{name}"[:_NAME_CHARACTERS]
        if isinstance(value, Mapping) and value and depth < _DEPTH:
            yield from _typed(value, f"{full}.", depth + 1)
        else:
            yield full, type_of(value)


def type_of(value: Any) -> ValueType:
    if value is None:
        return ValueType.NOTHING
    if isinstance(value, bool):
        return ValueType.YES_NO
    if isinstance(value, int | float):
        return ValueType.NUMBER
    if isinstance(value, str):
        if _SEALED in value:
            return ValueType.PERSONAL
        return ValueType.TIME if _TIME.match(value) else ValueType.TEXT
    return ValueType.LIST


class DriftKind(StrEnum):
    NEW_EVENT = "new_event"
    STOPPED = "stopped"
    TYPE_CHANGED = "type_changed"


@dataclass(frozen=True, slots=True)
class Drift:
    """What is other than it was; `since` is when it began, as far as is known."""

    kind: DriftKind
    since: datetime
    property: str | None = None
    before: str | None = None
    now: str | None = None
    usual_days: int | None = None


def drift(shape: Shape, source_first_at: datetime | None, now: datetime) -> list[Drift]:
    """What is new, what stopped, what changed its type; `source_first_at` is when the source's first event came."""
    found: list[Drift] = []
    if shape.first_at is None or shape.last_at is None:
        return found
    known_for = shape.first_at - (source_first_at or shape.first_at)
    if now - shape.first_at < _NEW_FOR and known_for >= _NEW_FOR:
        found.append(Drift(DriftKind.NEW_EVENT, shape.first_at))
    usual = usual_days(shape.days)
    if usual is not None and now - shape.last_at > timedelta(days=usual * _LATENESS):
        found.append(Drift(DriftKind.STOPPED, shape.last_at, usual_days=usual))
    for name, held in sorted(shape.properties.items()):
        changed = _changed(held["types"])
        if changed is not None:
            found.append(
                Drift(
                    DriftKind.TYPE_CHANGED, datetime.fromisoformat(changed[2]), name, changed[0], changed[1]
                )
            )
    return found


def usual_days(days: Mapping[str, int]) -> int | None:
    """The longest time between two days that had the event; None where too few had."""
    had = sorted(date.fromisoformat(each) for each in days)
    if len(had) < _CADENCE_DAYS:
        return None
    return max((later - earlier).days for earlier, later in pairwise(had))


def _changed(types: Types) -> tuple[str, str, str] | None:
    """The type that a value had, the one that came last to it, and since when."""
    told = {name: seen for name, seen in types.items() if name not in (ValueType.NOTHING, ValueType.PERSONAL)}
    if len(told) < 2:  # noqa: PLR2004  (a change has two sides)
        return None
    newest = max(told, key=lambda name: (told[name][1], name))
    others = {name: seen for name, seen in told.items() if name != newest}
    before = max(others, key=lambda name: (others[name][0], name))
    return before, newest, told[newest][1]
