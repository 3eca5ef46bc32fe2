"""Who is meant and how people are told apart, in SQL."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CTE,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Subquery,
    Text,
    Uuid,
    and_,
    cast,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.db.session import TenantScope
from app.models.cdp.profiles import CdpProfile
from app.models.cdp.segments import CdpSegment, CdpSegmentMember
from app.schemas.cdp.breakdowns import (
    MOST_SEGMENTS,
    Breakdown,
    ByComputedTrait,
    ByLifecycle,
    ByProperty,
    BySegment,
    ByTrait,
)
from app.services.cdp.conditions.service import Truth, inside, text_of

_LONGEST_VALUE = 200
_STAGES = 4


def within(profile_id: Any, segment_id: UUID, tenant_id: ColumnElement[int]) -> Truth:
    """Whether somebody is in the segment, as its membership stands."""
    member = CdpSegmentMember
    inside_it = select(member.profile_id).where(
        member.tenant_id == tenant_id, member.segment_id == segment_id
    )
    truth: Truth = profile_id.in_(inside_it)
    return truth


def value_of(document: Any, name: str) -> ColumnElement[str]:
    """What a value is called as a group."""
    return func.left(text_of(inside(document, name)), _LONGEST_VALUE)


def beside(
    people: Subquery, by: Breakdown, tenant_id: ColumnElement[int]
) -> tuple[FromClause, ColumnElement[str]]:
    """The people, joined with what tells them apart, and the value of each; a property's is a column of theirs."""
    if isinstance(by, ByProperty):
        return people, people.c.value
    if isinstance(by, BySegment):
        first = _first_segments(by.segment_ids, tenant_id)
        joined = people.outerjoin(first, first.c.profile_id == people.c.profile_id)
        return joined, cast(first.c.segment_id, Text)
    profile = CdpProfile.__table__
    owner = and_(profile.c.tenant_id == tenant_id, profile.c.id == people.c.profile_id)
    match by:
        case ByTrait():
            value = value_of(profile.c.traits, by.name)
        case ByComputedTrait():
            value = value_of(profile.c.computed, by.name)
        case ByLifecycle():
            value = profile.c.lifecycle
    return people.outerjoin(profile, owner), value


def _first_segments(segment_ids: Sequence[UUID], tenant_id: ColumnElement[int]) -> Subquery:
    member = CdpSegmentMember
    asked = literal(list(segment_ids), ARRAY(Uuid()))
    place = func.array_position(asked, member.segment_id)
    ordered = func.array_agg(aggregate_order_by(member.segment_id, place), type_=ARRAY(Uuid()))
    return (
        select(member.profile_id, ordered[1].label("segment_id"))
        .where(member.tenant_id == tenant_id, member.segment_id == func.any(asked))
        .group_by(member.profile_id)
        .subquery("first_segment")
    )


def most_of(by: Breakdown) -> int:
    """How many groups are told apart before the rest."""
    match by:
        case BySegment():
            return MOST_SEGMENTS + 1
        case ByLifecycle():
            return _STAGES
        case _:
            return by.top


def ranked(people: Select[Any], by: Breakdown) -> CTE:
    """The same people with the `rank` of their `value`: the value of the most people first, the rest the last."""
    rows = people.subquery("valued")
    sized = select(rows, func.count().over(partition_by=rows.c.value).label("size")).subquery("sized")
    place = func.dense_rank().over(order_by=(sized.c.size.desc(), sized.c.value))
    placed = select(sized, place.label("place")).subquery("placed")
    last = literal(most_of(by) + 1, Integer)
    return select(placed, func.least(placed.c.place, last, type_=Integer()).label("rank")).cte("ranked")


@dataclass(frozen=True, slots=True)
class Named:
    """A segment that a question names."""

    name: str
    archived: bool
    counted: bool


class BreakdownRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    async def segments(self, segment_ids: Collection[UUID]) -> dict[UUID, Named]:
        segment = CdpSegment
        statement = select(
            segment.id, segment.name, segment.archived_at.is_not(None), segment.computed_version.is_not(None)
        ).where(segment.id.in_(segment_ids))
        return {row[0]: Named(*row[1:]) for row in await self._session.execute(statement)}
