"""Retention: who begins in one period, and in which later ones they come back."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from app.api.deps import AnswersDep, Fresh, PageParams, ScopeDep, ScopesDep, Search
from app.api.ids import ReportId
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.cdp.retention import (
    RetentionCompute,
    RetentionCreate,
    RetentionPatch,
    RetentionRead,
    RetentionResult,
    RetentionSort,
)
from app.schemas.pages import Page
from app.services.cdp.retention.service import RetentionAnswers, RetentionService

router = APIRouter(prefix="/cdp/retention", tags=["cdp"])


async def report_service(scope: ScopeDep) -> RetentionService:
    return RetentionService(scope)


async def report_answers(scopes: ScopesDep, answers: AnswersDep) -> RetentionAnswers:
    return RetentionAnswers(scopes, answers)


Answered = Annotated[RetentionAnswers, Depends(report_answers)]
Reports = Annotated[RetentionService, Depends(report_service)]
Reader = Annotated[Principal, requires("cdp.retention:read")]
Writer = Annotated[Principal, requires("cdp.retention:write")]


class RetentionFilter(PageParams):
    sort: RetentionSort = Field("name", description="A leading minus turns the order round.")
    q: Search = None


@router.get("")
async def list_retention_reports(
    asked: Annotated[RetentionFilter, Query()], reports: Reports, _: Reader
) -> Page[RetentionRead]:
    """The company's retention reports, a page at a time."""
    found = await reports.page(page=asked.page, limit=asked.limit, sort=asked.sort, search=asked.q)
    return Page[RetentionRead].of(found, [RetentionRead.model_validate(each) for each in found.items])


@router.post("", status_code=201)
async def create_retention_report(body: RetentionCreate, reports: Reports, _: Writer) -> RetentionRead:
    """Save a report under a name of its own."""
    return RetentionRead.model_validate(await reports.create(body.name, body.definition))


@router.post("/compute")
async def compute_retention(
    body: RetentionCompute, answered: Answered, _: Reader, *, fresh: Fresh = False
) -> RetentionResult:
    """The answer to a report that need not be saved."""
    return await answered.of(body.definition, fresh=fresh)


@router.get("/{report_id}")
async def read_retention_report(report_id: ReportId, reports: Reports, _: Reader) -> RetentionRead:
    """What a report asks."""
    return RetentionRead.model_validate(await reports.get(report_id))


@router.patch("/{report_id}")
async def change_retention_report(
    report_id: ReportId, body: RetentionPatch, reports: Reports, _: Writer
) -> RetentionRead:
    """Change its name or what it asks; what is not named stays."""
    changed = await reports.change(report_id, name=body.name, definition=body.definition)
    return RetentionRead.model_validate(changed)


@router.delete("/{report_id}", status_code=204)
async def remove_retention_report(report_id: ReportId, reports: Reports, _: Writer) -> None:
    """Remove it; the events that it asked about stay."""
    await reports.remove(report_id)


@router.get("/{report_id}/result")
async def read_retention_result(
    report_id: ReportId, answered: Answered, _: Reader, *, fresh: Fresh = False
) -> RetentionResult:
    """The answer as of half a minute ago at the most: `as_of` says when."""
    return await answered.of_saved(report_id, fresh=fresh)
