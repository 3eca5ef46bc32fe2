from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, and_, delete, func, literal, select, text, true, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from app.db.session import GlobalSession, TenantScope
from app.db.utils import newest_first
from app.models.cdp.events import CdpEvent
from app.models.cdp.exports import CdpExport, CdpExportPart, CdpExportSubject
from app.models.cdp.identity import CdpIdentifier
from app.models.cdp.profiles import CdpProfile
from app.models.cdp.segments import CdpSegmentMember
from app.services.cdp.exports.rules import GONE, WAITING, ExportStatus

_EARLY = timedelta(days=1)
"""No event is believed to have happened later than this after it was received."""

Place = tuple[datetime, UUID]


class ExportRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session
        self._tenant_id = scope.tenant_id

    async def add(self, row: CdpExport) -> None:
        self._session.add(row)
        await self._session.flush()

    async def find(self, export_id: UUID, *, for_update: bool = False) -> CdpExport | None:
        statement = select(CdpExport).where(CdpExport.tenant_id == self._tenant_id, CdpExport.id == export_id)
        found: CdpExport | None = await self._session.scalar(
            statement.with_for_update() if for_update else statement
        )
        return found

    async def newest(self, *, cursor: str | None, limit: int) -> tuple[Sequence[CdpExport], str | None]:
        return await newest_first(
            self._session,
            select(CdpExport).where(CdpExport.tenant_id == self._tenant_id),
            at=CdpExport.created_at,
            id=CdpExport.id,
            cursor=cursor,
            limit=limit,
        )

    async def next_waiting(self) -> CdpExport | None:
        """The one under way, else the one that was asked for first; held to the end of the transaction."""
        found: CdpExport | None = await self._session.scalar(
            select(CdpExport)
            .where(CdpExport.tenant_id == self._tenant_id, CdpExport.status.in_(WAITING))
            .order_by(CdpExport.status.desc(), CdpExport.created_at, CdpExport.id)
            .limit(1)
            .with_for_update()
        )
        return found

    async def is_waiting(self) -> bool:
        statement = select(CdpExport.id).where(
            CdpExport.tenant_id == self._tenant_id, CdpExport.status.in_(WAITING)
        )
        return await self._session.scalar(statement.limit(1)) is not None

    async def fix_subjects(self, export_id: UUID, ids: Any) -> int:
        """Write down whom it is about, as they are at this moment: `ids` is a statement. How many they are."""
        whom = ids.subquery("whom")
        statement = insert(CdpExportSubject).from_select(
            ["export_id", "profile_id"], select(literal(export_id, Uuid()), next(iter(whom.c)))
        )
        added = statement.returning(CdpExportSubject.profile_id).cte("added")
        return int(await self._session.scalar(select(func.count()).select_from(added)) or 0)

    def members(self, segment_id: UUID, ids: Any) -> Any:
        """A statement of the members of a segment who are among `ids`."""
        member = CdpSegmentMember
        return select(member.profile_id).where(
            member.tenant_id == self._tenant_id, member.segment_id == segment_id, member.profile_id.in_(ids)
        )

    async def subjects(self, export_id: UUID, after: UUID | None, most: int) -> Sequence[UUID]:
        subject = CdpExportSubject
        statement = select(subject.profile_id).where(
            subject.tenant_id == self._tenant_id, subject.export_id == export_id
        )
        if after is not None:
            statement = statement.where(subject.profile_id > after)
        return (await self._session.scalars(statement.order_by(subject.profile_id).limit(most))).all()

    async def drop_subjects(self, export_id: UUID) -> None:
        await self._session.execute(
            delete(CdpExportSubject).where(
                CdpExportSubject.tenant_id == self._tenant_id, CdpExportSubject.export_id == export_id
            )
        )

    async def profiles(self, ids: Iterable[UUID]) -> dict[UUID, CdpProfile]:
        """Those that are profiles still."""
        found = await self._session.scalars(
            select(CdpProfile).where(CdpProfile.tenant_id == self._tenant_id, CdpProfile.id.in_(list(ids)))
        )
        return {each.id: each for each in found}

    async def identifiers(self, ids: Iterable[UUID]) -> dict[UUID, list[CdpIdentifier]]:
        """By profile, the one first seen last at the end."""
        by_profile: dict[UUID, list[CdpIdentifier]] = {}
        statement = (
            select(CdpIdentifier)
            .where(CdpIdentifier.tenant_id == self._tenant_id, CdpIdentifier.profile_id.in_(list(ids)))
            .order_by(CdpIdentifier.first_seen_at, CdpIdentifier.key)
        )
        for each in await self._session.scalars(statement):
            by_profile.setdefault(each.profile_id, []).append(each)
        return by_profile

    async def owners(self, keys: Iterable[UUID]) -> dict[UUID, UUID]:
        found = await self._session.execute(
            select(CdpIdentifier.key, CdpIdentifier.profile_id).where(
                CdpIdentifier.tenant_id == self._tenant_id, CdpIdentifier.key.in_(list(keys))
            )
        )
        return {row[0]: row[1] for row in found}

    async def trait_names(self, most: int) -> Sequence[str]:
        """Names of traits of the people who came last."""
        few = (
            select(CdpProfile.traits, CdpProfile.sealed_traits)
            .where(CdpProfile.tenant_id == self._tenant_id)
            .order_by(CdpProfile.created_at.desc(), CdpProfile.id.desc())
            .limit(most)
        )
        names: set[str] = set()
        for traits, sealed in await self._session.execute(few):
            names.update(traits, sealed)
        return sorted(names)

    async def window(
        self,
        after: Place | None,
        point: datetime,
        *,
        event: str | None,
        since: datetime | None,
        until: datetime | None,
        most: int,
    ) -> list[tuple[datetime, UUID, bool]]:
        """The next places of the event store up to the point, each with whether it is wanted."""
        table = CdpEvent
        wanted = [table.event_name == event] if event else []
        near = [table.tenant_id == self._tenant_id, table.received_at < point]
        if since is not None:
            wanted.append(table.event_time >= since)
            near.append(table.received_at >= since - _EARLY)
        if until is not None:
            wanted.append(table.event_time < until)
        if after is not None:
            # The first names the partitions: a comparison of pairs alone would look through all of them.
            near += [table.received_at >= after[0], tuple_(table.received_at, table.id) > tuple_(*after)]
        statement = (
            select(table.received_at, table.id, and_(true(), *wanted))
            .where(*near)
            .order_by(table.received_at, table.id)
            .limit(most)
        )
        return [(row[0], row[1], row[2]) for row in await self._session.execute(statement)]

    async def add_part(
        self, export_id: UUID, number: int, person_keys: Iterable[UUID], sealed: bytes
    ) -> None:
        self._session.add(
            CdpExportPart(
                export_id=export_id, number=number, person_keys=sorted(set(person_keys)), sealed=sealed
            )
        )
        await self._session.flush()

    async def part(self, export_id: UUID, number: int) -> bytes | None:
        found: bytes | None = await self._session.scalar(
            select(CdpExportPart.sealed).where(
                CdpExportPart.tenant_id == self._tenant_id,
                CdpExportPart.export_id == export_id,
                CdpExportPart.number == number,
            )
        )
        return found

    async def drop_parts(self, export_ids: Sequence[UUID]) -> int:
        gone = await self._session.execute(
            delete(CdpExportPart)
            .where(CdpExportPart.tenant_id == self._tenant_id, CdpExportPart.export_id.in_(export_ids))
            .returning(CdpExportPart.number)
        )
        return len(gone.all())

    async def count_download(self, export_id: UUID) -> None:
        await self._session.execute(
            update(CdpExport)
            .where(CdpExport.tenant_id == self._tenant_id, CdpExport.id == export_id)
            .values(downloads=CdpExport.downloads + 1)
        )

    async def expired(self, now: datetime) -> Sequence[CdpExport]:
        statement = select(CdpExport).where(
            CdpExport.tenant_id == self._tenant_id,
            CdpExport.status == ExportStatus.DONE,
            CdpExport.expires_at <= now,
        )
        return (await self._session.scalars(statement.with_for_update())).all()

    async def every(self) -> Sequence[CdpExport]:
        """All of them, held until this transaction's end."""
        statement = select(CdpExport).where(CdpExport.tenant_id == self._tenant_id).order_by(CdpExport.id)
        return (await self._session.scalars(statement.with_for_update())).all()

    async def unfinished(self) -> Sequence[CdpExport]:
        """Those that may be writing, held: whoever writes a page is waited for."""
        statement = select(CdpExport).where(
            CdpExport.tenant_id == self._tenant_id, CdpExport.status.in_(WAITING)
        )
        return (await self._session.scalars(statement.with_for_update())).all()

    async def holding(self, keys: Sequence[UUID]) -> Sequence[CdpExport]:
        """Exports of which a written piece is about any of these people."""
        of_them = select(CdpExportPart.export_id).where(
            CdpExportPart.tenant_id == self._tenant_id, CdpExportPart.person_keys.overlap(list(keys))
        )
        statement = select(CdpExport).where(
            CdpExport.tenant_id == self._tenant_id,
            CdpExport.id.in_(of_them),
            CdpExport.status.not_in(GONE),
        )
        return (await self._session.scalars(statement.with_for_update())).all()

    async def forget_subjects(self, keys: Sequence[UUID]) -> int:
        gone = await self._session.execute(
            delete(CdpExportSubject)
            .where(CdpExportSubject.tenant_id == self._tenant_id, CdpExportSubject.profile_id.in_(keys))
            .returning(CdpExportSubject.profile_id)
        )
        return len(gone.all())


async def tenants_waiting(session: GlobalSession) -> Sequence[int]:
    """Which active tenants have exports that wait or are under way; the maintenance role's."""
    return (await session.scalars(text("SELECT cdp_exports_waiting()"))).all()
