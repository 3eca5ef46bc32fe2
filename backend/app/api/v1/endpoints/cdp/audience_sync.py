"""Segments that are audiences at a platform."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from app.api.deps import CursorQuery, PageParams, ScopeDep, Search
from app.api.ids import AudienceId, AudienceRunId
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.cdp.audience_sync import (
    AudienceBatches,
    AudienceBatchRead,
    AudienceCreate,
    AudienceMatch,
    AudienceOffer,
    AudienceOptions,
    AudiencePatch,
    AudienceRead,
    AudienceRunRead,
    AudienceSort,
    RemovalApproval,
    RemovalWaiting,
)
from app.schemas.pages import CursorPage, Page
from app.services.cdp.audience_sync.service import AudienceSyncService, AudienceView, Wish
from app.services.integrations.audiences.service import offers

router = APIRouter(prefix="/cdp/audience-sync", tags=["cdp"])


async def audience_sync_service(scope: ScopeDep) -> AudienceSyncService:
    return AudienceSyncService(scope)


Audiences = Annotated[AudienceSyncService, Depends(audience_sync_service)]
Reader = Annotated[Principal, requires("cdp.audience_sync:read")]
Writer = Annotated[Principal, requires("cdp.audience_sync:write")]
Approver = Annotated[Principal, requires("cdp.audience_sync:approve")]


class AudienceFilter(PageParams):
    sort: AudienceSort = Field("name", description="A leading minus turns the order round.")
    q: Search = None
    segment_id: UUID | None = Field(None, description="Only audiences of this segment.")


def _read(view: AudienceView) -> AudienceRead:
    row, waits = view.row, view.row.waiting_leaving is not None
    waiting = (
        RemovalWaiting(leaving=row.waiting_leaving or 0, of=row.waiting_of or 0, since=row.waiting_since)
        if waits
        else None
    )
    own = {name: getattr(row, name) for name in AudienceRead.model_fields if hasattr(row, name)}
    return AudienceRead.model_validate(
        {
            **own,
            "segment_name": view.segment_name,
            "account_name": view.account_name,
            "people": view.there,
            "adding": view.adding,
            "removing": view.removing,
            "waiting": waiting,
            "remote_state": row.remote_status,
            "match": AudienceMatch(matched=view.matched, of=view.match_of) if view.match_of else None,
            "last_run": AudienceRunRead.model_validate(view.last_run) if view.last_run else None,
        }
    )


@router.get("")
async def list_audiences(
    asked: Annotated[AudienceFilter, Query()], audiences: Audiences, _: Reader
) -> Page[AudienceRead]:
    """A page of them, each with what became of it last."""
    found = await audiences.page(
        page=asked.page, limit=asked.limit, sort=asked.sort, search=asked.q, segment_id=asked.segment_id
    )
    return Page[AudienceRead].of(found, [_read(each) for each in found.items])


@router.post("", status_code=201)
async def create_audience(body: AudienceCreate, audiences: Audiences, _: Writer) -> AudienceRead:
    """Make an audience of a segment; it is made at the platform and filled by a task."""
    return _read(await audiences.create(Wish(**body.model_dump())))


@router.get("/options")
async def list_options(_: Reader) -> AudienceOptions:
    """What each platform that takes audiences can find people by."""
    return AudienceOptions(
        platforms=[
            AudienceOffer.model_validate(
                {
                    "platform": platform,
                    "identifiers": list(each.identifiers),
                    "leading": list(each.leading),
                    "expires_after_days": each.expires_after.days if each.expires_after else None,
                    "replaces": each.replaces,
                    "tells_matches": each.tells_matches,
                }
            )
            for platform, each in offers().items()
        ]
    )


@router.get("/{audience_id}")
async def get_audience(audience_id: AudienceId, audiences: Audiences, _: Reader) -> AudienceRead:
    """How it stands, here and at the platform."""
    return _read(await audiences.one(audience_id))


@router.patch("/{audience_id}")
async def change_audience(
    audience_id: AudienceId, body: AudiencePatch, audiences: Audiences, _: Writer
) -> AudienceRead:
    """Another name or schedule; or no more additions. What it is made of never changes."""
    return _read(await audiences.change(audience_id, body.model_dump(exclude_unset=True)))


@router.delete("/{audience_id}", status_code=202)
async def end_audience(audience_id: AudienceId, audiences: Audiences, _: Writer) -> AudienceRead:
    """Delete it at the platform, then here."""
    await audiences.end(audience_id)
    return _read(await audiences.one(audience_id))


@router.post("/{audience_id}/sync", status_code=202)
async def sync_audience(audience_id: AudienceId, audiences: Audiences, _: Writer) -> AudienceRead:
    """Compare it now, and send what has changed; one that was switched off is switched on."""
    return _read(await audiences.sync(audience_id))


@router.post("/{audience_id}/replace", status_code=202)
async def replace_audience(audience_id: AudienceId, audiences: Audiences, _: Writer) -> AudienceRead:
    """Send everybody anew; one that is gone there is made anew.

    Whoever else is in it there leaves where the platform replaces an audience: see `/options`.
    """
    return _read(await audiences.sync(audience_id, replace=True))


@router.post("/{audience_id}/approve", status_code=202)
async def approve_removal(
    audience_id: AudienceId, body: RemovalApproval, audiences: Audiences, _: Approver
) -> AudienceRead:
    """Let so many leave as you have seen; should more leave by then, it waits again."""
    return _read(await audiences.approve(audience_id, body.leaving))


@router.get("/{audience_id}/runs")
async def list_runs(
    audience_id: AudienceId, query: CursorQuery, audiences: Audiences, _: Reader
) -> CursorPage[AudienceRunRead]:
    """The last begun first; 90 days of them."""
    found, cursor = await audiences.runs(audience_id, cursor=query.cursor, limit=query.limit)
    return CursorPage(
        items=[AudienceRunRead.model_validate(each) for each in found], next_cursor=cursor, limit=query.limit
    )


@router.get("/{audience_id}/runs/{run_id}/batches")
async def list_batches(
    audience_id: AudienceId, run_id: AudienceRunId, audiences: Audiences, _: Reader
) -> AudienceBatches:
    """Every request of a run, as it left and as it was answered."""
    found = await audiences.batches(audience_id, run_id)
    return AudienceBatches(items=[AudienceBatchRead.model_validate(each) for each in found])
