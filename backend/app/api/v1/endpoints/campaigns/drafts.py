"""Campaigns in the making: planned here, decided by two people, created at the platform through the gate."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from app.api.deps import CursorParams, ScopeDep, ScopesDep
from app.api.ids import DraftId
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.campaigns.drafts import (
    DraftApprove,
    DraftCreate,
    DraftDetail,
    DraftEdit,
    DraftRead,
    DraftReject,
    DraftStep,
    FaultRead,
    OfferRead,
    PublishStepRead,
    ValidationRead,
)
from app.schemas.pages import CursorPage
from app.services.campaigns.drafts.checking import DraftChecks
from app.services.campaigns.drafts.presenting import offers_read
from app.services.campaigns.drafts.service import Drafts, DraftStatus

router = APIRouter(prefix="/campaigns/drafts", tags=["campaigns"])

Reader = Annotated[Principal, requires("campaigns.drafts:read")]
Writer = Annotated[Principal, requires("campaigns.drafts:write")]
Approver = Annotated[Principal, requires("campaigns.drafts:approve")]
Publisher = Annotated[Principal, requires("campaigns.drafts:publish")]


async def drafts(scope: ScopeDep) -> Drafts:
    return Drafts(scope)


async def draft_checks(scopes: ScopesDep) -> DraftChecks:
    return DraftChecks(scopes)


DraftsDep = Annotated[Drafts, Depends(drafts)]
Checks = Annotated[DraftChecks, Depends(draft_checks)]


class DraftFilter(CursorParams):
    status: list[DraftStatus] = Field(
        default_factory=list, max_length=7, description="In any of these states."
    )
    ad_account_id: UUID | None = Field(None, description="Only for this ad account.")


@router.get("")
async def list_drafts(
    found: DraftsDep, asked: Annotated[DraftFilter, Query()], _: Reader
) -> CursorPage[DraftRead]:
    """Newest first."""
    rows, cursor = await found.listed(
        statuses=asked.status, ad_account_id=asked.ad_account_id, cursor=asked.cursor, limit=asked.limit
    )
    return CursorPage(
        items=[DraftRead.model_validate(row) for row in rows], next_cursor=cursor, limit=asked.limit
    )


@router.get("/offers")
async def list_offers(_: Reader) -> list[OfferRead]:
    """What each platform takes of a plan; one that is not offered yet says so."""
    return offers_read()


@router.post("", status_code=201)
async def create_draft(wanted: DraftCreate, found: DraftsDep, _: Writer) -> DraftRead:
    """Begin a plan; it may be as incomplete as it is."""
    return DraftRead.model_validate(await found.create(wanted.ad_account_id, wanted.plan))


@router.get("/{draft_id}")
async def get_draft(draft_id: DraftId, found: DraftsDep, _: Reader) -> DraftDetail:
    """The draft with its plan and the log of its publication."""
    shown = await found.shown(draft_id)
    return DraftDetail(
        **DraftRead.model_validate(shown.draft).model_dump(),
        plan=shown.plan,
        campaign_id=shown.campaign_id,
        may_approve=shown.may_approve,
        log=[PublishStepRead.model_validate(step) for step in shown.log],
    )


@router.put("/{draft_id}")
async def edit_draft(draft_id: DraftId, wanted: DraftEdit, found: DraftsDep, _: Writer) -> DraftRead:
    """Replace the plan. What was submitted or approved was another one: it is a draft again."""
    return DraftRead.model_validate(await found.edit(draft_id, wanted.version, wanted.plan))


@router.delete("/{draft_id}", status_code=204)
async def delete_draft(draft_id: DraftId, found: DraftsDep, _: Writer) -> None:
    """Only while nothing of it stands at a platform."""
    await found.delete(draft_id)


@router.get("/{draft_id}/validation")
async def validate_draft(draft_id: DraftId, checks: Checks, _: Reader) -> ValidationRead:
    """Whether the platform and the company's limits would take it now, field by field."""
    checked = await checks.check(draft_id)
    return ValidationRead(
        version=checked.version,
        valid=not checked.faults,
        faults=[FaultRead(field=each.field, code=each.code, message=each.message) for each in checked.faults],
        least_daily_micros=checked.least_daily_micros,
    )


@router.post("/{draft_id}/submit")
async def submit_draft(draft_id: DraftId, said: DraftStep, checks: Checks, _: Writer) -> DraftRead:
    """Ask for an approval of this version; refused with every field that stands in the way."""
    return DraftRead.model_validate(await checks.submit(draft_id, said.version))


@router.post("/{draft_id}/approve")
async def approve_draft(draft_id: DraftId, said: DraftApprove, found: DraftsDep, _: Approver) -> DraftRead:
    """Say yes to this version, as a person who did not submit it."""
    return DraftRead.model_validate(await found.approve(draft_id, said.version, reason=said.reason))


@router.post("/{draft_id}/reject")
async def reject_draft(draft_id: DraftId, said: DraftReject, found: DraftsDep, _: Approver) -> DraftRead:
    """Say no, and why: it may be mended and submitted again."""
    return DraftRead.model_validate(await found.reject(draft_id, said.version, reason=said.reason))


@router.post("/{draft_id}/publish", status_code=202)
async def publish_draft(draft_id: DraftId, said: DraftStep, checks: Checks, _: Publisher) -> DraftRead:
    """Have the approved version created at the platform, paused; its log tells how far it is."""
    return DraftRead.model_validate(await checks.publish(draft_id, said.version))
