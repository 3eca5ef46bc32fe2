"""Who is in a segment, written by sets: a statement finds who comes and who goes, moves them and logs it.

All of it happens under the tenant's lock on its segments, so that the log's `seq` grows in the order of the commits.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    Delete,
    FromClause,
    Insert,
    Integer,
    Select,
    Text,
    Uuid,
    and_,
    column,
    delete,
    exists,
    false,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    table,
    text,
    true,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import Executable
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement

from app.core.clock import real_now
from app.db.base import UtcDateTime
from app.db.session import TenantScope
from app.models.cdp.segments import (
    CdpSegment,
    CdpSegmentCursor,
    CdpSegmentMember,
    CdpSegmentTimer,
    CdpSegmentTransition,
)
from app.services.cdp.feed.service import FeedReading
from app.services.cdp.segments.answers_repository import NEVER
from app.services.cdp.segments.compiling_repository import SegmentQuery, ids
from app.services.cdp.segments.rules import Question

_PATIENCE = text("SELECT set_config('statement_timeout', :milliseconds, true)")
# Where it has not counted the members yet, the planner takes them for few and compares each with every verdict.
_AS_SETS = text("SET LOCAL enable_nestloop = off")
_ANALYZE = text("ANALYZE cdp_segment_verdicts")
_COMPUTED = table(
    "cdp_segment_verdicts",
    column("profile_id", Uuid()),
    column("matched", Boolean()),
    column("flips_at", UtcDateTime()),
)
_LOGGED = ["segment_id", "version", "profile_id", "entered", "reason", "at"]

Truth = ColumnElement[bool]
_Within = Callable[[Any], Truth]
"""Which profiles are moved."""
_Reason = Callable[[FromClause], tuple[FromClause, ColumnElement[str]]]
"""Those who were moved, and why each was."""


class _Computed(Executable, ClauseElement):
    """A statement's rows as a table of this transaction: unlike an INSERT, it may be read by parallel workers."""

    inherit_cache = False

    def __init__(self, rows: Select[Any]) -> None:
        self.rows = rows


@compiles(_Computed)
def _create(element: _Computed, compiler: SQLCompiler, **options: Any) -> str:
    rows = compiler.process(element.rows, **options)
    return f"CREATE TEMPORARY TABLE cdp_segment_verdicts ON COMMIT DROP AS {rows}"


@dataclass(frozen=True, slots=True)
class Moved:
    """How many came and went."""

    entered: int = 0
    left: int = 0

    def __bool__(self) -> bool:
        return bool(self.entered or self.left)

    def __add__(self, other: "Moved") -> "Moved":
        return Moved(self.entered + other.entered, self.left + other.left)


class MembershipRepository(FeedReading):
    turn = "cdp.segments"

    def __init__(self, scope: TenantScope) -> None:
        super().__init__(scope)
        self._session: AsyncSession = scope.session
        self._tenant_id = scope.tenant_id

    async def be_patient(self, patience: timedelta) -> None:
        """Let this transaction's statements take so long: they read every event."""
        milliseconds = int(patience.total_seconds() * 1_000)
        await self._session.execute(_PATIENCE, {"milliseconds": str(milliseconds)})

    async def cursor(self) -> CdpSegmentCursor | None:
        found: CdpSegmentCursor | None = await self._session.scalar(select(CdpSegmentCursor))
        return found

    async def begin(self) -> None:
        """Begin to follow the feed from here, unless that has begun."""
        rows = insert(CdpSegmentCursor).values(seq=await self.head(), announced_at=real_now())
        await self._session.execute(rows.on_conflict_do_nothing())

    async def evaluating(self) -> Sequence[CdpSegment]:
        """The segments that follow changes: their membership was computed once, and nobody switched them off."""
        statement = select(CdpSegment).where(
            CdpSegment.live,
            CdpSegment.daily_at.is_(None),
            CdpSegment.archived_at.is_(None),
            CdpSegment.computed_version.is_not(None),
        )
        return (await self._session.scalars(statement)).all()

    async def distrust(self, segment_id: UUID) -> None:
        """Its membership is of no version any more, until it is computed."""
        await self._session.execute(
            update(CdpSegment).where(CdpSegment.id == segment_id).values(computed_version=None),
            execution_options={"synchronize_session": False},
        )

    async def due(self, now: datetime, most: int) -> dict[UUID, list[UUID]]:
        """Whose time has come, by segment."""
        timer = CdpSegmentTimer
        statement = (
            select(timer.segment_id, timer.profile_id)
            .where(timer.tenant_id == self._tenant_id, timer.next_evaluation_at <= now)
            .order_by(timer.next_evaluation_at, timer.segment_id, timer.profile_id)
            .limit(most)
        )
        found: dict[UUID, list[UUID]] = {}
        for segment_id, profile_id in await self._session.execute(statement):
            found.setdefault(segment_id, []).append(profile_id)
        return found

    async def forget_timers(self, segment_id: UUID) -> None:
        await self._session.execute(delete(CdpSegmentTimer).where(CdpSegmentTimer.segment_id == segment_id))

    async def follow(
        self,
        segment: CdpSegment,
        question: Question,
        touched: Mapping[UUID, str],
        now: datetime,
        *,
        as_of: datetime | None = None,
    ) -> Moved:
        """Evaluate these profiles alone, each with the reason for it; as of now, or of another moment."""
        profile_ids = ids(list(touched))
        query = SegmentQuery(question, tenant_id=self._tenant_id, now=as_of or now, touched=profile_ids)
        reasons = (
            func.unnest(profile_ids, literal(list(touched.values()), ARRAY(Text())))
            .table_valued(column("profile_id", Uuid()), column("reason", Text()), name="touched")
            .render_derived()
        )
        return await self._move(
            segment,
            query.verdicts().cte("verdict"),
            now,
            within=lambda _: true(),
            reason=lambda moved: (
                moved.join(reasons, reasons.c.profile_id == moved.c.profile_id),
                reasons.c.reason,
            ),
            few=profile_ids,
        )

    async def compute(self, question: Question, now: datetime) -> None:
        """Evaluate every profile, into a table of this transaction; `settle` moves by it."""
        query = SegmentQuery(question, tenant_id=self._tenant_id, now=now)
        await self._session.execute(_Computed(query.verdicts()))
        await self._session.execute(_ANALYZE)

    async def overtaken(self, now: datetime) -> list[UUID]:
        """Of what was computed, the profiles for which it may not be true any more, by nothing but time."""
        statement = select(_COMPUTED.c.profile_id).where(_COMPUTED.c.flips_at <= now)
        return list(await self._session.scalars(statement))

    async def settle(self, segment: CdpSegment, now: datetime, *, but: Sequence[UUID], reason: str) -> Moved:
        """Move by what was computed, `but` for these, who have changed since."""
        await self._session.execute(_AS_SETS)
        others = ids(but)
        return await self._move(
            segment,
            _COMPUTED,
            now,
            within=lambda profile_id: profile_id != func.all(others),
            reason=lambda moved: (moved, literal(reason, Text)),
        )

    async def _move(
        self,
        segment: CdpSegment,
        verdict: FromClause,
        now: datetime,
        *,
        within: _Within,
        reason: _Reason,
        few: ColumnElement[Any] | None = None,
    ) -> Moved:
        """Enter, leave, log and set timers, in one statement, for the profiles `within`.

        `few`, who alone have a verdict then, are looked up by key: a planner that last saw none there, or that plans
        for an array of any length, would compare each with every member.
        """
        member = CdpSegmentMember
        mine = self._mine(member, segment)
        held = select(literal(1)).where(mine, member.profile_id == verdict.c.profile_id)
        is_in = exists(held if few is None else held.offset(0))
        comes = select(literal(segment.id, Uuid()), verdict.c.profile_id, literal(now, UtcDateTime())).where(
            verdict.c.matched, within(verdict.c.profile_id), not_(is_in)
        )
        entered = (
            insert(member)
            .from_select(["segment_id", "profile_id", "entered_at"], comes)
            .returning(member.profile_id)
            .cte("entered")
        )
        left = (
            delete(member)
            .where(_without(verdict, verdict.c.matched, member, mine, few), within(member.profile_id))
            .returning(member.profile_id)
            .cte("gone")
        )
        counts = select(
            select(func.count()).select_from(entered).scalar_subquery(),
            select(func.count()).select_from(left).scalar_subquery(),
        ).add_cte(
            self._logged(segment, now, entered, left, reason).cte("logged"),
            self._set_timers(segment, verdict, now, within=within, few=few).cte("timed"),
            self._drop_timers(segment, verdict, now, within=within, few=few).cte("dropped"),
        )
        row = (await self._session.execute(counts)).one()
        moved = Moved(row[0], row[1])
        if moved:
            segment.member_count += moved.entered - moved.left
            await self._session.flush()
        return moved

    @staticmethod
    def _logged(
        segment: CdpSegment, now: datetime, entered: FromClause, left: FromClause, reason: _Reason
    ) -> Insert:
        def row(moved: FromClause, *, came: bool) -> Select[Any]:
            rows, why = reason(moved)
            return select(
                literal(segment.id, Uuid()).label("segment_id"),
                literal(segment.version, Integer).label("version"),
                moved.c.profile_id,
                (true() if came else false()).label("entered"),
                why.label("reason"),
                literal(now, UtcDateTime()).label("at"),
            ).select_from(rows)

        return insert(CdpSegmentTransition).from_select(
            _LOGGED, union_all(row(left, came=False), row(entered, came=True))
        )

    def _set_timers(
        self,
        segment: CdpSegment,
        verdict: FromClause,
        now: datetime,
        *,
        within: _Within,
        few: ColumnElement[Any] | None,
    ) -> Insert:
        """A timer that rings earlier than it must may stay: it is put right when it rings, and spares the writes.

        Such a one is looked for first: a conflict that changes nothing would write all the same, its row's lock.
        """
        timer = CdpSegmentTimer
        held = select(timer.next_evaluation_at.label("at")).where(
            self._mine(timer, segment), timer.profile_id == verdict.c.profile_id
        )
        if few is None:
            at = timer.next_evaluation_at
            rings = exists(held.where(at > now, at <= verdict.c.flips_at))
        else:
            # Behind the fence nothing is asked of the time: the index of all that is due would be as good as the key.
            fenced = held.offset(0).correlate(verdict).lateral("held")
            rings = exists(select(literal(1)).where(fenced.c.at > now, fenced.c.at <= verdict.c.flips_at))
        pending = select(literal(segment.id, Uuid()), verdict.c.profile_id, verdict.c.flips_at).where(
            verdict.c.flips_at < NEVER,
            within(verdict.c.profile_id),
            not_(rings),
        )
        rows = insert(timer).from_select(["segment_id", "profile_id", "next_evaluation_at"], pending)
        brought = rows.excluded.next_evaluation_at
        return rows.on_conflict_do_update(
            index_elements=["tenant_id", "segment_id", "profile_id"],
            set_={"next_evaluation_at": brought},
            where=or_(timer.next_evaluation_at > brought, timer.next_evaluation_at <= now),
        )

    def _drop_timers(
        self,
        segment: CdpSegment,
        verdict: FromClause,
        now: datetime,
        *,
        within: _Within,
        few: ColumnElement[Any] | None,
    ) -> Delete:
        timer = CdpSegmentTimer
        return delete(timer).where(
            _without(verdict, verdict.c.flips_at < NEVER, timer, self._mine(timer, segment), few),
            timer.next_evaluation_at <= now,
            within(timer.profile_id),
        )

    def _mine(self, rows: type[CdpSegmentMember | CdpSegmentTimer], segment: CdpSegment) -> Truth:
        return and_(rows.tenant_id == self._tenant_id, rows.segment_id == segment.id)

    async def empty(self, segment: CdpSegment, now: datetime, reason: str) -> Moved:
        """Everybody leaves."""
        member = CdpSegmentMember
        left = delete(member).where(member.segment_id == segment.id).returning(member.profile_id).cte("gone")
        logged = insert(CdpSegmentTransition).from_select(
            _LOGGED,
            select(
                literal(segment.id, Uuid()),
                literal(segment.version, Integer),
                left.c.profile_id,
                false(),
                literal(reason, Text),
                literal(now, UtcDateTime()),
            ),
        )
        statement = select(func.count()).select_from(left).add_cte(logged.cte("logged"))
        gone = await self._session.scalar(statement) or 0
        segment.member_count -= gone
        await self._session.flush()
        await self.forget_timers(segment.id)
        return Moved(left=gone)

    async def untold(self) -> Sequence[CdpSegment]:
        """Segments whose live views were told another count than they have."""
        statement = select(CdpSegment).where(CdpSegment.member_count != CdpSegment.announced_count)
        return (await self._session.scalars(statement)).all()


def _without(
    verdict: FromClause,
    such: Truth,
    rows: type[CdpSegmentMember | CdpSegmentTimer],
    mine: Truth,
    few: ColumnElement[Any] | None,
) -> Truth:
    """Which rows are `mine` and of a profile without such a verdict.

    Of the few, only who has none is looked up, and by key: the rows are told by their places in the table.
    """
    if few is None:
        return and_(
            mine, not_(exists(select(literal(1)).where(verdict.c.profile_id == rows.profile_id, such)))
        )
    whom = func.unnest(few).table_valued(column("profile_id", Uuid())).render_derived("whom")
    place: ColumnElement[Any] = literal_column(f"{rows.__tablename__}.ctid")
    held = select(place.label("place")).where(mine, rows.profile_id == whom.c.profile_id).offset(0)
    found = held.lateral("held")
    places = (
        select(found.c.place)
        .select_from(whom.join(found, true()))
        .where(whom.c.profile_id.not_in(select(verdict.c.profile_id).where(such)))
    )
    return place == func.any(func.array(places.scalar_subquery()))


async def tenants_due(session: AsyncSession, at: datetime) -> list[int]:
    """Whose segments are to be computed by their time of day; the maintenance role's."""
    return list(await session.scalars(text("SELECT cdp_segments_due(:at)"), {"at": at}))


async def tenants_waiting(session: AsyncSession, at: datetime) -> list[int]:
    """Whose segments have something to follow; the maintenance role's."""
    return list(await session.scalars(text("SELECT cdp_segments_waiting(:at)"), {"at": at}))
