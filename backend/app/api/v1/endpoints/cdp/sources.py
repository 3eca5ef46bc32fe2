"""Where events come from, and the keys that they are sent with."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from app.api.deps import PageParams, ScopeDep, Search
from app.api.ids import SourceId
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.cdp.sources import (
    BucketRead,
    DriftRead,
    Kind,
    KindOfEventRead,
    PropertyRead,
    SourceCreate,
    SourcePatch,
    SourceRead,
    SourceSchemaRead,
    SourceSort,
    SourceWithKey,
    TypeRead,
    VolumeQuery,
    VolumeRead,
)
from app.schemas.pages import Page
from app.services.cdp.events.service import EventService
from app.services.cdp.schemas.service import MOST_NAMES, KindOfEvent, Schemas
from app.services.cdp.sources.service import SourceKind, SourceService

router = APIRouter(prefix="/cdp/sources", tags=["cdp"])


async def source_service(scope: ScopeDep) -> SourceService:
    return SourceService(scope)


async def schemas_service(scope: ScopeDep) -> Schemas:
    return Schemas(scope)


async def event_service(scope: ScopeDep) -> EventService:
    return EventService(scope)


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


@router.get("/{source_id}")
async def read_source(source_id: SourceId, sources: Sources, _: Reader) -> SourceRead:
    """One source."""
    return SourceRead.model_validate(await sources.one(source_id))


@router.get("/{source_id}/volume")
async def read_volume(
    source_id: SourceId,
    asked: Annotated[VolumeQuery, Query()],
    sources: Sources,
    events: Annotated[EventService, Depends(event_service)],
    _: Reader,
) -> VolumeRead:
    """What it sent, hour by hour or day by day (UTC), exactly; the last one is not over yet."""
    source = await sources.one(source_id)
    buckets = await events.volume(source.id, by=asked.by, buckets=asked.buckets, begins=source.created_at)
    return VolumeRead(
        source_id=source.id, by=asked.by, buckets=[BucketRead.model_validate(each) for each in buckets]
    )


class SchemaFilter(PageParams):
    q: Search = None
    drifting: bool = Field(False, description="Only events about which something is other than it was.")


@router.get("/{source_id}/schema")
async def read_schema(
    source_id: SourceId,
    asked: Annotated[SchemaFilter, Query()],
    schemas: Annotated[Schemas, Depends(schemas_service)],
    _: Reader,
) -> SourceSchemaRead:
    """Which events it sends and what is said with them, the last seen first."""
    found = await schemas.of_source(
        source_id, page=asked.page, limit=asked.limit, search=asked.q, drifting=asked.drifting
    )
    page = Page[KindOfEventRead].of(found.page, [_kind(each) for each in found.page.items])
    return SourceSchemaRead(
        **dict(page),
        names=found.names,
        most_names=MOST_NAMES,
        drifting=found.drifting,
        events_beyond=found.events_beyond,
    )


def _kind(kind: KindOfEvent) -> KindOfEventRead:
    row = kind.row
    properties = [
        PropertyRead(
            name=name,
            sampled_in=held["events"],
            share=held["events"] / row.sampled,
            types=[
                TypeRead(type=each, events=seen[0], first_at=seen[1], last_at=seen[2])
                for each, seen in sorted(held["types"].items(), key=lambda item: (-item[1][0], item[0]))
            ],
            examples=list(kind.examples.get(name, ())),
        )
        for name, held in sorted(row.properties.items(), key=lambda item: (-item[1]["events"], item[0]))
    ]
    return KindOfEventRead(
        event_type=row.event_type,
        event_name=row.event_name,
        events=row.events,
        first_at=row.first_at,
        last_at=row.last_at,
        days=row.days,
        sampled=row.sampled,
        properties=properties,
        properties_left_out=row.properties_left_out,
        drift=[DriftRead.model_validate(each) for each in kind.drift],
    )


@router.patch("/{source_id}")
async def change_source(source_id: SourceId, body: SourcePatch, sources: Sources, _: Writer) -> SourceRead:
    """Rename a source, or switch it on or off."""
    return SourceRead.model_validate(await sources.change(source_id, name=body.name, enabled=body.enabled))


@router.post("/{source_id}/rotate-key")
async def rotate_key(source_id: SourceId, sources: Sources, _: Writer) -> SourceWithKey:
    """A new write key; the old one stops within two seconds."""
    source, key = await sources.rotate_key(source_id)
    return SourceWithKey(**SourceRead.model_validate(source).model_dump(), write_key=str(key))
