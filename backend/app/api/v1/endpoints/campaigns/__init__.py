"""Campaigns, as the platforms tell of them."""

from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from app.api.deps import PageParams, ScopeDep
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.campaigns import AdSetRead, CampaignDetail, CampaignRead, CampaignSort
from app.schemas.pages import Page
from app.services.campaigns.service import CampaignLine, CampaignService, RecentFigures

router = APIRouter(prefix="/campaigns", tags=["campaigns"])


def campaign_service(scope: ScopeDep) -> CampaignService:
    return CampaignService(scope)


Campaigns = Annotated[CampaignService, Depends(campaign_service)]
Reader = Annotated[Principal, requires("campaigns:read")]


class CampaignFilter(PageParams):
    sort: CampaignSort = "name"
    q: str | None = Field(None, max_length=200, description="Part of the name.")
    status: str | None = Field(None, max_length=40, description="The effective status.")
    platform: str | None = Field(None, max_length=40)
    ad_account_id: UUID | None = None


def shown(line: CampaignLine) -> dict[str, Any]:
    """A campaign beside its figures of the last days."""
    own = CampaignRead.model_fields.keys() - RecentFigures.__dataclass_fields__.keys()
    return {name: getattr(line.campaign, name) for name in own} | asdict(line.recent)


@router.get("")
async def list_campaigns(
    campaigns: Campaigns, asked: Annotated[CampaignFilter, Query()], _: Reader
) -> Page[CampaignRead]:
    found = await campaigns.page(
        page=asked.page,
        limit=asked.limit,
        sort=asked.sort,
        search=asked.q,
        status=asked.status,
        platform=asked.platform,
        ad_account_id=asked.ad_account_id,
    )
    return Page[CampaignRead].of(found, [CampaignRead(**shown(each)) for each in found.items])


@router.get("/{campaign_id}")
async def get_campaign(campaign_id: UUID, campaigns: Campaigns, _: Reader) -> CampaignDetail:
    found = await campaigns.detail(campaign_id)
    return CampaignDetail(
        **shown(found.line), ad_sets=[AdSetRead.model_validate(each) for each in found.ad_sets]
    )
