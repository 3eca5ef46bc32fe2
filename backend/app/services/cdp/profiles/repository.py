from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, cast, func, or_, select, true, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from app.db.session import TenantScope
from app.db.utils import decode_cursor, encode_cursor, newest_first
from app.models.cdp.events import CdpEvent
from app.models.cdp.identity import CdpIdentifier, CdpIdentityEdge
from app.models.cdp.profiles import CdpProfile
from app.models.cdp.segments import CdpSegment, CdpSegmentMember

_MOST_LINKS = 5_000


@dataclass(frozen=True, slots=True)
class ProfileFilter:
    """What a list is narrowed to; `keys` are those that an identifier's text may have."""

    keys: Sequence[UUID] | None = None
    lifecycle: str | None = None
    rfm_cell: str | None = None
    trait: str | None = None
    values: Sequence[Any] = ()
    trait_hash: str | None = None
    segment_id: UUID | None = None


class ProfileRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._session = scope.session

    async def newest(
        self, wanted: ProfileFilter, *, cursor: str | None, limit: int
    ) -> tuple[Sequence[CdpProfile], str | None]:
        statement = self._matching(wanted)
        return await newest_first(
            self._session, statement, at=CdpProfile.created_at, id=CdpProfile.id, cursor=cursor, limit=limit
        )

    def ids(self, wanted: ProfileFilter) -> Select[UUID]:
        return self._matching(wanted).with_only_columns(CdpProfile.id)

    def _matching(self, wanted: ProfileFilter) -> Select[CdpProfile]:
        statement = select(CdpProfile).where(CdpProfile.tenant_id == self._scope.tenant_id)
        if wanted.keys is not None:
            owners = select(CdpIdentifier.profile_id).where(
                CdpIdentifier.tenant_id == self._scope.tenant_id, CdpIdentifier.key.in_(wanted.keys)
            )
            statement = statement.where(CdpProfile.id.in_(owners))
        if wanted.lifecycle is not None:
            statement = statement.where(CdpProfile.lifecycle == wanted.lifecycle)
        if wanted.rfm_cell is not None:
            statement = statement.where(CdpProfile.rfm_cell == wanted.rfm_cell)
        if wanted.trait is not None:
            held = [CdpProfile.traits.contains({wanted.trait: value}) for value in wanted.values]
            hashed = CdpProfile.trait_hashes.contains({wanted.trait: wanted.trait_hash})
            statement = statement.where(or_(*held, hashed))
        if wanted.segment_id is not None:
            members = select(CdpSegmentMember.profile_id).where(
                CdpSegmentMember.tenant_id == self._scope.tenant_id,
                CdpSegmentMember.segment_id == wanted.segment_id,
            )
            statement = statement.where(CdpProfile.id.in_(members))
        return statement

    async def segment_exists(self, segment_id: UUID) -> bool:
        found = select(CdpSegment.id).where(
            CdpSegment.tenant_id == self._scope.tenant_id, CdpSegment.id == segment_id
        )
        return await self._session.scalar(found) is not None

    async def current(self, profile_id: UUID) -> CdpProfile | None:
        """The profile with this id, or the one that it was merged into."""
        now_of = (
            select(CdpIdentifier.profile_id)
            .where(CdpIdentifier.tenant_id == self._scope.tenant_id, CdpIdentifier.key == profile_id)
            .scalar_subquery()
        )
        found: CdpProfile | None = await self._session.scalar(
            select(CdpProfile).where(CdpProfile.tenant_id == self._scope.tenant_id, CdpProfile.id == now_of)
        )
        return found

    async def identifiers(self, profile_id: UUID) -> Sequence[CdpIdentifier]:
        statement = (
            select(CdpIdentifier)
            .where(CdpIdentifier.tenant_id == self._scope.tenant_id, CdpIdentifier.profile_id == profile_id)
            .order_by(CdpIdentifier.first_seen_at, CdpIdentifier.key)
        )
        return (await self._session.scalars(statement)).all()

    async def identifiers_by_keys(self, keys: Sequence[UUID]) -> Sequence[CdpIdentifier]:
        statement = select(CdpIdentifier).where(
            CdpIdentifier.tenant_id == self._scope.tenant_id, CdpIdentifier.key.in_(keys)
        )
        return (await self._session.scalars(statement)).all()

    async def links(self, keys: Sequence[UUID]) -> Sequence[CdpIdentityEdge]:
        """Every link from or to these identifiers, the first asserted first."""
        wanted = list(keys)
        statement = (
            select(CdpIdentityEdge)
            .where(
                CdpIdentityEdge.tenant_id == self._scope.tenant_id,
                or_(CdpIdentityEdge.a_key.in_(wanted), CdpIdentityEdge.b_key.in_(wanted)),
            )
            .order_by(CdpIdentityEdge.asserted_at, CdpIdentityEdge.assertion, CdpIdentityEdge.place)
            .limit(_MOST_LINKS)
        )
        return (await self._session.scalars(statement)).all()

    async def owners(self, keys: Sequence[UUID]) -> dict[UUID, UUID]:
        """Which profile each identifier belongs to."""
        found = await self._session.execute(
            select(CdpIdentifier.key, CdpIdentifier.profile_id).where(
                CdpIdentifier.tenant_id == self._scope.tenant_id, CdpIdentifier.key.in_(keys)
            )
        )
        return {row[0]: row[1] for row in found}

    async def timeline(
        self, keys: Sequence[UUID], *, cursor: str | None, limit: int
    ) -> tuple[Sequence[CdpEvent], str | None]:
        """Events anchored to these identifiers, the last to happen first: a few of each, merged."""
        anchors = (
            func.unnest(cast(list(keys), ARRAY(Uuid()))).table_valued("key").render_derived(name="anchors")
        )
        statement = (
            select(CdpEvent.received_at, CdpEvent.id, CdpEvent.event_time)
            .where(CdpEvent.tenant_id == self._scope.tenant_id, CdpEvent.person_key == anchors.c.key)
            .order_by(CdpEvent.event_time.desc(), CdpEvent.id.desc())
            .limit(limit + 1)
        )
        if cursor:
            statement = statement.where(
                tuple_(CdpEvent.event_time, CdpEvent.id) < tuple_(*decode_cursor(cursor))
            )
        few = statement.correlate(anchors).lateral("few")
        found = (
            await self._session.execute(
                select(few.c.received_at, few.c.id, few.c.event_time)
                .select_from(anchors.join(few, onclause=true()))
                .order_by(few.c.event_time.desc(), few.c.id.desc())
                .limit(limit + 1)
            )
        ).all()
        events = await self._by_keys([(row[0], row[1]) for row in found[:limit]])
        last = found[limit - 1] if len(found) > limit else None
        return events, encode_cursor(last[2], last[1]) if last else None

    async def _by_keys(self, keys: Sequence[tuple[datetime, UUID]]) -> Sequence[CdpEvent]:
        if not keys:
            return []
        statement = (
            select(CdpEvent)
            .where(
                CdpEvent.tenant_id == self._scope.tenant_id,
                tuple_(CdpEvent.received_at, CdpEvent.id).in_(keys),
                CdpEvent.received_at.between(min(keys)[0], max(keys)[0]),
            )
            .order_by(CdpEvent.event_time.desc(), CdpEvent.id.desc())
        )
        return (await self._session.scalars(statement)).all()
