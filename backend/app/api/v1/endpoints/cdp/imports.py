"""Files of people or events that are handed in."""

from collections.abc import AsyncIterator
from typing import IO, Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import StreamingResponse

from app.api.bodies import DRAINED_BYTES, spooled_body
from app.api.deps import CursorQuery, ScopeDep, ScopesDep
from app.api.ids import ImportId
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.cdp.imports import ImportCreate, ImportPlan, ImportPreview, ImportRead
from app.schemas.pages import CursorPage
from app.services.cdp.imports.errors import FileTooLarge
from app.services.cdp.imports.service import ImportService, RejectedRows, Uploads

router = APIRouter(prefix="/cdp/imports", tags=["cdp"])

MAX_FILE_BYTES = 64 * 1_048_576
_SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": (
            "UTF-8, at most 64 MB and 1,000,000 rows: CSV with a header (commas, semicolons or tabs), JSON Lines, or "
            "a JSON array of objects."
        ),
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/x-ndjson": {"schema": {"type": "string"}},
        },
    }
}
_CSV: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The rows with their reasons",
        "content": {"text/csv": {"schema": {"type": "string"}}},
    }
}


async def import_service(scope: ScopeDep) -> ImportService:
    return ImportService(scope)


async def uploads(scopes: ScopesDep) -> Uploads:
    return Uploads(scopes)


async def rejected_rows(scopes: ScopesDep) -> RejectedRows:
    return RejectedRows(scopes)


async def uploaded_file(request: Request) -> AsyncIterator[IO[bytes]]:
    async with spooled_body(request, most=MAX_FILE_BYTES, too_large=FileTooLarge) as file:
        yield file


UploadedFile = Annotated[IO[bytes], Depends(uploaded_file, scope="function")]
Imports = Annotated[ImportService, Depends(import_service)]
Reader = Annotated[Principal, requires("cdp.imports:read")]
Writer = Annotated[Principal, requires("cdp.imports:write")]


@router.get("")
async def list_imports(query: CursorQuery, imports: Imports, _: Reader) -> CursorPage[ImportRead]:
    """The last uploaded first."""
    found, cursor = await imports.newest(cursor=query.cursor, limit=query.limit)
    items = [ImportRead.model_validate(each) for each in found]
    return CursorPage(items=items, next_cursor=cursor, limit=query.limit)


@router.post("", status_code=201, openapi_extra=_FILE, max_body_size=MAX_FILE_BYTES + DRAINED_BYTES)
async def upload(
    asked: Annotated[ImportCreate, Query()],
    _: Writer,
    files: Annotated[Uploads, Depends(uploads)],
    file: UploadedFile,
) -> ImportRead:
    """Keep a file, sealed, for a day: nothing of it is taken in before it is started."""
    separator = _SEPARATORS[asked.separator] if asked.separator else None
    return ImportRead.model_validate(await files.create(asked.name, asked.kind, file, separator))


@router.get("/{import_id}")
async def get_import(import_id: ImportId, imports: Imports, _: Reader) -> ImportRead:
    """How far it is."""
    return ImportRead.model_validate(await imports.one(import_id))


@router.post("/{import_id}/preview")
async def preview_import(import_id: ImportId, body: ImportPlan, imports: Imports, _: Writer) -> ImportPreview:
    """The first rows as they would be read by this plan, and what is wrong with any; nothing is stored."""
    return ImportPreview.model_validate(await imports.preview(import_id, body))


@router.post("/{import_id}/start", status_code=202)
async def start_import(import_id: ImportId, body: ImportPlan, imports: Imports, _: Writer) -> ImportRead:
    """Take the file in by this plan; one import runs at a time, others wait for their turn."""
    return ImportRead.model_validate(await imports.start(import_id, body))


@router.post("/{import_id}/cancel")
async def cancel_import(import_id: ImportId, imports: Imports, _: Writer) -> ImportRead:
    """Delete the file and take in no more of it; what has been taken in stays."""
    return ImportRead.model_validate(await imports.cancel(import_id))


@router.get("/{import_id}/rejected", response_class=StreamingResponse, responses=_CSV)
async def download_rejected_rows(
    import_id: ImportId, rows: Annotated[RejectedRows, Depends(rejected_rows)], _: Writer
) -> StreamingResponse:
    """The rows that were not taken in, as they came, each with the reason. Who fetched them is in the audit log."""
    headers = {"Content-Disposition": f'attachment; filename="rejected-{import_id}.csv"'}
    return StreamingResponse(await rows.csv(import_id), media_type="text/csv", headers=headers)
