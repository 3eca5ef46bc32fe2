from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Date, Uuid, cast, delete, func, literal, not_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.db.session import TenantScope
from app.db.utils import BadCursor, Slice, in_order, newest_first, paginate
from app.models.cdp.profiles import CdpProfile
from app.models.cdp.segments import CdpSegment, CdpSegmentListEntry, CdpSegmentMember, CdpSegmentTransition
from app.schemas.cdp.segments_tree import Happened
from app.services.cdp.segments.compiling_repository import SegmentQuery, ids
from app.services.cdp.segments.errors import NameTaken, TookTooLong
from app.services.cdp.segments.rules import Question

_SORTS: Mapping[str, Any] = {
    "name": CdpSegment.name,
    "created_at": CdpSegment.created_at,
    "updated_at": CdpSegment.updated_at,
    "member_count": CdpSegment.member_count,
}
_CANCELLED = "57014"
_LONGEST_SEQ = 18
_UNIQUE = "uq_cdp_segments_name"
_LIST_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


@dataclass(frozen=True, slots=True)
class Preview:
    """Exactly how many people a rule holds for, of how many, and some of them."""

    count: int
    total: int
    sample: Sequence[CdpProfile]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Events that a condition counted, the newest first, of how many."""

    events: Sequence[tuple[UUID, datetime]]
    of: int


@dataclass(frozen=True, slots=True)
class Findings:
    """What a rule comes to for one profile: as a whole, and each condition by itself."""

    matched: bool
    flips_at: datetime | None
    conditions: Sequence[bool]


class SegmentRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._session = scope.session
        self._tenant_id = scope.tenant_id

    async def add(self, segment: CdpSegment) -> None:
        self._session.add(segment)
        await self.save()

    async def save(self) -> None:
        """`NameTaken` where another segment has the name."""
        try:
            await self._session.flush()
        except IntegrityError as error:
            if _UNIQUE in str(error.orig):
                raise NameTaken from error
            raise

    async def with_rules(self) -> Sequence[CdpSegment]:
        """Every segment, archived ones too, held until this transaction's end."""
        statement = (
            select(CdpSegment)
            .where(CdpSegment.tenant_id == self._tenant_id)
            .order_by(CdpSegment.id)
            .with_for_update(key_share=True)
        )
        return (await self._session.scalars(statement)).all()

    async def page(
        self, *, page: int, limit: int, sort: str, search: str | None, kind: str | None, archived: bool
    ) -> Slice[CdpSegment]:
        statement = in_order(select(CdpSegment), sort, _SORTS, then=CdpSegment.id)
        archived_at = CdpSegment.archived_at
        statement = statement.where(archived_at.is_not(None) if archived else archived_at.is_(None))
        if search:
            statement = statement.where(CdpSegment.name.icontains(search, autoescape=True))
        if kind:
            statement = statement.where((CdpSegment.rule.is_(None)) == (kind == "list"))
        return await paginate(self._session, statement, page=page, limit=limit)

    async def one(self, segment_id: UUID) -> CdpSegment | None:
        found: CdpSegment | None = await self._session.scalar(
            select(CdpSegment).where(CdpSegment.id == segment_id)
        )
        return found

    async def for_update(self, segment_id: UUID) -> CdpSegment | None:
        """The segment as it is now, whatever was read of it before."""
        found: CdpSegment | None = await self._session.scalar(
            select(CdpSegment)
            .where(CdpSegment.id == segment_id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
        return found

    async def moves(
        self, segment_id: UUID, since: datetime, zone: str, most: int
    ) -> tuple[dict[date, tuple[int, int]], bool]:
        """By the zone's day how many entered and left, of the last `most` moves; whether those are all of them."""
        log = CdpSegmentTransition
        newest = (
            select(log.at, log.entered)
            .where(log.tenant_id == self._tenant_id, log.segment_id == segment_id)
            .order_by(log.seq.desc())
            .limit(most)
            .subquery("newest")
        )
        day = cast(func.timezone(zone, newest.c.at), Date)
        counts = await self._session.execute(
            select(
                day, func.count().filter(newest.c.entered), func.count().filter(not_(newest.c.entered))
            ).group_by(day)
        )
        moves = {row[0]: (row[1], row[2]) for row in counts}
        whole = sum(map(sum, moves.values())) < most or min(moves) < since.astimezone(ZoneInfo(zone)).date()
        return moves, whole

    async def due_for_run(self, now: datetime) -> Sequence[CdpSegment]:
        """Those whose time of day has come, held until this transaction's end; who holds one sees to it."""
        statement = (
            select(CdpSegment)
            .where(
                CdpSegment.tenant_id == self._tenant_id,
                CdpSegment.next_run_at <= now,
                CdpSegment.live,
                CdpSegment.archived_at.is_(None),
            )
            .order_by(CdpSegment.next_run_at, CdpSegment.id)
            .with_for_update(skip_locked=True, key_share=True)
        )
        return (await self._session.scalars(statement)).all()

    async def of_profile(self, profile_id: UUID, most: int) -> tuple[list[tuple[CdpSegment, datetime]], int]:
        """The segments that the profile is in, with since when, by name; and how many they are."""
        statement = (
            select(CdpSegment, CdpSegmentMember.entered_at, func.count().over())
            .join(
                CdpSegmentMember,
                (CdpSegmentMember.tenant_id == CdpSegment.tenant_id)
                & (CdpSegmentMember.segment_id == CdpSegment.id),
            )
            .where(
                CdpSegmentMember.tenant_id == self._tenant_id,
                CdpSegmentMember.profile_id == profile_id,
                CdpSegment.archived_at.is_(None),
            )
            .order_by(func.lower(CdpSegment.name), CdpSegment.id)
            .limit(most)
        )
        rows = (await self._session.execute(statement)).all()
        return [(row[0], row[1]) for row in rows], rows[0][2] if rows else 0

    async def members(
        self, segment_id: UUID, *, cursor: str | None, limit: int
    ) -> tuple[Sequence[CdpSegmentMember], str | None]:
        member = CdpSegmentMember
        return await newest_first(
            self._session,
            select(member).where(member.tenant_id == self._tenant_id, member.segment_id == segment_id),
            at=member.entered_at,
            id=member.profile_id,
            cursor=cursor,
            limit=limit,
        )

    async def hold_list(self, segment_id: UUID) -> None:
        """One file at a time for a list, until this transaction's end; nothing else waits for it."""
        await self._session.execute(
            _LIST_LOCK, {"name": self._scope.key("segments", "list", str(segment_id))}
        )

    async def clear_list(self, segment_id: UUID) -> None:
        entry = CdpSegmentListEntry
        await self._session.execute(
            delete(entry).where(entry.tenant_id == self._tenant_id, entry.segment_id == segment_id)
        )

    async def add_to_list(self, segment_id: UUID, keys: Sequence[UUID]) -> int:
        """Put identifiers on a list; how many were not on it."""
        entry = CdpSegmentListEntry
        rows = insert(entry).from_select(
            ["segment_id", "key"], select(literal(segment_id, Uuid()), func.unnest(ids(keys)))
        )
        added = rows.on_conflict_do_nothing().returning(entry.key).cte("added")
        return await self._session.scalar(select(func.count()).select_from(added)) or 0

    async def member(self, segment_id: UUID, profile_id: UUID) -> CdpSegmentMember | None:
        found: CdpSegmentMember | None = await self._session.scalar(
            select(CdpSegmentMember).where(
                CdpSegmentMember.segment_id == segment_id, CdpSegmentMember.profile_id == profile_id
            )
        )
        return found

    async def transitions(
        self, segment_id: UUID, *, profile_id: UUID | None, cursor: str | None, limit: int
    ) -> tuple[Sequence[CdpSegmentTransition], str | None]:
        """The newest first; the cursor is the `seq` of the last."""
        log = CdpSegmentTransition
        statement = select(log).where(log.tenant_id == self._tenant_id, log.segment_id == segment_id)
        if profile_id is not None:
            statement = statement.where(log.profile_id == profile_id)
        if cursor:
            if not cursor.isdecimal() or len(cursor) > _LONGEST_SEQ:
                raise BadCursor
            statement = statement.where(log.seq < int(cursor))
        found = (await self._session.scalars(statement.order_by(log.seq.desc()).limit(limit + 1))).all()
        return found[:limit], str(found[limit - 1].seq) if len(found) > limit else None

    async def profile(self, profile_id: UUID) -> CdpProfile | None:
        found: CdpProfile | None = await self._session.scalar(
            select(CdpProfile).where(CdpProfile.id == profile_id)
        )
        return found

    async def preview(self, question: Question, now: datetime, sample: int) -> Preview:
        """`TookTooLong` where the events cannot be read in the time of a request."""
        matched = SegmentQuery(question, tenant_id=self._tenant_id, now=now).members().cte("matched")
        some = select(matched.c.profile_id).order_by(matched.c.profile_id).limit(sample).subquery("some")
        statement = select(
            select(func.count()).select_from(matched).scalar_subquery(),
            select(func.array_agg(some.c.profile_id)).scalar_subquery(),
            select(func.count())
            .select_from(CdpProfile)
            .where(CdpProfile.tenant_id == self._tenant_id)
            .scalar_subquery(),
        )
        try:
            found, chosen, total = (await self._session.execute(statement)).one()
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) == _CANCELLED:
                raise TookTooLong from error
            raise
        profiles = await self._session.scalars(
            select(CdpProfile)
            .where(CdpProfile.tenant_id == self._tenant_id, CdpProfile.id.in_(chosen or ()))
            .order_by(CdpProfile.id)
        )
        return Preview(found, total, profiles.all())

    async def findings(self, question: Question, profile_id: UUID, now: datetime) -> Findings | None:
        """None where there is no such profile."""
        query = SegmentQuery(question, tenant_id=self._tenant_id, now=now, touched=ids([profile_id]))
        row = (await self._session.execute(query.conditions())).one_or_none()
        return None if row is None else Findings(row[0], row[1], tuple(row[2:]))

    async def evidence(
        self, question: Question, leaf: Happened, profile_id: UUID, now: datetime, most: int
    ) -> Evidence:
        query = SegmentQuery(question, tenant_id=self._tenant_id, now=now)
        rows = (await self._session.execute(query.evidence(leaf, profile_id, most))).all()
        return Evidence([(row.id, row.event_time) for row in rows], rows[0].of if rows else 0)
