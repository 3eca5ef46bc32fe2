"""What funnels and retention ask of people beside what they did: in which segment they are, and of which group."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from app.core.errors import FieldError
from app.db.session import TenantScope
from app.schemas.cdp.breakdowns import Breakdown, ByProperty, BySegment, ByTrait
from app.schemas.cdp.conditions import EventChoice
from app.services.cdp.breakdowns.errors import NotAnswerable, StillCounting
from app.services.cdp.breakdowns.repository import (
    BreakdownRepository,
    Named,
    beside,
    most_of,
    ranked,
    value_of,
    within,
)
from app.services.cdp.events import service as events

__all__ = ["Breakdowns", "beside", "most_of", "ranked", "value_of", "within"]

_PLACE = "body.definition"


class Breakdowns:
    def __init__(self, scope: TenantScope) -> None:
        self._segments = BreakdownRepository(scope)

    async def names(
        self, *, segment_id: UUID | None, by: Breakdown | None, choices: Mapping[str, EventChoice]
    ) -> dict[str, str]:
        """What the groups' values are called where that is not the value: segments, by id.

        `choices` are the events that the question speaks of, by their place in it. `NotAnswerable` where it names a
        segment that is not there, or asks for what is kept sealed; `StillCounting` where nobody knows who is in one.
        """
        asked = {} if segment_id is None else {f"{_PLACE}.segment_id": segment_id}
        if isinstance(by, BySegment):
            places = enumerate(by.segment_ids)
            asked |= {f"{_PLACE}.breakdown.segment.segment_ids.{place}": each for place, each in places}
        found = await self._segments.segments(set(asked.values())) if asked else {}
        faults = [*_absent(asked, found), *_sealed(by, choices)]
        if faults:
            raise NotAnswerable(fields=faults)
        if not all(each.counted for each in found.values()):
            raise StillCounting
        return {str(each): segment.name for each, segment in found.items()}


def _absent(asked: Mapping[str, UUID], found: Mapping[UUID, Named]) -> Iterable[FieldError]:
    for place, segment_id in asked.items():
        if segment_id not in found:
            yield FieldError(place, "There is no such segment here: choose another.", "segment_unknown")
        elif found[segment_id].archived:
            name = found[segment_id].name
            yield FieldError(place, f"The segment “{name}” was archived: choose another.", "segment_archived")


def _sealed(by: Breakdown | None, choices: Mapping[str, EventChoice]) -> Iterable[FieldError]:
    named = {
        f"{_PLACE}.{place}.where.{number}.property": each.property
        for place, choice in choices.items()
        for number, each in enumerate(choice.where)
    }
    if isinstance(by, ByProperty):
        named[f"{_PLACE}.breakdown.property.name"] = by.name
    for place, name in named.items():
        if events.is_personal(_root(name), traits=False):
            yield _names_a_person(place, name)
    if isinstance(by, ByTrait) and events.is_personal(_root(by.name), traits=True):
        yield _names_a_person(f"{_PLACE}.breakdown.trait.name", by.name)


def _root(name: str) -> str:
    return name.partition(".")[0]


def _names_a_person(place: str, name: str) -> FieldError:
    return FieldError(place, f"`{name}` names a person and is kept sealed: ask for something else.", "sealed")
