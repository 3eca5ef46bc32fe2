"""The images that campaigns are built with: uploaded, checked for each placement, and served to the company alone."""

from collections.abc import AsyncIterator
from typing import IO, Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from pydantic import Field

from app.api.bodies import DRAINED_BYTES, spooled_body
from app.api.deps import CursorParams, ScopeDep, ScopesDep, Search, SettingsDep
from app.api.ids import AssetId
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.campaigns.assets import (
    AssetCreate,
    AssetDetail,
    AssetPatch,
    AssetRead,
    AssetUploaded,
    PlacementRead,
)
from app.schemas.pages import CursorPage
from app.schemas.text import NO_NUL, Word
from app.services.campaigns.assets.errors import AssetTooLarge
from app.services.campaigns.assets.presenting import asset_detail, asset_read, placements_read
from app.services.campaigns.assets.service import Assets, AssetUploads, Bounds, FileKind

router = APIRouter(prefix="/campaigns/assets", tags=["campaigns"])

_MEBIBYTE = 1_048_576
_LARGEST = 30 * _MEBIBYTE
"""The bound that the setting itself may have at most."""
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": (
            "The file itself: JPEG, PNG, GIF or WebP, at most `ASSET_MEGABYTES` (10 unless set otherwise), 25 million "
            "pixels, 200 frames."
        ),
        "content": {f"image/{each}": _BINARY for each in ("jpeg", "png", "gif", "webp")},
    }
}
_IMAGE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The image",
        "content": {f"image/{each}": _BINARY for each in ("jpeg", "png", "gif", "webp")},
    },
    304: {"description": "The caller has it already, by its ETag"},
}
_THUMBNAIL: dict[int | str, dict[str, Any]] = {
    200: {"description": "The thumbnail", "content": {"image/webp": _BINARY}},
    304: {"description": "The caller has it already, by its ETag"},
}
_KNOWN: dict[int | str, dict[str, Any]] = {
    200: {"description": "The library had the image already", "model": AssetUploaded}
}
_SAFE = {
    "Cache-Control": "private, max-age=86400",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Vary": "Authorization, X-API-Key",
    "X-Content-Type-Options": "nosniff",
}
"""Whoever opens the address of an image in a browser gets an image, and nothing that runs."""

Reader = Annotated[Principal, requires("campaigns.assets:read")]
Writer = Annotated[Principal, requires("campaigns.assets:write")]
IfNoneMatch = Annotated[
    str | None, Header(max_length=1_000, pattern=NO_NUL, description="ETags that the caller has.")
]


async def assets(scope: ScopeDep) -> Assets:
    return Assets(scope)


async def asset_uploads(scopes: ScopesDep, settings: SettingsDep) -> AssetUploads:
    return AssetUploads(
        scopes, Bounds(settings.asset_megabytes * _MEBIBYTE, settings.asset_library_megabytes * _MEBIBYTE)
    )


async def uploaded_image(request: Request, settings: SettingsDep) -> AsyncIterator[IO[bytes]]:
    most = settings.asset_megabytes

    def too_large() -> AssetTooLarge:
        return AssetTooLarge(f"The file is larger than {most} MB: make it smaller, or save it as JPEG.")

    async with spooled_body(request, most=most * _MEBIBYTE, too_large=too_large) as file:
        yield file


AssetsDep = Annotated[Assets, Depends(assets)]
UploadsDep = Annotated[AssetUploads, Depends(asset_uploads)]
UploadedImage = Annotated[IO[bytes], Depends(uploaded_image, scope="function")]


class AssetFilter(CursorParams):
    q: Search = None
    tag: Word | None = Field(None, description="Only those with exactly this tag.")


@router.get("")
async def list_assets(
    found: AssetsDep, asked: Annotated[AssetFilter, Query()], _: Reader
) -> CursorPage[AssetRead]:
    """Newest first."""
    lines, cursor = await found.newest(search=asked.q, tag=asked.tag, cursor=asked.cursor, limit=asked.limit)
    return CursorPage(items=[asset_read(each) for each in lines], next_cursor=cursor, limit=asked.limit)


@router.get("/placements")
async def list_placements(_: Reader) -> list[PlacementRead]:
    """What each placement of each platform takes of an image, and where the platform publishes it."""
    return placements_read()


@router.post(
    "",
    status_code=201,
    openapi_extra=_FILE,
    responses=_KNOWN,
    max_body_size=_LARGEST + DRAINED_BYTES,
)
async def upload_asset(
    request: Request,
    response: Response,
    asked: Annotated[AssetCreate, Query()],
    _: Writer,
    uploads: UploadsDep,
    file: UploadedImage,
) -> AssetUploaded:
    """Keep an image, written anew without its metadata. The same image twice is one: 200, and that one."""
    done = await uploads.take(asked.name, request.headers.get("content-type", ""), file)
    if not done.is_new:
        response.status_code = 200
    return AssetUploaded(**asset_detail(done.line).model_dump(), is_new=done.is_new)


@router.get("/{asset_id}")
async def get_asset(asset_id: AssetId, found: AssetsDep, _: Reader) -> AssetDetail:
    """The image's facts, with a verdict for every placement."""
    return asset_detail(await found.one(asset_id))


@router.patch("/{asset_id}")
async def change_asset(asset_id: AssetId, wanted: AssetPatch, found: AssetsDep, _: Writer) -> AssetDetail:
    """Rename it, or replace its tags."""
    return asset_detail(await found.change(asset_id, name=wanted.name, tags=wanted.tags))


@router.delete("/{asset_id}", status_code=204)
async def delete_asset(asset_id: AssetId, found: AssetsDep, _: Writer) -> None:
    """Refused while a draft names it that is not published."""
    await found.delete(asset_id)


@router.get("/{asset_id}/file", response_class=Response, responses=_IMAGE)
async def get_asset_file(
    asset_id: AssetId, found: AssetsDep, _: Reader, if_none_match: IfNoneMatch = None
) -> Response:
    """The image itself, as it is stored."""
    return await _served(found, asset_id, "image", if_none_match)


@router.get("/{asset_id}/thumbnail", response_class=Response, responses=_THUMBNAIL)
async def get_asset_thumbnail(
    asset_id: AssetId, found: AssetsDep, _: Reader, if_none_match: IfNoneMatch = None
) -> Response:
    """The image's first frame, in 320 x 320 pixels at most."""
    return await _served(found, asset_id, "thumbnail", if_none_match)


async def _served(found: Assets, asset_id: AssetId, kind: FileKind, seen: str | None) -> Response:
    tag = await found.tag(asset_id, kind)
    if _is_among(tag, seen):
        return Response(status_code=304, headers={**_SAFE, "ETag": tag})
    file = await found.file(asset_id, kind)
    name = f"{kind}-{asset_id}.{file.extension}"
    headers = {**_SAFE, "ETag": tag, "Content-Disposition": f'inline; filename="{name}"'}
    return Response(file.content, media_type=file.media_type, headers=headers)


def _is_among(tag: str, seen: str | None) -> bool:
    """By the weak comparison that RFC 9110 has for `If-None-Match`."""
    if seen is None:
        return False
    return any(each.strip().removeprefix("W/") in {tag, "*"} for each in seen.split(","))
