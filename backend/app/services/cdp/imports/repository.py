from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from app.db.session import GlobalSession, TenantScope
from app.db.utils import newest_first
from app.models.cdp.imports import CdpImport, CdpImportPart, CdpImportReject
from app.services.cdp.imports.rules import ENDED, WAITING, ImportStatus

# Events of this import that came to be while its part was under way: what an earlier try of the same part stored.
_TAKEN = """
SELECT count(DISTINCT e.message_id) FROM cdp_events AS e
WHERE e.tenant_id = $1 AND e.message_id = ANY($2::text[]) AND e.context -> 'import' ->> 'id' = $4
  AND e.received_at IN (SELECT d.received_at FROM cdp_event_dedupe AS d
    WHERE d.tenant_id = $1 AND d.message_id = ANY($2::text[]) AND d.received_at >= $3)
"""


class ImportRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._session = scope.session
        self._tenant_id = scope.tenant_id

    async def add(self, row: CdpImport) -> None:
        self._session.add(row)
        await self._session.flush()

    async def find(self, import_id: UUID, *, for_update: bool = False) -> CdpImport | None:
        statement = select(CdpImport).where(CdpImport.tenant_id == self._tenant_id, CdpImport.id == import_id)
        found: CdpImport | None = await self._session.scalar(
            statement.with_for_update() if for_update else statement
        )
        return found

    async def newest(self, *, cursor: str | None, limit: int) -> tuple[Sequence[CdpImport], str | None]:
        return await newest_first(
            self._session,
            select(CdpImport).where(
                CdpImport.tenant_id == self._tenant_id, CdpImport.status != ImportStatus.UPLOADING
            ),
            at=CdpImport.created_at,
            id=CdpImport.id,
            cursor=cursor,
            limit=limit,
        )

    async def next_waiting(self) -> CdpImport | None:
        """The one under way, else the one that was started first; held to the end of the transaction."""
        found: CdpImport | None = await self._session.scalar(
            select(CdpImport)
            .where(CdpImport.tenant_id == self._tenant_id, CdpImport.status.in_(WAITING))
            .order_by(CdpImport.status.desc(), CdpImport.started_at, CdpImport.id)
            .limit(1)
            .with_for_update()
        )
        return found

    async def is_waiting(self) -> bool:
        statement = select(CdpImport.id).where(
            CdpImport.tenant_id == self._tenant_id, CdpImport.status.in_(WAITING)
        )
        return await self._session.scalar(statement.limit(1)) is not None

    async def add_parts(self, import_id: UUID, parts: Mapping[int, bytes]) -> None:
        values = [
            {"tenant_id": self._tenant_id, "import_id": import_id, "number": number, "sealed": sealed}
            for number, sealed in parts.items()
        ]
        await self._session.execute(insert(CdpImportPart).values(values))

    async def part(self, import_id: UUID, number: int) -> bytes | None:
        found: bytes | None = await self._session.scalar(
            select(CdpImportPart.sealed).where(
                CdpImportPart.tenant_id == self._tenant_id,
                CdpImportPart.import_id == import_id,
                CdpImportPart.number == number,
            )
        )
        return found

    async def drop_parts(self, import_id: UUID, number: int | None = None) -> int:
        statement = delete(CdpImportPart).where(
            CdpImportPart.tenant_id == self._tenant_id, CdpImportPart.import_id == import_id
        )
        if number is not None:
            statement = statement.where(CdpImportPart.number == number)
        return len((await self._session.execute(statement.returning(CdpImportPart.number))).all())

    async def remove(self, import_id: UUID) -> None:
        await self._session.execute(
            delete(CdpImport).where(CdpImport.tenant_id == self._tenant_id, CdpImport.id == import_id)
        )

    async def add_rejects(self, import_id: UUID, number: int, sealed: bytes) -> None:
        statement = insert(CdpImportReject).values(
            tenant_id=self._tenant_id, import_id=import_id, number=number, sealed=sealed
        )
        await self._session.execute(statement.on_conflict_do_nothing())

    async def rejects(self, import_id: UUID, after: int) -> tuple[int, bytes] | None:
        """The next piece after this one."""
        found = (
            await self._session.execute(
                select(CdpImportReject.number, CdpImportReject.sealed)
                .where(
                    CdpImportReject.tenant_id == self._tenant_id,
                    CdpImportReject.import_id == import_id,
                    CdpImportReject.number > after,
                )
                .order_by(CdpImportReject.number)
                .limit(1)
            )
        ).first()
        return None if found is None else (found[0], found[1])

    async def taken_since(self, import_id: UUID, message_ids: Sequence[str], since: datetime) -> int:
        """How many of these messages this import itself has stored since then."""
        driver = await self._scope.driver()
        return int(await driver.fetchval(_TAKEN, self._tenant_id, message_ids, since, str(import_id)))

    async def expired(self, now: datetime) -> Sequence[CdpImport]:
        """Files that wait for their plan no longer, and rejected rows that are kept no longer."""
        statement = select(CdpImport).where(
            CdpImport.tenant_id == self._tenant_id,
            CdpImport.expires_at <= now,
            or_(
                CdpImport.status.in_((ImportStatus.UPLOADING, ImportStatus.DRAFT)),
                CdpImport.status.in_(ENDED) & CdpImport.id.in_(self._with_rejects()),
            ),
        )
        return (await self._session.scalars(statement.with_for_update())).all()

    def _with_rejects(self) -> Any:
        return select(CdpImportReject.import_id).where(CdpImportReject.tenant_id == self._tenant_id)

    async def drop_rejects(self, import_id: UUID) -> int:
        gone = await self._session.execute(
            delete(CdpImportReject)
            .where(CdpImportReject.tenant_id == self._tenant_id, CdpImportReject.import_id == import_id)
            .returning(CdpImportReject.number)
        )
        return len(gone.all())

    async def pieces_after(
        self, table: type[CdpImportPart] | type[CdpImportReject], place: tuple[UUID, int] | None, most: int
    ) -> Sequence[tuple[UUID, int, bytes]]:
        """Sealed pieces of any import, by their keys; held to the end of the transaction."""
        statement = (
            select(table.import_id, table.number, table.sealed)
            .where(table.tenant_id == self._tenant_id)
            .order_by(table.import_id, table.number)
            .limit(most)
            .with_for_update()
        )
        if place is not None:
            import_id, number = place
            statement = statement.where(
                or_(table.import_id > import_id, (table.import_id == import_id) & (table.number > number))
            )
        return [(row[0], row[1], row[2]) for row in await self._session.execute(statement)]

    async def replace(
        self, table: type[CdpImportPart] | type[CdpImportReject], import_id: UUID, number: int, sealed: bytes
    ) -> None:
        await self._session.execute(
            update(table)
            .where(table.tenant_id == self._tenant_id, table.import_id == import_id, table.number == number)
            .values(sealed=sealed)
        )

    async def shorten(self, import_id: UUID, by: int) -> None:
        """Rows of the file have been taken out of it."""
        await self._session.execute(
            update(CdpImport)
            .where(CdpImport.tenant_id == self._tenant_id, CdpImport.id == import_id)
            .values(rows_total=CdpImport.rows_total - by)
        )


async def tenants_waiting(session: GlobalSession) -> Sequence[int]:
    """Which active tenants have imports that wait or are under way; the maintenance role's."""
    return (await session.scalars(text("SELECT cdp_imports_waiting()"))).all()
