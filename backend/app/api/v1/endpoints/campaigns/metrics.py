"""A campaign's figures by the account's day."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from app.api.deps import ScopeDep
from app.api.ids import CampaignId
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.campaigns.metrics import DayRead, MetricsRead
from app.schemas.times import Day
from app.services.campaigns.metrics.service import MetricsService

router = APIRouter(prefix="/campaigns", tags=["campaigns"])


async def metrics_service(scope: ScopeDep) -> MetricsService:
    return MetricsService(scope)


Metrics = Annotated[MetricsService, Depends(metrics_service)]
Reader = Annotated[Principal, requires("campaigns:read")]


@router.get("/{campaign_id}/metrics")
async def get_metrics(
    campaign_id: CampaignId,
    metrics: Metrics,
    _: Reader,
    since: Annotated[Day | None, Query(description="The account's day; 30 days back by default.")] = None,
    until: Annotated[Day | None, Query(description="The account's day; today by default.")] = None,
) -> MetricsRead:
    """At most 400 days. Young days are immature: conversions still come in for them."""
    shown = await metrics.shown(campaign_id, since=since, until=until)
    return MetricsRead(
        days=[DayRead.model_validate(each, from_attributes=True) for each in shown.days],
        currency=shown.currency,
        timezone=shown.timezone,
    )
