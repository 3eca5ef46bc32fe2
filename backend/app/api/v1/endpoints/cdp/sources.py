"""Where events come from, and the keys that they are sent with."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from app.api.deps import ScopeDep
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.cdp.sources import SourceCreate, SourcePatch, SourceRead, SourceWithKey
from app.services.cdp.sources.service import SourceKind, SourceService

router = APIRouter(prefix="/cdp/sources", tags=["cdp"])


def source_service(scope: ScopeDep) -> SourceService:
    return SourceService(scope)


Sources = Annotated[SourceService, Depends(source_service)]
Reader = Annotated[Principal, requires("cdp.sources:read")]
Writer = Annotated[Principal, requires("cdp.sources:write")]


@router.get("")
async def list_sources(sources: Sources, _: Reader) -> list[SourceRead]:
    return [SourceRead.model_validate(source) for source in await sources.all()]


@router.post("", status_code=201)
async def create_source(body: SourceCreate, sources: Sources, _: Writer) -> SourceWithKey:
    source, key = await sources.create(body.name, SourceKind(body.kind))
    return SourceWithKey(**SourceRead.model_validate(source).model_dump(), write_key=str(key))


@router.patch("/{source_id}")
async def change_source(source_id: UUID, body: SourcePatch, sources: Sources, _: Writer) -> SourceRead:
    return SourceRead.model_validate(await sources.change(source_id, name=body.name, enabled=body.enabled))


@router.post("/{source_id}/rotate-key")
async def rotate_key(source_id: UUID, sources: Sources, _: Writer) -> SourceWithKey:
    """A new write key; the old one stops within two seconds."""
    source, key = await sources.rotate_key(source_id)
    return SourceWithKey(**SourceRead.model_validate(source).model_dump(), write_key=str(key))
