from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, func, or_, select, tuple_, update
from sqlalchemy.orm import aliased

from app.core.ids import made_at
from app.db.session import TenantScope
from app.db.utils import newest_first
from app.models.cdp.events import CdpEvent, CdpEventCount, CdpEventDedupe, CdpEventVerdict
from app.models.cdp.identity import CdpIdentifier
from app.services.cdp.events.store_repository import NO_SOURCE

_FORGOTTEN_REACH = timedelta(days=35)
_NEAR = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class EventFilter:
    name: str | None = None
    source_id: UUID | None = None
    message_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    identifier: str | None = None
    keys: frozenset[UUID] | None = None
    """Those that `identifier`, an id as events carry it, may have as each type."""


@dataclass(frozen=True, slots=True)
class VerdictFilter:
    code: str | None = None
    source_id: UUID | None = None
    name: str | None = None
    message_id: str | None = None


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
        if wanted.keys is not None:
            statement = await self._naming(statement, wanted.identifier, wanted.keys)
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

    async def one(self, event_id: UUID, received_at: datetime | None) -> CdpEvent | None:
        """By its whole key, or near the time that its id was made at: an event is received within moments of it."""
        if received_at is not None:
            return next(iter(await self.by_keys([(received_at, event_id)])), None)
        made = made_at(event_id)
        if made is None:
            return None
        found: CdpEvent | None = await self._session.scalar(
            select(CdpEvent).where(
                CdpEvent.tenant_id == self._scope.tenant_id,
                CdpEvent.received_at.between(made - _NEAR, made + _NEAR),
                CdpEvent.id == event_id,
            )
        )
        return found

    async def _naming(
        self, statement: Select[CdpEvent], identifier: str | None, keys: frozenset[UUID]
    ) -> Select[CdpEvent]:
        """Events that carry an identifier, found by those that they may be anchored to: its person's."""
        own, other = aliased(CdpIdentifier), aliased(CdpIdentifier)
        of_person = (
            select(other.key)
            .join(own, (own.tenant_id == other.tenant_id) & (own.profile_id == other.profile_id))
            .where(other.tenant_id == self._scope.tenant_id, own.key.in_(keys))
        )
        anchors = {*keys, *await self._session.scalars(of_person)}
        begin = [key.bytes for key in keys]
        hashes = (CdpEvent.user_id_hash, CdpEvent.email_hash, CdpEvent.phone_hash)
        return statement.where(
            CdpEvent.person_key.in_(anchors),
            or_(
                CdpEvent.person_key.in_(keys),
                *(func.substr(column, 1, 16).in_(begin) for column in hashes),
                CdpEvent.anonymous_id == identifier,
                CdpEvent.context["device"]["id"].astext == identifier,
            ),
        )

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
        self, wanted: VerdictFilter, *, cursor: str | None, limit: int
    ) -> tuple[Sequence[CdpEventVerdict], str | None]:
        statement = select(CdpEventVerdict).where(CdpEventVerdict.tenant_id == self._scope.tenant_id)
        asked = (
            (CdpEventVerdict.code, wanted.code),
            (CdpEventVerdict.source_id, wanted.source_id),
            (CdpEventVerdict.event_name, wanted.name),
            (CdpEventVerdict.message_id, wanted.message_id),
        )
        statement = statement.where(*(column == value for column, value in asked if value))
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

    async def owner(self, key: UUID) -> UUID | None:
        """The profile that an identifier belongs to."""
        found: UUID | None = await self._session.scalar(
            select(CdpIdentifier.profile_id).where(
                CdpIdentifier.tenant_id == self._scope.tenant_id, CdpIdentifier.key == key
            )
        )
        return found

    async def counts_by(
        self, source_id: UUID, by: str, since: datetime
    ) -> dict[datetime, tuple[int, int, int]]:
        """Accepted, duplicates and rejected of a source from `since` on, by the hour or day (UTC)."""
        table = CdpEventCount
        at = func.date_trunc(by, table.hour, "UTC").label("at")
        statement = (
            select(at, func.sum(table.accepted), func.sum(table.duplicates), func.sum(table.rejected))
            .where(
                table.tenant_id == self._scope.tenant_id, table.source_id == source_id, table.hour >= since
            )
            .group_by(at)
        )
        return {
            row[0].astimezone(UTC): (int(row[1]), int(row[2]), int(row[3]))
            for row in await self._session.execute(statement)
        }

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
