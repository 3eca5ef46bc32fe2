"""Campaigns, as the platforms tell of them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from app.api.deps import PageParams, ReaderDep, ScopeDep
from app.api.ids import CampaignId
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.autopilot.actions import ActionRead
from app.schemas.campaigns import AdSetRead, BudgetBody, CampaignDetail, CampaignRead, CampaignSort, PauseBody
from app.schemas.pages import Page
from app.schemas.text import Word
from app.services.autopilot.actions.requests import ActionRequests, CampaignChange
from app.services.campaigns.reading import CampaignReading

router = APIRouter(prefix="/campaigns", tags=["campaigns"])


async def campaign_reading(reader: ReaderDep) -> CampaignReading:
    return CampaignReading(reader)


Campaigns = Annotated[CampaignReading, Depends(campaign_reading)]
Reader = Annotated[Principal, requires("campaigns:read")]


Writer = Annotated[Principal, requires("campaigns:write")]


async def action_requests(scope: ScopeDep) -> ActionRequests:
    return ActionRequests(scope)


Requests = Annotated[ActionRequests, Depends(action_requests)]


class CampaignFilter(PageParams):
    sort: CampaignSort = Field("name", description="A leading minus turns the order round.")
    q: Word | None = Field(None, description="Part of the name.")
    status: Word | None = Field(None, max_length=40, description="The effective status.")
    platform: Word | None = Field(None, max_length=40, description="Only of this ad platform.")
    ad_account_id: UUID | None = Field(None, description="Only of this ad account.")
    label_id: UUID | None = Field(None, description="Only those that bear this label.")


@router.get("")
async def list_campaigns(
    campaigns: Campaigns, asked: Annotated[CampaignFilter, Query()], _: Reader
) -> Page[CampaignRead]:
    """The campaigns that fit the filters, a page of them, as last read."""
    found = await campaigns.page(
        page=asked.page,
        limit=asked.limit,
        sort=asked.sort,
        search=asked.q,
        status=asked.status,
        platform=asked.platform,
        ad_account_id=asked.ad_account_id,
        label_id=asked.label_id,
    )
    return Page[CampaignRead].of(found, [CampaignRead.model_validate(each) for each in found.items])


@router.get("/{campaign_id}")
async def get_campaign(campaign_id: CampaignId, campaigns: Campaigns, _: Reader) -> CampaignDetail:
    """One campaign with its ad sets, as last read."""
    found = await campaigns.detail(campaign_id)
    return CampaignDetail(
        **found.line._asdict(), ad_sets=[AdSetRead.model_validate(each) for each in found.ad_sets]
    )


@router.post("/{campaign_id}/pause", status_code=202)
async def pause_campaign(
    campaign_id: CampaignId, body: PauseBody, requests: Requests, _: Writer
) -> ActionRead:
    """Stop spending here: a person's pause is a safety action, which no health can hold back."""
    return ActionRead.model_validate(await requests.pause_campaign(campaign_id, reason=body.reason))


@router.post("/{campaign_id}/budget", status_code=202)
async def propose_budget(
    campaign_id: CampaignId, body: BudgetBody, requests: Requests, _: Writer
) -> ActionRead:
    """Propose a daily budget; the gate answers at once, the platform follows if it passes."""
    change = CampaignChange(
        campaign_id,
        body.reason,
        daily_budget_micros=body.daily_budget_micros,
        justified_by=tuple(body.justified_by),
        spend_only=body.spend_only,
    )
    return ActionRead.model_validate(await requests.change_campaign(change))
