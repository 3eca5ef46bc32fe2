"""Funnels: how many people go through steps in order, and how long it takes them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from app.api.deps import AnswersDep, Fresh, PageParams, ScopeDep, ScopesDep, Search
from app.api.ids import FunnelId
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.cdp.funnels import (
    FunnelCompute,
    FunnelCreate,
    FunnelListRead,
    FunnelPatch,
    FunnelPeople,
    FunnelPeopleList,
    FunnelPeopleRead,
    FunnelRead,
    FunnelResult,
    FunnelSort,
)
from app.schemas.pages import Page
from app.services.cdp.funnels.service import FunnelAnswers, FunnelService

router = APIRouter(prefix="/cdp/funnels", tags=["cdp"])


async def funnel_service(scope: ScopeDep) -> FunnelService:
    return FunnelService(scope)


async def funnel_answers(scopes: ScopesDep, answers: AnswersDep) -> FunnelAnswers:
    return FunnelAnswers(scopes, answers)


Answered = Annotated[FunnelAnswers, Depends(funnel_answers)]
Funnels = Annotated[FunnelService, Depends(funnel_service)]
Reader = Annotated[Principal, requires("cdp.funnels:read")]
Writer = Annotated[Principal, requires("cdp.funnels:write")]
ListMaker = Annotated[Principal, requires("cdp.segments:write")]


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
async def compute_funnel(
    body: FunnelCompute, answered: Answered, _: Reader, *, fresh: Fresh = False
) -> FunnelResult:
    """The answer to a funnel that need not be saved."""
    return await answered.of(body.definition, fresh=fresh)


@router.post("/people")
async def list_funnel_people(body: FunnelPeople, answered: Answered, _: Reader) -> FunnelPeopleRead:
    """Who got to a step, or no further than the one before it: how many, and those who entered last."""
    return FunnelPeopleRead.model_validate(await answered.people(body))


@router.post("/people/segment", status_code=201)
async def list_funnel_people_as_segment(
    body: FunnelPeopleList, answered: Answered, _: ListMaker
) -> FunnelListRead:
    """A new segment of the same people, all of them: a list, which stays as it is."""
    return FunnelListRead.model_validate(await answered.list_people(body))


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
async def read_funnel_result(
    funnel_id: FunnelId, answered: Answered, _: Reader, *, fresh: Fresh = False
) -> FunnelResult:
    """The answer as of half a minute ago at the most: `as_of` says when."""
    return await answered.of_saved(funnel_id, fresh=fresh)
