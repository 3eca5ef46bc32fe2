"""The company's library of images: found, named, tagged, looked at, and kept while a draft needs them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, cast
from uuid import UUID

from app.db.session import TenantScope
from app.models.campaigns.assets import CampaignAsset
from app.services.audit_logs.service import AuditLog
from app.services.campaigns.assets.errors import AssetInUse, AssetNotFound
from app.services.campaigns.assets.repository import AssetLine, AssetRepository
from app.services.campaigns.assets.rules import (
    PLACEMENTS,
    Format,
    Picture,
    Placement,
    Stored,
    fitting,
    judged,
)
from app.services.campaigns.assets.uploading import AssetUploads, Bounds, Uploaded

__all__ = [
    "PLACEMENTS",
    "AssetFile",
    "AssetLine",
    "AssetUploads",
    "Assets",
    "Bounds",
    "Placement",
    "Stored",
    "Uploaded",
    "fitting",
    "judged",
    "picture_of",
]

FileKind = Literal["image", "thumbnail"]
_NAMED = 3


@dataclass(frozen=True, slots=True)
class AssetFile:
    content: bytes
    media_type: str
    extension: str


class Assets:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._assets = AssetRepository(scope)

    async def newest(
        self, *, search: str | None = None, tag: str | None = None, cursor: str | None = None, limit: int = 50
    ) -> tuple[list[AssetLine], str | None]:
        rows, following = await self._assets.newest(search=search, tag=tag, cursor=cursor, limit=limit)
        used = await self._assets.used([each.id for each in rows])
        return [AssetLine(each, used.get(each.id, 0)) for each in rows], following

    async def one(self, asset_id: UUID) -> AssetLine:
        asset = await self._assets.find(asset_id)
        if asset is None:
            raise AssetNotFound(asset_id=str(asset_id))
        return await self._assets.line(asset)

    async def tag(self, asset_id: UUID, kind: FileKind) -> str:
        """What names this content and no other, as an `ETag` has it."""
        line = await self.one(asset_id)
        return f'"{line.asset.sha256}"' if kind == "image" else f'"{line.asset.sha256}.thumbnail"'

    async def file(self, asset_id: UUID, kind: FileKind) -> AssetFile:
        line = await self.one(asset_id)
        content = await self._assets.content(asset_id, kind)
        if content is None:
            raise AssetNotFound(asset_id=str(asset_id))
        found = line.asset.format if kind == "image" else "webp"
        return AssetFile(content, f"image/{found}", "jpg" if found == "jpeg" else found)

    async def change(self, asset_id: UUID, *, name: str | None, tags: list[str] | None) -> AssetLine:
        asset = await self._locked(asset_id)
        before: dict[str, object] = {"name": asset.name, "tags": list(asset.tags)}
        if name is not None:
            asset.name = name
        if tags is not None:
            asset.tags = tags
        after: dict[str, object] = {"name": asset.name, "tags": list(asset.tags)}
        if before != after:
            await self._assets.flush()
            await self._audit("changed", asset_id, before=before, after=after)
        return await self.one(asset_id)

    async def delete(self, asset_id: UUID) -> None:
        """Refused while a draft names it that is not published."""
        asset = await self._locked(asset_id)
        names = await self._assets.open_drafts(asset_id, _NAMED)
        if names:
            told = ", ".join(f"“{each or 'without a name'}”" for each in names)
            raise AssetInUse(f"Drafts use the image, such as {told}: take it out of them first.")
        await self._audit("deleted", asset_id, before={"name": asset.name, "sha256": asset.sha256})
        await self._assets.remove(asset)

    async def bind(self, draft_id: UUID, asset_ids: Iterable[UUID]) -> bool:
        """Have the draft name exactly these; False where one of them is not here, and nothing was bound."""
        return await self._assets.bind(draft_id, asset_ids)

    async def missing(self, asset_ids: Collection[UUID]) -> frozenset[UUID]:
        return frozenset(asset_ids) - {each.id for each in await self._assets.some(asset_ids)}

    async def pictures(self, asset_ids: Collection[UUID]) -> Mapping[UUID, Picture]:
        """What placements are judged by; one that is not there any more is left out."""
        return {each.id: picture_of(each) for each in await self._assets.some(asset_ids)}

    async def stored(self, asset_ids: Collection[UUID]) -> Mapping[UUID, Stored]:
        """What is sent to a platform; one that is not there any more is left out."""
        rows = await self._assets.some(asset_ids)
        return {
            each.id: Stored(each.sha256, cast("Format", each.format), each.width, each.height)
            for each in rows
        }

    async def _locked(self, asset_id: UUID) -> CampaignAsset:
        asset = await self._assets.for_update(asset_id)
        if asset is None:
            raise AssetNotFound(asset_id=str(asset_id))
        return asset

    async def _audit(
        self, verb: str, asset_id: UUID, *, before: dict[str, object], after: dict[str, object] | None = None
    ) -> None:
        await AuditLog(self._scope).record(
            f"campaigns.assets.{verb}",
            entity="campaigns.assets",
            entity_id=asset_id,
            before=before,
            after=after,
        )


def picture_of(asset: CampaignAsset) -> Picture:
    return Picture(cast("Format", asset.format), asset.width, asset.height, asset.size_bytes, asset.frames)
