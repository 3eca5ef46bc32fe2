"""Files of people or events that are taken away."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import StreamingResponse

from app.api.deps import CursorQuery, DoorsDep, ScopeDep, ScopesDep, SettingsDep
from app.api.ids import ExportId
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.cdp.exports import (
    ColumnRead,
    ColumnsQuery,
    ColumnsRead,
    DownloadLinkCreate,
    DownloadLinkRead,
    ExportCreate,
    ExportRead,
    LinkQuery,
)
from app.schemas.pages import CursorPage
from app.services.cdp.exports.errors import LinkInvalid
from app.services.cdp.exports.service import Column, Download, Downloads, ExportService, column, read_token

router = APIRouter(prefix="/cdp/exports", tags=["cdp"])

_PERSONAL = "cdp.profiles.personal:read"
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file, a piece at a time",
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/x-ndjson": {"schema": {"type": "string"}},
        },
    }
}


async def export_service(scope: ScopeDep) -> ExportService:
    return ExportService(scope)


async def downloads(scopes: ScopesDep) -> Downloads:
    return Downloads(scopes)


Exports = Annotated[ExportService, Depends(export_service)]
Reader = Annotated[Principal, requires("cdp.exports:read")]
Writer = Annotated[Principal, requires("cdp.exports:write")]


def _column(found: Column, *, raw: bool) -> ColumnRead:
    return ColumnRead(name=found.name, holds=found.holds(raw=raw), description=found.told(raw=raw))


def _read(row: Any) -> ExportRead:
    own = set(ExportRead.model_fields) - {"columns", "selection"}
    columns = [found for name in row.columns if (found := column(row.what, name)) is not None]
    return ExportRead(
        **{name: getattr(row, name) for name in own},
        columns=[_column(each, raw=row.raw) for each in columns],
        selection=row.selection.get("told", {}),
    )


def _streamed(file: Download) -> StreamingResponse:
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
        "Content-Length": str(file.size),
        "Cache-Control": "no-store",
    }
    return StreamingResponse(file.pieces, media_type=file.media_type, headers=headers)


@router.get("")
async def list_exports(query: CursorQuery, exports: Exports, _: Reader) -> CursorPage[ExportRead]:
    """The last asked for first."""
    found, cursor = await exports.newest(cursor=query.cursor, limit=query.limit)
    return CursorPage(items=[_read(each) for each in found], next_cursor=cursor, limit=query.limit)


@router.post("", status_code=202)
async def create_export(body: ExportCreate, exports: Exports, caller: Writer) -> ExportRead:
    """Have a file written; identifiers are hashed, unless they are asked for in the clear with a reason."""
    return _read(await exports.create(body, may_see_personal=caller.may(_PERSONAL)))


@router.get("/columns")
async def list_columns(query: Annotated[ColumnsQuery, Query()], exports: Exports, _: Reader) -> ColumnsRead:
    """What can be in an export, and what each column holds."""
    found = await exports.columns(query.what)
    return ColumnsRead(columns=[_column(each, raw=query.raw) for each in found])


@router.get("/download", response_class=StreamingResponse, responses=_FILE)
async def download_by_link(
    query: Annotated[LinkQuery, Query()], doors: DoorsDep, request: Request
) -> StreamingResponse:
    """The file that a link is for, to whoever has it, until it expires. The audit log has who made it, and its use."""
    token = read_token(query.token)
    clock = request.app.state.clock
    await clock.sync()
    if token.expires_at <= clock.now():
        raise LinkInvalid
    files = Downloads(lambda: doors.tenant(token.tenant_id))
    return _streamed(await files.open(token.export_id, may_see_personal=True, by_link=True))


@router.get("/{export_id}")
async def get_export(export_id: ExportId, exports: Exports, _: Reader) -> ExportRead:
    """How far it is, and what it holds."""
    return _read(await exports.one(export_id))


@router.post("/{export_id}/cancel")
async def cancel_export(export_id: ExportId, exports: Exports, _: Writer) -> ExportRead:
    """Write no more of it, and delete what is written."""
    return _read(await exports.cancel(export_id))


@router.post("/{export_id}/link", status_code=201)
async def make_link(
    export_id: ExportId, body: DownloadLinkCreate, exports: Exports, settings: SettingsDep, caller: Writer
) -> DownloadLinkRead:
    """A link by which whoever has it fetches the file without signing in."""
    link = await exports.link(export_id, body.minutes, may_see_personal=caller.may(_PERSONAL))
    return DownloadLinkRead(path=f"{settings.api_v1_prefix}{link.path}", expires_at=link.expires_at)


@router.get("/{export_id}/file", response_class=StreamingResponse, responses=_FILE)
async def download_file(
    export_id: ExportId, files: Annotated[Downloads, Depends(downloads)], caller: Reader
) -> StreamingResponse:
    """The file. Who fetched it is in the audit log."""
    return _streamed(await files.open(export_id, may_see_personal=caller.may(_PERSONAL)))
