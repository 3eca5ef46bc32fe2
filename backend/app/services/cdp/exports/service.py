"""Exports: asked for, written by a worker, fetched until they expire."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from app.core.errors import FieldError
from app.core.ids import uuid7
from app.db.session import Scopes, TenantScope
from app.models.cdp.exports import CdpExport
from app.schemas.cdp.exports import ExportCreate, What
from app.services.audit_logs.service import AuditLog
from app.services.cdp.exports.erasing import EndedExports, ExportErasure
from app.services.cdp.exports.errors import (
    Ended,
    ExportInvalid,
    ExportNotFound,
    FileExpired,
    NotDone,
    RawNotAllowed,
)
from app.services.cdp.exports.links import Link, read_token, token_for
from app.services.cdp.exports.repository import ExportRepository
from app.services.cdp.exports.rules import COLUMNS, GONE, Column, ExportStatus, column
from app.services.cdp.exports.writing import ExportWork, Sizes, export_stragglers, opened_part
from app.services.cdp.segments.service import SegmentService

__all__ = [
    "Column",
    "Download",
    "Downloads",
    "EndedExports",
    "ExportErasure",
    "ExportExpiry",
    "ExportService",
    "ExportWork",
    "Link",
    "Sizes",
    "column",
    "export_stragglers",
    "read_token",
]

_LOOKED_AT = 500
_MOST_TRAITS = 200


class ExportService:
    """`may_see_personal`: whether the caller may read personal data in the clear."""

    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._rows = ExportRepository(scope)

    async def newest(self, *, cursor: str | None, limit: int) -> tuple[Sequence[CdpExport], str | None]:
        return await self._rows.newest(cursor=cursor, limit=limit)

    async def one(self, export_id: UUID, *, for_update: bool = False) -> CdpExport:
        found = await self._rows.find(export_id, for_update=for_update)
        if found is None:
            raise ExportNotFound(export_id=str(export_id))
        return found

    async def columns(self, what: What) -> list[Column]:
        """The fixed ones, and the traits of the people who came last."""
        names = list(COLUMNS[what])
        if what == "people":
            traits = await self._rows.trait_names(_LOOKED_AT)
            names += [f"trait:{name}" for name in traits[:_MOST_TRAITS]]
        return [found for name in names if (found := column(what, name)) is not None]

    async def create(self, asked: ExportCreate, *, may_see_personal: bool) -> CdpExport:
        """Have it written; in the clear only for those who may, with their reason in the audit log."""
        _check(asked)
        if asked.raw and not may_see_personal:
            raise RawNotAllowed
        selection = {"asked": asked.selection.model_dump(mode="json", exclude_none=True)}
        told = dict(selection["asked"])
        if asked.segment_id is not None:
            segment = await SegmentService(self._scope).one(asked.segment_id)
            told["segment"] = segment.name
            row_selection = {**selection, "segment_id": str(segment.id), "told": told}
        else:
            row_selection = {**selection, "told": told}
        row = CdpExport(
            id=uuid7(),
            name=asked.name,
            what=asked.what,
            format=asked.format,
            status=ExportStatus.QUEUED,
            columns=list(asked.columns),
            selection=row_selection,
            purpose=asked.purpose,
            raw=asked.raw,
            reason=asked.reason if asked.raw else None,
            keep_days=asked.keep_days,
            created_by=self._scope.actor.label,
            created_at=self._scope.now(),
        )
        await self._rows.add(row)
        await self._scope.enqueue("cdp.exports.work", {}, unless_pending=True)
        await self._record("created", row, raw=row.raw, reason=row.reason, columns=row.columns)
        return row

    async def cancel(self, export_id: UUID) -> CdpExport:
        """Write no more of it, and delete what is written."""
        row = await self.one(export_id, for_update=True)
        if row.status in GONE or row.status == ExportStatus.DONE:
            raise Ended
        row.status, row.finished_at = ExportStatus.CANCELLED, self._scope.now()
        await self._rows.drop_parts([export_id])
        await self._rows.drop_subjects(export_id)
        await self._record("cancelled", row)
        return row

    async def fetchable(self, export_id: UUID, *, may_see_personal: bool) -> CdpExport:
        """The export, if its file is there and the caller may have it."""
        row = await self.one(export_id)
        if row.status in GONE:
            raise FileExpired
        if row.status != ExportStatus.DONE or row.expires_at is None:
            raise NotDone
        if row.expires_at <= self._scope.now():
            raise FileExpired
        if row.raw and not may_see_personal:
            raise RawNotAllowed
        return row

    async def link(self, export_id: UUID, minutes: int, *, may_see_personal: bool) -> Link:
        """A link by which whoever has it fetches the file, for a while."""
        row = await self.fetchable(export_id, may_see_personal=may_see_personal)
        expires_at = self._scope.now() + timedelta(minutes=minutes)
        if row.expires_at is not None:
            expires_at = min(expires_at, row.expires_at)
        await self._record("link_made", row, until=expires_at.isoformat())
        return token_for(row.id, self._scope.tenant_id, expires_at)

    async def fetched(self, row: CdpExport, *, by_link: bool) -> None:
        await self._rows.count_download(row.id)
        await self._record("fetched", row, raw=row.raw, by_link=by_link)

    async def _record(self, what: str, row: CdpExport, **told: object) -> None:
        await AuditLog(self._scope).record(
            f"cdp.exports.{what}",
            entity="cdp_exports",
            entity_id=row.id,
            after={"name": row.name, "what": row.what, **told},
        )


def _check(asked: ExportCreate) -> None:
    faults = []
    for place, name in enumerate(asked.columns):
        if column(asked.what, name) is None or name in asked.columns[:place]:
            message = f"An export of {asked.what} has no such column, or has it already."
            faults.append(FieldError(f"body.columns.{place}", message, "unknown_column"))
    given = {name for name, value in asked.selection if value is not None}
    of_people, of_events = {"lifecycle", "trait", "value"}, {"event", "since", "until"}
    for name in sorted(given & (of_events if asked.what == "people" else of_people)):
        message = f"This does not narrow an export of {asked.what}: leave it out."
        faults.append(FieldError(f"body.selection.{name}", message, "wrong_kind"))
    if asked.what == "events" and asked.segment_id is not None:
        message = "A segment narrows an export of people: leave it out."
        faults.append(FieldError("body.segment_id", message, "wrong_kind"))
    if "value" in given and "trait" not in given:
        faults.append(FieldError("body.selection.trait", "Name the trait that has this value.", "missing"))
    if asked.raw and not asked.reason:
        faults.append(FieldError("body.reason", "Say why it has to be in the clear.", "missing"))
    if faults:
        raise ExportInvalid(fields=faults)


@dataclass(frozen=True, slots=True)
class Download:
    """A file on its way: its name, its size in bytes and its pieces."""

    name: str
    media_type: str
    size: int
    pieces: AsyncIterator[bytes]


class Downloads:
    """Hands a file out a piece at a time; whatever is wrong is raised before the first."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes

    async def open(self, export_id: UUID, *, may_see_personal: bool, by_link: bool = False) -> Download:
        async with self._scopes() as scope:
            exports = ExportService(scope)
            row = await exports.fetchable(export_id, may_see_personal=may_see_personal)
            await exports.fetched(row, by_link=by_link)
            tenant_id = scope.tenant_id
        ending = "csv" if row.format == "csv" else "jsonl"
        media_type = "text/csv" if row.format == "csv" else "application/x-ndjson"
        pieces = self._pieces(row.id, row.parts, tenant_id)
        return Download(f"{row.name}.{ending}", media_type, row.size_bytes, pieces)

    async def _pieces(self, export_id: UUID, parts: int, tenant_id: int) -> AsyncIterator[bytes]:
        for number in range(parts):
            async with self._scopes() as scope:
                sealed = await ExportRepository(scope).part(export_id, number)
            if (
                sealed is None
            ):  # ended meanwhile: the connection breaks off, so that nobody takes it for the whole
                raise FileExpired
            yield opened_part(sealed, tenant_id)


class ExportExpiry:
    """Deletes files whose time is up."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes

    async def run(self) -> None:
        async with self._scopes() as scope:
            rows = ExportRepository(scope)
            expired = await rows.expired(scope.now())
            for row in expired:
                row.status = ExportStatus.EXPIRED
            await rows.drop_parts([row.id for row in expired])
