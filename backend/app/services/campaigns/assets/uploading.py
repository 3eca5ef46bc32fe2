"""Takes an image in: known again by its bytes, else decoded apart, checked, and stored as we wrote it."""

import asyncio
import hashlib
from dataclasses import dataclass
from typing import IO

from app.core.clock import real_now
from app.core.errors import FieldError
from app.core.ids import uuid7
from app.core.logging import get_logger
from app.db.session import Scopes, TenantScope
from app.models.campaigns.assets import CampaignAsset
from app.services.audit_logs.service import AuditLog
from app.services.campaigns.assets.decoding import decoded
from app.services.campaigns.assets.errors import AssetRefused, Busy, LibraryFull
from app.services.campaigns.assets.faults import ImageFault
from app.services.campaigns.assets.images import Taken
from app.services.campaigns.assets.repository import AssetLine, AssetRepository
from app.services.campaigns.assets.rules import misnamed
from app.services.campaigns.assets.structure import sniffed

log = get_logger(__name__)

MOST_ASSETS = 2_000
_HEAD_BYTES = 512


@dataclass(frozen=True, slots=True)
class Bounds:
    """In bytes: of one image, uploaded or stored, and of all that a company has."""

    image: int
    library: int


@dataclass(frozen=True, slots=True)
class Uploaded:
    line: AssetLine
    is_new: bool
    """False where the company had the image already."""


class AssetUploads:
    """Takes a scope factory: no transaction is open while an image is decoded."""

    def __init__(self, scopes: Scopes, bounds: Bounds) -> None:
        self._scopes = scopes
        self._bounds = bounds

    async def take(self, name: str, content_type: str, file: IO[bytes]) -> Uploaded:
        """The image in the library; `AssetRefused` says what is wrong with the file."""
        try:
            found = sniffed(file.read(_HEAD_BYTES))
        except ImageFault as fault:
            raise _refused(fault.code, fault.message) from fault
        wrong = misnamed(name, content_type, found)
        if wrong is not None:
            raise _refused(wrong.code, wrong.message)
        digest = await asyncio.to_thread(_digest, file)
        async with self._scopes() as scope:
            assets, tenant_id = AssetRepository(scope), scope.tenant_id
            known = await assets.known([digest])
            if known is not None:
                return Uploaded(await assets.line(known), is_new=False)
            await self._demand_room(assets, 0)
        try:
            image = await decoded(file, self._bounds.image, tenant_id=tenant_id)
        except ImageFault as fault:
            log.info("campaigns.assets.refused", code=fault.code)
            raise _refused(fault.code, fault.message) from fault
        async with self._scopes() as scope:
            return await self._keep(scope, name, digest, image)

    async def _keep(self, scope: TenantScope, name: str, source: str, image: Taken) -> Uploaded:
        assets = AssetRepository(scope)
        await self._demand_room(assets, len(image.content))
        asset = CampaignAsset(
            id=uuid7(),
            name=name,
            tags=[],
            format=image.format,
            width=image.width,
            height=image.height,
            size_bytes=len(image.content),
            has_alpha=image.has_alpha,
            frames=image.frames,
            sha256=hashlib.sha256(image.content).hexdigest(),
            source_sha256=source,
            changes=image.changes,
            created_by=scope.actor.label,
            created_at=real_now(),
        )
        files = {"image": image.content, "thumbnail": image.thumbnail}
        if not await assets.add(asset, files):
            known = await assets.known([asset.sha256])
            if known is not None:
                return Uploaded(await assets.line(known), is_new=False)
            raise Busy(retry_after=1)  # it was deleted in the same moment
        await AuditLog(scope).record(
            "campaigns.assets.uploaded",
            entity="campaigns.assets",
            entity_id=asset.id,
            after={"name": name, "sha256": asset.sha256, "size_bytes": asset.size_bytes},
        )
        log.info("campaigns.assets.uploaded", asset_id=str(asset.id), size_bytes=asset.size_bytes)
        return Uploaded(AssetLine(asset, 0), is_new=True)

    async def _demand_room(self, assets: AssetRepository, more: int) -> None:
        count, size = await assets.size()
        if count >= MOST_ASSETS or size + more > self._bounds.library:
            raise LibraryFull


def _digest(file: IO[bytes]) -> str:
    file.seek(0)
    found = hashlib.sha256()
    while piece := file.read(1_048_576):
        found.update(piece)
    return found.hexdigest()


def _refused(code: str, message: str) -> AssetRefused:
    return AssetRefused(message, fields=[FieldError("file", message, code)])
