from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, func, select, tuple_, update

from app.db.session import TenantScope
from app.db.utils import newest_first
from app.models.cdp.events import CdpEvent, CdpEventCount, CdpEventDedupe, CdpEventVerdict
from app.services.cdp.events.store_repository import NO_SOURCE

_FORGOTTEN_REACH = timedelta(days=35)


@dataclass(frozen=True, slots=True)
class EventFilter:
    name: str | None = None
    source_id: UUID | None = None
    message_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class SourceCounts:
    """What one source sent; `source_id` None stands for people and programs that sent without one."""

    source_id: UUID | None
    accepted: int
    duplicates: int
    rejected: int
    newest_accepted_at: datetime | None


class EventRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._session = scope.session

    async def newest(
        self, wanted: EventFilter, *, cursor: str | None, limit: int
    ) -> tuple[Sequence[CdpEvent], str | None]:
        statement = select(CdpEvent).where(CdpEvent.tenant_id == self._scope.tenant_id)
        if wanted.name:
            statement = statement.where(CdpEvent.event_name == wanted.name)
        if wanted.source_id:
            statement = statement.where(CdpEvent.source_id == wanted.source_id)
        if wanted.since:
            statement = statement.where(CdpEvent.received_at >= wanted.since)
        if wanted.until:
            statement = statement.where(CdpEvent.received_at < wanted.until)
        if wanted.message_id:
            statement = await self._of_message(statement, wanted.message_id, wanted.since)
        return await newest_first(
            self._session, statement, at=CdpEvent.received_at, id=CdpEvent.id, cursor=cursor, limit=limit
        )

    async def sample(self, since: datetime, until: datetime, most: int) -> Sequence[CdpEvent]:
        """The last `most` events received from `since` to `until`, both included."""
        statement = (
            select(CdpEvent)
            .where(
                CdpEvent.tenant_id == self._scope.tenant_id,
                CdpEvent.received_at >= since,
                CdpEvent.received_at <= until,
            )
            .order_by(CdpEvent.received_at.desc(), CdpEvent.id.desc())
            .limit(most)
        )
        return (await self._session.scalars(statement)).all()

    async def after(self, received_at: datetime, event_id: UUID, most: int) -> Sequence[CdpEvent]:
        """Up to `most` events after that place, oldest first: how a consumer reads on from its cursor."""
        statement = (
            select(CdpEvent)
            .where(
                CdpEvent.tenant_id == self._scope.tenant_id,
                tuple_(CdpEvent.received_at, CdpEvent.id) > tuple_(received_at, event_id),
            )
            .order_by(CdpEvent.received_at, CdpEvent.id)
            .limit(most)
        )
        return (await self._session.scalars(statement)).all()

    async def by_keys(self, keys: Sequence[tuple[datetime, UUID]]) -> Sequence[CdpEvent]:
        if not keys:
            return []
        statement = select(CdpEvent).where(
            CdpEvent.tenant_id == self._scope.tenant_id,
            tuple_(CdpEvent.received_at, CdpEvent.id).in_(keys),
            # Names the partitions: a comparison of pairs alone would look through all of them.
            CdpEvent.received_at.between(min(keys)[0], max(keys)[0]),
        )
        return (await self._session.scalars(statement)).all()

    async def _of_message(
        self, statement: Select[CdpEvent], message_id: str, since: datetime | None
    ) -> Select[CdpEvent]:
        """The deduplication row knows when it came; once that is forgotten, the last weeks are searched."""
        statement = statement.where(CdpEvent.message_id == message_id)
        received_at = await self._session.scalar(
            select(CdpEventDedupe.received_at).where(CdpEventDedupe.message_id == message_id)
        )
        if received_at is not None:
            return statement.where(CdpEvent.received_at == received_at)
        return (
            statement
            if since
            else statement.where(CdpEvent.received_at >= self._scope.now() - _FORGOTTEN_REACH)
        )

    async def verdicts(
        self, *, code: str | None, source_id: UUID | None, cursor: str | None, limit: int
    ) -> tuple[Sequence[CdpEventVerdict], str | None]:
        statement = select(CdpEventVerdict).where(CdpEventVerdict.tenant_id == self._scope.tenant_id)
        if code:
            statement = statement.where(CdpEventVerdict.code == code)
        if source_id:
            statement = statement.where(CdpEventVerdict.source_id == source_id)
        return await newest_first(
            self._session,
            statement,
            at=CdpEventVerdict.last_at,
            id=CdpEventVerdict.id,
            cursor=cursor,
            limit=limit,
        )

    async def verdict(self, verdict_id: UUID) -> CdpEventVerdict | None:
        found: CdpEventVerdict | None = await self._session.scalar(
            select(CdpEventVerdict).where(CdpEventVerdict.id == verdict_id)
        )
        return found

    async def mark_replayed(self, verdict_id: UUID, at: datetime, outcome: str) -> CdpEventVerdict:
        marked: CdpEventVerdict = (
            await self._session.scalars(
                update(CdpEventVerdict)
                .where(CdpEventVerdict.id == verdict_id)
                .values(replayed_at=at, replay_outcome=outcome)
                .returning(CdpEventVerdict)
            )
        ).one()
        return marked

    async def counts(self, since: datetime | None) -> Sequence[SourceCounts]:
        table = CdpEventCount
        statement = select(
            table.source_id,
            func.sum(table.accepted),
            func.sum(table.duplicates),
            func.sum(table.rejected),
            func.max(table.newest_accepted_at),
        ).group_by(table.source_id)
        if since is not None:
            statement = statement.where(table.hour >= func.date_trunc("hour", since))
        return [
            SourceCounts(None if source == NO_SOURCE else source, int(a), int(d), int(r), newest)
            for source, a, d, r, newest in await self._session.execute(statement)
        ]
