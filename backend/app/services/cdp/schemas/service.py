"""What each source sends: which events, how often, in which form, and what is other than it was."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from app.db.session import TenantScope
from app.db.utils import Slice
from app.models.cdp.schemas import CdpSourceSchema
from app.services.cdp.events.service import NO_SOURCE, EventService
from app.services.cdp.schemas.repository import SchemaRepository
from app.services.cdp.schemas.rules import (
    MOST_NAMES,
    MOST_PROPERTIES,
    OTHERS,
    UNSEEN_FOR,
    Drift,
    Kind,
    Shape,
    ValueType,
    drift,
    type_of,
)
from app.services.cdp.sources.service import SourceService

__all__ = ["MOST_NAMES", "MOST_PROPERTIES", "KindOfEvent", "Schemas", "SourceSchema"]

_MOST_EXAMPLES = 3
_EXAMPLE_CHARACTERS = 60
_PEOPLE = 2
"""Of how many people a value must be to be shown: what one alone sent may say who it is."""
_BARE = frozenset({ValueType.TEXT, ValueType.NUMBER, ValueType.YES_NO, ValueType.TIME})


@dataclass(frozen=True, slots=True)
class KindOfEvent:
    """One kind of event of a source, what is odd about it, and examples of its values by property."""

    row: CdpSourceSchema
    drift: Sequence[Drift]
    examples: Mapping[str, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class SourceSchema:
    page: Slice[KindOfEvent]
    names: int
    drifting: int
    events_beyond: int
    """Events under more names than are kept."""


class Said(Protocol):
    """What one write stored: of each source, type and name how many events, received when; and a sample of them."""

    @property
    def kinds(self) -> Sequence[tuple[UUID | None, str, str, int, datetime, datetime]]: ...

    @property
    def sampled(self) -> Sequence[tuple[datetime, UUID]]: ...


class Schemas:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._rows = SchemaRepository(scope)

    async def fold(self, said: Sequence[Said]) -> None:
        """Add up what these writes stored."""
        await self._rows.lock()
        numbers = _numbers(said)
        known = await self._rows.known(numbers)
        place_of = await self._places(numbers, known)
        shapes: dict[tuple[UUID, Kind], Shape] = {}
        for named, counted in numbers.items():
            place = place_of[named]
            shape = shapes.setdefault(place, known.get(place) or Shape())
            for events, first, last in counted:
                shape.count(events, first, last)
        sampled = await EventService(self._scope).by_keys([key for each in said for key in each.sampled])
        for event in sampled:
            kept = place_of.get((event.source_id or NO_SOURCE, (event.event_type, event.event_name)))
            if kept is not None and kept[1] != OTHERS:
                shapes[kept].sample(event.properties, event.received_at, str(event.id))
        await self._rows.save(shapes)

    async def _places(
        self, numbers: Iterable[tuple[UUID, Kind]], known: dict[tuple[UUID, Kind], Shape]
    ) -> dict[tuple[UUID, Kind], tuple[UUID, Kind]]:
        """Where each kind is kept: by itself, or with the others where the source has too many names."""
        places = {each: each for each in known}
        unknown = sorted(set(numbers) - known.keys())
        held = await self._rows.names({source for source, _ in unknown}) if unknown else {}
        for named in unknown:
            source, kind = named
            if kind != OTHERS and held.get(source, 0) >= MOST_NAMES:
                held[source] -= await self._rows.make_room(source, self._scope.now() - UNSEEN_FOR)
            if kind == OTHERS or held.get(source, 0) < MOST_NAMES:
                places[named] = named
                held[source] = held.get(source, 0) + 1
            else:
                places[named] = (source, OTHERS)
        beyond = {place for place in places.values() if place[1] == OTHERS} - known.keys()
        if beyond:
            known |= await self._rows.known(beyond)
        return places

    async def of_source(
        self, source_id: UUID, *, page: int, limit: int, search: str | None, drifting: bool
    ) -> SourceSchema:
        """What a source sends, the last seen first."""
        await SourceService(self._scope).one(source_id)
        rows = await self._rows.of_source(source_id)
        kinds = [row for row in rows if row.event_name]
        first_at = min((row.first_at for row in rows), default=None)
        odd = {row.event_type + row.event_name: self._drift(row, first_at) for row in kinds}
        wanted = [
            row
            for row in kinds
            if (not search or search.lower() in row.event_name.lower())
            and (not drifting or odd[row.event_type + row.event_name])
        ]
        few = wanted[(page - 1) * limit : page * limit]
        examples = await self._examples(few)
        found = [
            KindOfEvent(row, odd[row.event_type + row.event_name], shown)
            for row, shown in zip(few, examples, strict=True)
        ]
        return SourceSchema(
            Slice(found, len(wanted), total_capped=False, page=page, limit=limit),
            len(kinds),
            sum(bool(each) for each in odd.values()),
            sum(row.events for row in rows if not row.event_name),
        )

    def _drift(self, row: CdpSourceSchema, source_first_at: datetime | None) -> list[Drift]:
        shape = Shape(row.events, row.first_at, row.last_at, row.days, row.sampled, row.properties)
        return drift(shape, source_first_at, self._scope.now())

    async def _examples(self, rows: Sequence[CdpSourceSchema]) -> list[dict[str, list[Any]]]:
        """Values that at least two people sent, from the newest events: whose events are gone, theirs are too."""
        keys = [(datetime.fromisoformat(at), UUID(event)) for row in rows for at, event in row.recent]
        events = {str(each.id): each for each in await EventService(self._scope).by_keys(keys)}
        shown = []
        for row in rows:
            of_row = [events[event] for _, event in row.recent if event in events]
            shown.append({name: _shared(name, of_row) for name in row.properties})
        return shown


def _numbers(said: Iterable[Said]) -> dict[tuple[UUID, Kind], list[tuple[int, datetime, datetime]]]:
    numbers: dict[tuple[UUID, Kind], list[tuple[int, datetime, datetime]]] = {}
    for each in said:
        for source, kind, name, events, first, last in each.kinds:
            numbers.setdefault((source or NO_SOURCE, (kind, name)), []).append((events, first, last))
    return numbers


def _shared(name: str, events: Sequence[Any]) -> list[Any]:
    people: dict[Any, set[Any]] = {}
    for event in events:
        value: Any = event.properties
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if type_of(value) in _BARE and len(str(value)) <= _EXAMPLE_CHARACTERS:
            people.setdefault(value, set()).add(event.person_key)
    return [value for value, whose in people.items() if len(whose) >= _PEOPLE][:_MOST_EXAMPLES]
