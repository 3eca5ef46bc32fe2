"""Funnels: how many people go through steps in order, and how long it takes them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from app.api.deps import PageParams, ScopeDep, Search
from app.api.ids import FunnelId
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.cdp.funnels import (
    FunnelCompute,
    FunnelCreate,
    FunnelPatch,
    FunnelRead,
    FunnelResult,
    FunnelSort,
)
from app.schemas.pages import Page
from app.services.cdp.funnels.service import FunnelService

router = APIRouter(prefix="/cdp/funnels", tags=["cdp"])


async def funnel_service(scope: ScopeDep) -> FunnelService:
    return FunnelService(scope)


Funnels = Annotated[FunnelService, Depends(funnel_service)]
Reader = Annotated[Principal, requires("cdp.funnels:read")]
Writer = Annotated[Principal, requires("cdp.funnels:write")]


class FunnelFilter(PageParams):
    sort: FunnelSort = Field("name", description="A leading minus turns the order round.")
    q: Search = None


@router.get("")
async def list_funnels(
    asked: Annotated[FunnelFilter, Query()], funnels: Funnels, _: Reader
) -> Page[FunnelRead]:
    """The company's funnels, a page at a time."""
    found = await funnels.page(page=asked.page, limit=asked.limit, sort=asked.sort, search=asked.q)
    return Page[FunnelRead].of(found, [FunnelRead.model_validate(each) for each in found.items])


@router.post("", status_code=201)
async def create_funnel(body: FunnelCreate, funnels: Funnels, _: Writer) -> FunnelRead:
    """Save a funnel under a name of its own."""
    return FunnelRead.model_validate(await funnels.create(body.name, body.definition))


@router.post("/compute")
async def compute_funnel(body: FunnelCompute, funnels: Funnels, _: Reader) -> FunnelResult:
    """The answer to a funnel that need not be saved."""
    return FunnelResult.model_validate(await funnels.compute(body.definition))


@router.get("/{funnel_id}")
async def read_funnel(funnel_id: FunnelId, funnels: Funnels, _: Reader) -> FunnelRead:
    """What a funnel asks."""
    return FunnelRead.model_validate(await funnels.get(funnel_id))


@router.patch("/{funnel_id}")
async def change_funnel(funnel_id: FunnelId, body: FunnelPatch, funnels: Funnels, _: Writer) -> FunnelRead:
    """Change its name or what it asks; what is not named stays."""
    changed = await funnels.change(funnel_id, name=body.name, definition=body.definition)
    return FunnelRead.model_validate(changed)


@router.delete("/{funnel_id}", status_code=204)
async def remove_funnel(funnel_id: FunnelId, funnels: Funnels, _: Writer) -> None:
    """Remove it; the events that it asked about stay."""
    await funnels.remove(funnel_id)


@router.get("/{funnel_id}/result")
async def read_funnel_result(funnel_id: FunnelId, funnels: Funnels, _: Reader) -> FunnelResult:
    """The answer as of now."""
    return FunnelResult.model_validate(await funnels.compute_saved(funnel_id))
