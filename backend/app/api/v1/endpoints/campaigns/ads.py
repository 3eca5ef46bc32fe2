"""Ads, as the platforms tell of them: what they show, and what became of their review."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from app.api.deps import PageParams, ReaderDep
from app.api.ids import AdId
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.campaigns.ads import AdDetail, AdRead, AdReviewRead, AdSort, AdVerdict
from app.schemas.pages import Page
from app.schemas.text import Word
from app.services.campaigns.ads.reading import AdLine, AdReading

router = APIRouter(prefix="/campaigns/ads", tags=["campaigns"])

Reader = Annotated[Principal, requires("campaigns:read")]


async def ad_reading(reader: ReaderDep) -> AdReading:
    return AdReading(reader)


Ads = Annotated[AdReading, Depends(ad_reading)]


class AdFilter(PageParams):
    sort: AdSort = Field("name", description="A leading minus turns the order round.")
    q: Word | None = Field(None, description="Part of the name.")
    review: AdVerdict | None = Field(None, description="Only those with this verdict.")
    campaign_id: UUID | None = Field(None, description="Only of this campaign.")
    ad_account_id: UUID | None = Field(None, description="Only of this ad account.")
    gone: bool = Field(False, description="Those too that the platform no longer has.")


def _facts(line: AdLine) -> dict[str, object]:
    names = AdRead.model_fields.keys() - {"campaign_name", "ad_set_name", "platform"}
    return {
        **{name: getattr(line.ad, name) for name in names},
        "campaign_name": line.campaign_name,
        "ad_set_name": line.ad_set_name,
        "platform": line.platform,
    }


@router.get("")
async def list_ads(ads: Ads, asked: Annotated[AdFilter, Query()], _: Reader) -> Page[AdRead]:
    """The ads that fit the filters, a page of them, as last read."""
    found = await ads.page(
        page=asked.page,
        limit=asked.limit,
        sort=asked.sort,
        gone=asked.gone,
        search=asked.q,
        review=asked.review,
        campaign_id=asked.campaign_id,
        ad_account_id=asked.ad_account_id,
    )
    return Page[AdRead].of(found, [AdRead.model_validate(_facts(each)) for each in found.items])


@router.get("/{ad_id}")
async def get_ad(ad_id: AdId, ads: Ads, _: Reader) -> AdDetail:
    """One ad with every verdict on it that was seen, as last read."""
    found = await ads.detail(ad_id)
    reviews = [AdReviewRead.model_validate(each) for each in found.reviews]
    return AdDetail.model_validate({**_facts(found.line), "reviews": reviews})
