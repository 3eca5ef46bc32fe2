"""Where events come from, and the keys that they are sent with."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from app.api.deps import PageParams, ScopeDep, Search
from app.api.ids import SourceId
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.cdp.sources import (
    Kind,
    SourceCreate,
    SourcePatch,
    SourceRead,
    SourceSort,
    SourceWithKey,
)
from app.schemas.pages import Page
from app.services.cdp.sources.service import SourceKind, SourceService

router = APIRouter(prefix="/cdp/sources", tags=["cdp"])


async def source_service(scope: ScopeDep) -> SourceService:
    return SourceService(scope)


Sources = Annotated[SourceService, Depends(source_service)]
Reader = Annotated[Principal, requires("cdp.sources:read")]
Writer = Annotated[Principal, requires("cdp.sources:write")]


class SourceFilter(PageParams):
    sort: SourceSort = Field("created_at", description="A leading minus turns the order round.")
    q: Search = None
    kind: Kind | None = Field(None, description="Only of this kind.")
    enabled: bool | None = Field(None, description="Only what is switched on, or off.")


@router.get("")
async def list_sources(
    asked: Annotated[SourceFilter, Query()], sources: Sources, _: Reader
) -> Page[SourceRead]:
    """The sources that fit the filters, a page of them."""
    found = await sources.page(
        page=asked.page,
        limit=asked.limit,
        sort=asked.sort,
        search=asked.q,
        kind=asked.kind,
        enabled=asked.enabled,
    )
    return Page[SourceRead].of(found, [SourceRead.model_validate(each) for each in found.items])


@router.post("", status_code=201)
async def create_source(body: SourceCreate, sources: Sources, _: Writer) -> SourceWithKey:
    """Make a source; its write key is shown this once."""
    source, key = await sources.create(body.name, SourceKind(body.kind))
    return SourceWithKey(**SourceRead.model_validate(source).model_dump(), write_key=str(key))


@router.patch("/{source_id}")
async def change_source(source_id: SourceId, body: SourcePatch, sources: Sources, _: Writer) -> SourceRead:
    """Rename a source, or switch it on or off."""
    return SourceRead.model_validate(await sources.change(source_id, name=body.name, enabled=body.enabled))


@router.post("/{source_id}/rotate-key")
async def rotate_key(source_id: SourceId, sources: Sources, _: Writer) -> SourceWithKey:
    """A new write key; the old one stops within two seconds."""
    source, key = await sources.rotate_key(source_id)
    return SourceWithKey(**SourceRead.model_validate(source).model_dump(), write_key=str(key))
