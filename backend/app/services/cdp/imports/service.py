"""Imports: a file is uploaded, its plan is tried and started, and how far it is can be seen."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.db.session import Scopes, TenantScope
from app.models.cdp.imports import CdpImport
from app.schemas.cdp.imports import ImportPlan
from app.services.audit_logs.service import AuditLog
from app.services.cdp.events.service import why_refused
from app.services.cdp.files.service import guarded
from app.services.cdp.imports.erasing import ImportErasure
from app.services.cdp.imports.errors import Ended, ImportNotFound, NotADraft, PlanInvalid, RejectedRowsExpired
from app.services.cdp.imports.pieces import opened_rejects, opened_rows
from app.services.cdp.imports.reading import Faulty, ReadRow, RowFault, RowReader, event_of, plan_faults
from app.services.cdp.imports.repository import ImportRepository
from app.services.cdp.imports.rules import ENDED, ImportStatus
from app.services.cdp.imports.uploading import Uploads
from app.services.cdp.imports.working import (
    DIALECT,
    REJECTS_KEPT,
    ImportWork,
    import_stragglers,
    message_id_of,
    shared_context,
)

__all__ = [
    "ImportErasure",
    "ImportExpiry",
    "ImportService",
    "ImportWork",
    "Preview",
    "RejectedRows",
    "Uploads",
    "import_stragglers",
]

_SHOWN = 20
_FAULTS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Preview:
    checked: int
    rows: Sequence[ReadRow]
    fault_count: int
    faults: Sequence[RowFault]


class ImportService:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._rows = ImportRepository(scope)

    async def newest(self, *, cursor: str | None, limit: int) -> tuple[Sequence[CdpImport], str | None]:
        return await self._rows.newest(cursor=cursor, limit=limit)

    async def one(self, import_id: UUID, *, for_update: bool = False) -> CdpImport:
        found = await self._rows.find(import_id, for_update=for_update)
        if found is None:
            raise ImportNotFound(import_id=str(import_id))
        return found

    async def preview(self, import_id: UUID, plan: ImportPlan) -> Preview:
        """The first rows as they will be read by this plan; stores nothing."""
        row = await self._draft(import_id, plan)
        sealed = await self._rows.part(import_id, 0)
        now = self._scope.now()
        reader = RowReader(plan, row.columns, row.kind, now)
        read: list[ReadRow] = []
        faults: list[RowFault] = []
        kept = [] if sealed is None else opened_rows(sealed, self._scope.tenant_id)
        faulty = 0
        for number, cells in kept:
            try:
                found = reader.read(number, cells)
            except Faulty as error:
                faults += error.faults
                faulty += 1
                continue
            event = event_of(found, message_id_of(found, row.id, self._scope.tenant_id), row.kind)
            reason = why_refused(event, self._scope.tenant_id, now, DIALECT, shared_context(row.id))
            if reason is None:
                read.append(found)
            else:
                faults.append(RowFault(number, "row", f"It would be refused: {reason}.", "refused"))
                faulty += 1
        return Preview(len(kept), read[:_SHOWN], faulty, faults[:_FAULTS_SHOWN])

    async def start(self, import_id: UUID, plan: ImportPlan) -> CdpImport:
        """Have it taken in, after those that were started before."""
        row = await self._draft(import_id, plan, for_update=True)
        row.plan = plan.model_dump()
        row.status, row.expires_at = ImportStatus.QUEUED, None
        row.started_at, row.started_by = self._scope.now(), self._scope.actor.label
        row.chunk_from = row.started_at
        await self._scope.enqueue("cdp.imports.work", {}, unless_pending=True)
        await self._record("started", row)
        return row

    async def cancel(self, import_id: UUID) -> CdpImport:
        """Take no further row in, and delete the file; what has been taken in stays."""
        row = await self.one(import_id, for_update=True)
        if row.status in ENDED:
            raise Ended
        row.status, row.finished_at = ImportStatus.CANCELLED, self._scope.now()
        row.expires_at = self._scope.now() + REJECTS_KEPT
        await self._rows.drop_parts(import_id)
        await self._record("cancelled", row)
        return row

    async def _draft(self, import_id: UUID, plan: ImportPlan, *, for_update: bool = False) -> CdpImport:
        row = await self.one(import_id, for_update=for_update)
        if row.status != ImportStatus.DRAFT:
            raise NotADraft(status=row.status)
        faults = plan_faults(plan, row.columns, row.kind)
        if faults:
            raise PlanInvalid(fields=faults)
        return row

    async def _record(self, what: str, row: CdpImport) -> None:
        await AuditLog(self._scope).record(
            f"cdp.imports.{what}",
            entity="cdp_imports",
            entity_id=row.id,
            after={"name": row.name, "kind": row.kind, "rows": row.rows_total, "accepted": row.accepted},
        )


class RejectedRows:
    """The rows that were not taken in, as they came, each with the reason: a CSV file, a piece at a time."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes

    async def csv(self, import_id: UUID) -> AsyncIterator[bytes]:
        """Whatever is wrong is raised before the first piece; who fetched it is written down."""
        async with self._scopes() as scope:
            row = await ImportService(scope).one(import_id)
            if row.rejected and row.expires_at is not None and row.expires_at <= scope.now():
                raise RejectedRowsExpired
            await AuditLog(scope).record(
                "cdp.imports.rejected_rows_fetched", entity="cdp_imports", entity_id=row.id
            )
            columns = row.columns if row.format == "csv" else ["json"]
        return self._pieces(import_id, columns)

    async def _pieces(self, import_id: UUID, columns: Sequence[str]) -> AsyncIterator[bytes]:
        yield b"\xef\xbb\xbf" + _csv([["row", "reason", *columns]])
        number = -1
        while True:
            async with self._scopes() as scope:
                found = await ImportRepository(scope).rejects(import_id, number)
                tenant_id = scope.tenant_id
            if found is None:
                return
            number = found[0]
            yield _csv(
                [str(row), reason, *([cells] if isinstance(cells, str) else cells)]
                for row, cells, reason in opened_rejects(found[1], tenant_id)
            )


def _csv(rows: object) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    for row in rows:  # type: ignore[attr-defined]  # any iterable of rows
        writer.writerow([guarded(cell) for cell in row])
    return text.getvalue().encode()


class ImportExpiry:
    """Deletes files that nobody started, and rejected rows past their time."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes

    async def run(self) -> None:
        async with self._scopes() as scope:
            rows = ImportRepository(scope)
            for row in await rows.expired(scope.now()):
                await rows.drop_parts(row.id)
                await rows.drop_rejects(row.id)
                if row.status not in ENDED:
                    row.status, row.finished_at = ImportStatus.EXPIRED, scope.now()
