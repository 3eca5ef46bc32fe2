"""What the live view and the schemas of the sources are shown of a write: a bounded sample, and exact numbers. Pure."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.services.cdp.events.reading import Row

SHOWN = 10
"""Events and verdicts that one live message carries, at most."""
_OF_A_KIND = 3
_SAMPLED = 24
_KINDS = 200
"""More names than that in one write are generated ones; the rest is counted without its names."""
NO_KIND = ("", "")


@dataclass(frozen=True, slots=True)
class Sample:
    """`said` is JSON: `[source, type, name, events, first, last]` for each kind of event that a write stored."""

    said: str
    received_at: list[datetime]
    event_ids: list[UUID]


def sample_of(rows: Collection[Row]) -> Sample | None:
    """The numbers of these events by source, type and name, and a few of each to learn their form from."""
    if not rows:
        return None
    kinds: dict[tuple[UUID | None, str, str], list[Any]] = {}
    sampled: list[Row] = []
    for row in rows:
        kind = row[3:6]
        held = kinds.get(kind)
        if held is None:
            if len(kinds) >= _KINDS and kind[1:] != NO_KIND:
                kind = (row[3], *NO_KIND)
                held = kinds.get(kind)
            if held is None:
                held = kinds[kind] = [0, row[2], row[2]]
        held[0] += 1
        if row[2] < held[1]:
            held[1] = row[2]
        elif row[2] > held[2]:
            held[2] = row[2]
        if held[0] <= _OF_A_KIND and len(sampled) < _SAMPLED and kind[2]:
            sampled.append(row)
    said = [
        [None if source is None else str(source), kind, name, events, first.isoformat(), last.isoformat()]
        for (source, kind, name), (events, first, last) in kinds.items()
    ]
    return Sample(json.dumps(said), [row[2] for row in sampled], [UUID(int=row[1].int) for row in sampled])


def shown_verdict(row: Any) -> dict[str, Any]:
    """What the live view is told of a refused event, from the row that was written."""
    told = {name: row[name] for name in ("message_id", "event_name", "code", "reason", "times")}
    source = row["source_id"]
    return {
        **told,
        "id": str(row["id"]),
        "source_id": str(source) if source else None,
        "last_at": row["last_at"].isoformat(),
    }
