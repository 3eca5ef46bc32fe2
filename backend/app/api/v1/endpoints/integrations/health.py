"""How well the platforms answer."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from app.api.deps import PageParams, ScopeDep
from app.api.ids import AccountId
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.integrations.ad_accounts import AdAccountSort
from app.schemas.integrations.connections import PlatformName
from app.schemas.integrations.health import ConnectorHealthRead, HealthHistoryRead
from app.schemas.pages import Page
from app.services.integrations.health.service import HealthService

router = APIRouter(prefix="/integrations/health", tags=["integrations"])


async def health_service(scope: ScopeDep) -> HealthService:
    return HealthService(scope)


Health = Annotated[HealthService, Depends(health_service)]
Reader = Annotated[Principal, requires("integrations.health:read")]
Days = Annotated[int, Query(ge=1, le=30, description="How many days back, today among them.")]


class AccountHealthFilter(PageParams):
    sort: AdAccountSort = Field("name", description="A leading minus turns the order round.")
    platform: PlatformName | None = Field(None, description="Only of this ad platform.")


@router.get("")
async def list_health(
    asked: Annotated[AccountHealthFilter, Query()], health: Health, _: Reader
) -> Page[ConnectorHealthRead]:
    """Of each enabled ad account: success, latency, the circuit, and how fresh its figures are."""
    found = await health.page(page=asked.page, limit=asked.limit, sort=asked.sort, platform=asked.platform)
    return Page[ConnectorHealthRead].of(
        found, [ConnectorHealthRead.model_validate(each) for each in found.items]
    )


@router.get("/{account_id}/history")
async def read_connector_history(
    account_id: AccountId, health: Health, _: Reader, days: Days = 30
) -> HealthHistoryRead:
    """How its platform answered day by day, when it last did, and how its circuit stands now."""
    return HealthHistoryRead.model_validate(await health.history(account_id, days=days))
